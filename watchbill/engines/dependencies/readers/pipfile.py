"""Pipfile.lock, of pipenv. What comes from a repository or an address names no released version and becomes a note.

The file has no graph: the Pipfile beside it says what is direct, and nothing says what brings in the rest.
Format: pipenv's `Pipfile.lock` (pipfile-spec 6).
"""

from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import list_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, shortened
from watchbill.engines.dependencies.python_project import asked_in_pipfile
from watchbill.engines.dependencies.versions import normalise_name

INFO = ReaderInfo(
    name="pipfile", title="Pipfile.lock", files=("Pipfile.lock",), patterns=("*pipfile*.lock", "*pipfile.lock*.json"), ecosystems=("PyPI",)
)

_META = "_meta"
_GROUPS = {"default": (), "develop": ("dev",)}
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")
_ADDRESSES = ("git", "hg", "svn", "bzr", "file", "url", "uri")


def sniff(head: bytes) -> bool:
    """A JSON object with pipenv's metadata at its beginning."""
    return head.lstrip().startswith(b"{") and b'"pipfile-spec"' in head


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The distributions that the file locks. Raises RefusedError."""
    del filename
    is_blank = len(data) < limits.HEAD_BYTES and not data.strip()
    document = {} if is_blank else json_object(data)  # a file just made locks nothing yet; having 0 packages, it closes nothing either
    if document and _META not in document and "default" not in document:
        raise RefusedError("shape", "the file is JSON, but holds no packages as pipenv writes them")
    asked = asked_in_pipfile(beside)
    direct = None if asked is None else {name for names in asked.values() for name in names}
    gathered = Collector("pipfile", "PyPI")
    for category, locked in document.items():
        if category == _META:
            continue
        if not isinstance(locked, dict):
            raise RefusedError("shape", "a category of packages is no object", shortened(category, 80))
        for name, entry in locked.items():
            _add(gathered, category, name, entry, direct)
    return gathered.inventory()


def _add(gathered: Collector, category: str, name: str, entry: Any, direct: set[str] | None) -> None:  # noqa: ANN401 - a JSON value
    place = f"{category}, {name}"
    if not isinstance(entry, dict):
        gathered.note("shape", "a package is no object", place)
        return
    wanted = text_at(entry, "version")
    if wanted.startswith("=="):
        hashes = [checksum for checksum in list_at(entry, "hashes") if isinstance(checksum, str)]
        gathered.add(
            name,
            wanted.lstrip("=").strip(),
            place=place,
            direct=None if direct is None else normalise_name("PyPI", name) in direct,
            groups=_GROUPS.get(category, (category,)),
            integrity=hashes[0] if hashes else "",
        )
    elif any(text_at(entry, kind) for kind in _ADDRESSES) or text_at(entry, "path").endswith(_ARCHIVES):
        gathered.note("unsupported", "it comes from an address, not as a released version", place)
    elif not text_at(entry, "path"):  # a folder is the project's own code
        gathered.note("shape", "a package has no version", place)
