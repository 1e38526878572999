"""Ctrl-C: none is lost where Python drops exceptions, and the first one lets the last files be written."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_AGAIN_S = 0.01


@contextmanager
def heeded() -> Iterator[None]:
    """Raise once more a KeyboardInterrupt that Python dropped, for it fell into a finaliser or a callback.

    HDF5's objects have many callbacks of weak references: one in ten Ctrl-C while a file is written was lost.
    """
    before = sys.unraisablehook

    def again(dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is KeyboardInterrupt:
            threading.Timer(_AGAIN_S, _thread.interrupt_main).start()  # at once it would be dropped again
        else:
            before(dropped)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a first Ctrl-C pass while the last files are written; a second one ends the run at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL

    def pass_once(*_: object) -> None:
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, pass_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
