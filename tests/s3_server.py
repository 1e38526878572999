"""A store on this machine that answers as S3 does: versions, ranges, signatures, refusals in XML."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

USER, SECRET = "AKIAUSER", "the right secret"
STRANGER = "AKIASTRANGER"
OUTDATED = "a token of yesterday"
BEARERS = {USER: SECRET, STRANGER: SECRET}
LATEST = "null"
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/s3/aws4_request,"
    r" SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>\w+)"
)


@dataclass
class Store:
    """What it holds: (bucket, key, version) to content; what is not in `open` only USER may read.

    `asked` notes each request: path with query, who asks (None: anybody), Range header.
    `answers` are refusals to give whatever is asked: (status, code).
    """

    port: int = 0
    objects: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    answers: list[tuple[int, str]] = field(default_factory=list)
    breaks_after: list[int] = field(default_factory=list)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, bucket: str, key: str, content: bytes, version: str = LATEST) -> dict[str, str]:
        """Keep an object; the file that a spec would name."""
        self.objects[bucket, key, version] = content
        url = f"{self.endpoint}/{bucket}/{key}?versionId={version}"
        return {"url": url, "sha1": hashlib.sha1(content).hexdigest()}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        store: Store = self.server.store
        bearer = _HEADER.fullmatch(self.headers.get("Authorization", ""))
        store.asked.append((self.path, bearer and bearer["key"], self.headers.get("Range")))
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path.lstrip("/")).partition("/")
        refusal = (store.answers.pop(0) if store.answers else None) or self._refusal(bucket, bearer)
        if refusal:
            return self._refuse(*refusal)
        version = parse_qs(parts.query).get("versionId", [LATEST])[0]
        if (bucket, key, version) not in store.objects:
            there = any(known[:2] == (bucket, key) for known in store.objects)
            return self._refuse(404, "NoSuchVersion" if there else "NoSuchKey")
        return self._give(store.objects[bucket, key, version])

    def _refusal(self, bucket: str, bearer: re.Match[str] | None) -> tuple[int, str] | None:
        if bearer is None:
            return None if bucket in self.server.store.open else (403, "AccessDenied")
        if self.headers.get("X-Amz-Security-Token") == OUTDATED:
            return 400, "ExpiredToken"
        if bearer["key"] not in BEARERS:
            return 403, "InvalidAccessKeyId"
        if not self._is_signed(bearer):
            return 403, "SignatureDoesNotMatch"
        return None if bearer["key"] == USER or bucket in self.server.store.open else (403, "AccessDenied")

    def _is_signed(self, bearer: re.Match[str]) -> bool:
        signed = {name: self.headers[name] for name in bearer["signed"].split(";")}
        request = AWSRequest("GET", f"http://{self.headers['Host']}{self.path}", signed)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = S3SigV4Auth(Credentials(bearer["key"], BEARERS[bearer["key"]]), "s3", bearer["region"])
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return signer.signature(text, request) == bearer["signature"]

    def _give(self, content: bytes) -> None:
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        if start and start >= len(content):
            return self._refuse(416, "InvalidRange")
        rest, breaks = content[start:], self.server.store.breaks_after
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: breaks.pop(0)] if breaks else rest)
        return None

    def _refuse(self, status: int, code: str) -> None:
        error = f"<Error><Code>{code}</Code><Message>no\nno</Message></Error>"
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Store]:
    """A store that serves until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.store, http.daemon_threads = Store(http.server_port), True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield http.store
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
