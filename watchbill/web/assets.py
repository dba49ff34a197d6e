"""The static files of our pages: read once, named by what is in them, compressed once, served for a year.

A file's address carries the first digits of its SHA-256, so a changed file has a changed address and nothing stale is ever shown. It
serves only what lies in this folder and has a listed ending; no path from a request ever touches the file system.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.cache import patch_vary_headers

FOLDER = Path(__file__).parent / "static"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

# What comes from elsewhere, unchanged: file -> (package, version, licence, SHA-256). A test checks the bytes against this list.
VENDORED = {
    "htmx.js": ("htmx.org (npm), dist/htmx.min.js", "2.0.11", "0BSD", "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"),
}


@dataclass(frozen=True)
class Asset:
    """One file: its bytes plain and compressed, its type, and the digits of its address."""

    data: bytes
    packed: bytes
    kind: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    """Every static file by name."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in KINDS:
            data = path.read_bytes()
            found[path.name] = Asset(data, gzip.compress(data, 9, mtime=0), KINDS[path.suffix], hashlib.sha256(data).hexdigest()[:12])
    return found


def address(name: str) -> str:
    """The address of a static file, with the digits of its content. A name that isn't there is our own mistake: KeyError."""
    return f"/static/{name}?v={assets()[name].version}"


def serve(request: HttpRequest, name: str) -> HttpResponse:
    """GET /static/<name>: for a year when the digits are today's, for a minute otherwise."""
    asset = assets().get(name)
    if asset is None:
        return HttpResponseNotFound("No such file.\n", content_type="text/plain; charset=utf-8")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(asset.packed if packed else asset.data, content_type=asset.kind)
    if packed:
        answer["Content-Encoding"] = "gzip"
    current = request.GET.get("v") == asset.version
    answer["Cache-Control"] = "public, max-age=31536000, immutable" if current else "public, max-age=60"
    patch_vary_headers(answer, ("Accept-Encoding",))
    return answer
