"""pylock.toml, the lockfile that all Python tools share. Packages from a folder (`directory`) are left out: the project's own code.

The pyproject.toml beside it says what is direct; without one a package that no other needs is, where the tool wrote down who needs whom.
Format: PEP 751; the packaging guide's pylock.toml specification, version 1.
"""

import re
from typing import Any

from watchbill.engines.dependencies.formats.strict_toml import tables, toml_table
from watchbill.engines.dependencies.formats.values import mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.python_graph import PythonGraph, node_of
from watchbill.engines.dependencies.python_project import asked_in_pyproject
from watchbill.engines.dependencies.reachable import Ways

INFO = ReaderInfo(
    name="pylock", title="pylock.toml", files=("pylock.toml",), patterns=("pylock.*.toml", "*pylock*.toml"), ecosystems=("PyPI",)
)

_SUPPORTED = "1"
_OR = re.compile(r"\bor\b")
_WANTED_BY = re.compile(r"""(?:"([^"]*)"|'([^']*)')\s{1,8}in\s{1,8}(dependency_groups|extras)\b""")
_MOST_MARKER_CHARS = 4_096


def sniff(head: bytes) -> bool:
    """A line with the format's version, and one with the tool that wrote it."""
    lines = (b"\n" + head.lstrip()).replace(b" ", b"")
    return b"\nlock-version=" in lines and b"\ncreated-by=" in lines


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The distributions that the file locks. Raises RefusedError, unsupported for a version of the format to come."""
    del filename
    document = toml_table(data)
    if document and text_at(document, "lock-version").partition(".")[0] != _SUPPORTED:
        raise RefusedError("unsupported", "this version of pylock.toml is not known here", "lock-version")
    packages = tables(document, "packages")
    ways = _ways(packages, beside)
    gathered = Collector("pylock", "PyPI")
    for number, package in enumerate(packages, start=1):
        if not _is_own(package):
            _add(gathered, package, f"package {number}", ways)
    return gathered.inventory()


def _ways(packages: list[dict[str, Any]], beside: Beside) -> Ways:
    """Where no package names what it needs, nothing can be told from that but through the project itself."""
    graph = PythonGraph(packages, lambda package: map(node_of, mappings_at(package, "dependencies")), _is_own)
    asked = asked_in_pyproject(beside)
    if asked is None and not any("dependencies" in package for package in packages):
        return Ways({}, graph.needs, complete=False)  # it may, but need not
    return graph.ways(asked)


def _is_own(package: dict[str, Any]) -> bool:
    return "directory" in package


def _add(gathered: Collector, package: dict[str, Any], place: str, ways: Ways) -> None:
    name, version, node = text_at(package, "name"), text_at(package, "version"), node_of(package)
    if not name:
        gathered.note("shape", "a package has no name", place)
        return
    gathered.add(
        name,
        version,
        place=place,
        direct=ways.direct(node),
        groups=_groups(text_at(package, "marker")) or ways.groups(node),
        bound="" if version else _origin(package),
        integrity=_checksum(package),
        path=ways.path(node),
    )


def _origin(package: dict[str, Any]) -> str:
    """Where a package that names no version comes from: a repository with its commit, or an archive."""
    vcs, archive = mapping_at(package, "vcs"), mapping_at(package, "archive")
    address = text_at(vcs, "url") or text_at(vcs, "path")
    return f"{address}@{text_at(vcs, 'commit-id')}" if vcs else text_at(archive, "url") or text_at(archive, "path")


def _groups(marker: str) -> tuple[str, ...]:
    """The groups and extras that a package is there for, if its marker names one in each of its alternatives."""
    if len(marker) > _MOST_MARKER_CHARS:
        return ()
    found: dict[str, None] = {}
    for alternative in _OR.split(marker):
        named = _WANTED_BY.search(alternative)
        if named is None:
            return ()
        found["optional" if named[3] == "extras" else named[1] or named[2] or ""] = None
    return tuple(sorted(found))


def _checksum(package: dict[str, Any]) -> str:
    """One checksum: of the archive or source, or else of the first wheel."""
    files = (mapping_at(package, "archive"), mapping_at(package, "sdist"), *mappings_at(package, "wheels")[:1])
    hashes = next((found for file in files if (found := mapping_at(file, "hashes"))), {})
    return next((f"{algorithm}:{value}" for algorithm, value in hashes.items() if isinstance(value, str)), "")
