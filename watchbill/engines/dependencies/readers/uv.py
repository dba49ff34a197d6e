"""uv.lock. Workspace members and other folders of the project itself are left out: they are its own code.

Format: uv's `crates/uv-resolver/src/lock`; version 1.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from watchbill.engines.dependencies.formats.strict_toml import tables, toml_table
from watchbill.engines.dependencies.formats.values import mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.reachable import Ways

INFO = ReaderInfo(name="uv", title="uv.lock", files=("uv.lock",), patterns=("*uv*.lock",), ecosystems=("PyPI",))

_OWN = ("virtual", "editable", "directory")
_SUPPORTED = 1


def sniff(head: bytes) -> bool:
    """A first version line, then what only uv writes."""
    return head.lstrip().startswith(b"version = 1") and (b"\nrequires-python = " in head or b"\nsource = { " in head)


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The distributions that the file locks. Raises RefusedError, unsupported for a version of the format to come."""
    del filename, beside
    document = toml_table(data)
    if document.get("version", _SUPPORTED) != _SUPPORTED:
        raise RefusedError("unsupported", "this version of uv.lock is not known here", "version")
    packages = tables(document, "package")
    graph = _Graph(packages)
    ways = graph.ways()
    gathered = Collector("uv", "PyPI")
    for number, package in enumerate(packages, start=1):
        name, version, node = text_at(package, "name"), text_at(package, "version"), graph.node(package)
        if _is_own(package):
            continue
        if not name or not version:
            gathered.note("shape", "a package has no name or no version", f"package {number}")
            continue
        gathered.add(
            name,
            version,
            place=f"package {number}",
            direct=ways.direct(node),
            groups=ways.groups(node),
            integrity=_checksum(package),
            path=ways.path(node),
        )
    return gathered.inventory()


class _Graph:
    """Who needs whom. A node is a name, or "name@version" where the file holds several versions of it: then needs name theirs too."""

    def __init__(self, packages: list[dict[str, Any]]) -> None:
        self._own = [package for package in packages if _is_own(package)]
        times = Counter(text_at(package, "name") for package in packages)
        self._several = {name for name, count in times.items() if count > 1}
        self._packages: dict[str, list[dict[str, Any]]] = {}
        for package in packages:
            self._packages.setdefault(self.node(package), []).append(package)

    def node(self, package: dict[str, Any]) -> str:
        """The node of a package, or of a need."""
        name = text_at(package, "name")
        return f"{name}@{text_at(package, 'version')}" if name in self._several else name

    def ways(self) -> Ways:
        """From what the workspace's members and other folders of the project ask for: "" for running, then each group and "optional"."""
        roots: dict[str, list[str]] = {"": []}
        for package in self._own:
            roots[""] += self._found(mappings_at(package, "dependencies"))
            for kind in ("dev-dependencies", "optional-dependencies"):
                groups = mapping_at(package, kind)
                for group in groups:
                    name = "optional" if kind == "optional-dependencies" else group
                    roots.setdefault(name, []).extend(self._found(mappings_at(groups, group)))
        return Ways(roots, self._needs, self._label, complete=bool(self._own))

    def _needs(self, node: str) -> list[str]:
        """What the packages of a node need, with whatever any extra of theirs brings."""
        needed: list[dict[str, Any]] = []
        for package in self._packages[node]:
            needed += mappings_at(package, "dependencies")
            if not _is_own(package):
                extras = mapping_at(package, "optional-dependencies")
                needed += [one for extra in extras for one in mappings_at(extras, extra)]
        return self._found(needed)

    def _found(self, needed: Iterable[dict[str, Any]]) -> list[str]:
        return [node for node in map(self.node, needed) if node in self._packages]

    def _label(self, node: str) -> str:
        first = self._packages[node][0]
        return f"{text_at(first, 'name')}@{text_at(first, 'version')}"


def _is_own(package: dict[str, Any]) -> bool:
    source = mapping_at(package, "source")
    return any(kind in source for kind in _OWN)


def _checksum(package: dict[str, Any]) -> str:
    return text_at(mapping_at(package, "sdist"), "hash") or next((text_at(wheel, "hash") for wheel in mappings_at(package, "wheels")), "")
