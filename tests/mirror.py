"""A real HTTP server on loopback that stands for a mirror, and misbehaves as told: it cuts connections, ignores ranges, changes versions
midway, drips, lies about lengths and sends people elsewhere."""

import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Document:
    """One document the mirror has. `etag` "" for none."""

    data: bytes
    etag: str = '"1"'
    modified: str = ""


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]


@dataclass
class Mirror:
    """Documents by path, and what goes wrong: each of `cuts` hangs up one answer after so many bytes of its body."""

    documents: dict[str, Document] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    if_range: bool = True
    length: str = "right"  # right, none, chunked, short
    status: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0
    packed: bool = False
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        mirror = self

        class Handler(_Handler):
            place = mirror

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def put(self, path: str, data: bytes, etag: str = '"1"', modified: str = "") -> None:
        self.documents[path] = Document(data, etag, modified)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    place: Mirror
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        place = self.place
        place.asked.append(Asked(self.path, dict(self.headers)))
        document = place.documents.get(self.path)
        if self.path in place.moved:
            self._bare(302, {"Location": place.moved[self.path]})
        elif self.path in place.status or document is None:
            self._bare(place.status.get(self.path, 404), {})
        elif self._is_known(document):
            self._bare(304, {"ETag": document.etag})
        else:
            self._send(document)
        self.close_connection = True

    def _is_known(self, document: Document) -> bool:
        if document.etag and self.headers.get("If-None-Match") == document.etag:
            return True
        return bool(document.modified) and self.headers.get("If-Modified-Since") == document.modified

    def _bare(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, document: Document) -> None:
        place, data, start = self.place, document.data, 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (document.etag, document.modified) or not place.if_range
        if wanted and place.ranges and same:
            start = int(wanted[1])
            if start >= len(data):
                self._bare(416, {"Content-Range": f"bytes */{len(data)}"})
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        for name, value in (("ETag", document.etag), ("Last-Modified", document.modified), ("Content-Encoding", "gzip" * place.packed)):
            if value:
                self.send_header(name, value)
        self._body(data[start:])

    def _body(self, data: bytes) -> None:
        place = self.place
        if place.length == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif place.length != "none":
            self.send_header("Content-Length", str(len(data) - (3 if place.length == "short" else 0)))
        self.end_headers()
        cut = place.cuts.pop(0) if place.cuts else len(data)
        try:
            for at in range(0, cut, 1 if place.drip_seconds else 65_536):
                piece = data[at : min(cut, at + (1 if place.drip_seconds else 65_536))]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if place.length == "chunked" else piece)
                self.wfile.flush()
                time.sleep(place.drip_seconds)
            if place.length == "chunked" and cut >= len(data):
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass  # the client hung up, as it may
