"""A web server on this machine that behaves, or misbehaves, as a test asks."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.specs.base import File

CONTENT = np.random.default_rng(0).bytes(300_000)


@dataclass
class Server:
    """What it serves, how, and what it was asked: (path, Range header)."""

    port: int = 0
    content: bytes = CONTENT
    ranges: bool = True
    status: int = 0
    breaks_after: int | None = None
    breaks: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def url(self, name: str = "data.bin") -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def file(self, name: str = "data.bin", **other) -> File:
        return File(**{"url": self.url(name), "sha256": hashlib.sha256(CONTENT).hexdigest(), **other})


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server: Server = self.server.settings
        wanted = self.headers.get("Range")
        server.asked.append((self.path, wanted))
        if server.status:
            return self.send_error(server.status)
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        if start >= len(server.content):
            return self.send_error(416)
        rest = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if server.breaks > 0:
            server.breaks -= 1
            rest = rest[: server.breaks_after]
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    settings = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.settings, http.daemon_threads = settings, True
    settings.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield settings
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def fetcher(tmp_path: Path) -> Fetcher:
    return Fetcher(tmp_path / "cache")


@pytest.fixture
def make_images(tmp_path: Path):
    """Write n small images image1.png ... in which every pixel is the image's number."""

    def make(n: int, folder: Path | None = None) -> Path:
        folder = folder or tmp_path / "images"
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(1, n + 1):
            Image.fromarray(np.full((4, 4, 3), i, np.uint8)).save(folder / f"image{i}.png")
        return folder

    return make
