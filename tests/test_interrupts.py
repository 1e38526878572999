"""Ctrl-C: while the last files are written, and where Python would drop it."""

from __future__ import annotations

import os
import signal
import sys
import time
import weakref

import pytest

from pytest_brainscore.harness.interrupts import heeded, uninterrupted

NAPS = 1000


class Referred:
    """Something that a weak reference can refer to."""


@pytest.fixture(autouse=True)
def _raised():
    """Ctrl-C raises, also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def dropped():
    """Ctrl-C falls into the callback of a weak reference, where Python drops what is raised."""
    referred = Referred()
    reference = weakref.ref(referred, interrupt)
    del referred
    return reference


def test_the_first_interrupt_waits_for_the_last_files_and_the_second_does_not():
    with uninterrupted():
        interrupt()
        written = True
    assert written
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()


def interrupted_twice():
    with uninterrupted():
        interrupt()
        interrupt()


def test_an_interrupt_that_falls_into_a_callback_is_raised_all_the_same():
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), heeded():
        nap_on(dropped())
    assert sys.unraisablehook is hook


def nap_on(_: object) -> None:
    for _ in range(NAPS):
        time.sleep(0.01)


def test_what_else_python_drops_goes_where_it_went(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    with heeded():
        referred = Referred()
        reference = weakref.ref(referred, lambda _: 1 / 0)
        del referred
    assert reference() is None
    assert [one.exc_type for one in seen] == [ZeroDivisionError]
