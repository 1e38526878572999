"""A server of files that is slow, breaks off, or sends something else, as the path asks."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CHUNK = 1 << 15
_PAUSE_S = 0.002


class _Handler(BaseHTTPRequestHandler):
    """`/<manner>/<name>`, with a manner of plain, slow, broken, wrong, short, error, unranged."""

    folder: Path
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        manner, _, name = self.path.strip("/").partition("/")
        path = self.folder / name
        if manner == "error" or not path.is_file():
            self.send_error(503 if manner == "error" else 404)
            return
        whole = path.read_bytes()
        if manner == "wrong":
            whole = whole[:-1] + bytes([whole[-1] ^ 1])
        whole = whole[: len(whole) // 2] if manner == "short" else whole
        start = 0 if manner == "unranged" else self._start()
        self._head(start, len(whole))
        self._body(whole[start:], manner)

    def _start(self) -> int:
        found = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    def _head(self, start: int, length: int) -> None:
        beyond = start >= length > 0 and start > 0
        self.send_response(416 if beyond else 206 if start else 200)
        self.send_header("Content-Length", str(max(length - start, 0)))
        self.end_headers()

    def _body(self, content: bytes, manner: str) -> None:
        if manner == "broken":
            content = content[: len(content) // 2]
        for i in range(0, len(content), _CHUNK):
            self.wfile.write(content[i : i + _CHUNK])
            if manner == "slow":
                self.wfile.flush()
                time.sleep(_PAUSE_S)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder from a process of its own; its address."""
    handler = type("Handler", (_Handler,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        try:
            server.serve_forever()
        finally:
            os._exit(0)
    server.socket.close()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
