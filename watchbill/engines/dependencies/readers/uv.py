"""uv.lock. Workspace members and other folders of the project itself are left out: they are its own code.

Format: uv's `crates/uv-resolver/src/lock`; version 1.
"""

from collections.abc import Iterable
from typing import Any

from watchbill.engines.dependencies.formats.strict_toml import tables, toml_table
from watchbill.engines.dependencies.formats.values import mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.reachable import groups_by_need

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
    own = [package for package in packages if _is_own(package)]
    groups = _groups(packages, own)
    wanted = {name for package in own for names in _roots(package).values() for name in names}
    gathered = Collector("uv", "PyPI")
    for number, package in enumerate(packages, start=1):
        name, version = text_at(package, "name"), text_at(package, "version")
        if _is_own(package):
            continue
        if not name or not version:
            gathered.note("shape", "a package has no name or no version", f"package {number}")
            continue
        gathered.add(
            name,
            version,
            place=f"package {number}",
            direct=name in wanted if own else None,
            groups=groups.get(name, ()),
            integrity=_checksum(package),
        )
    return gathered.inventory()


def _is_own(package: dict[str, Any]) -> bool:
    source = mapping_at(package, "source")
    return any(kind in source for kind in _OWN)


def _names(dependencies: Iterable[dict[str, Any]]) -> list[str]:
    return [text_at(dependency, "name") for dependency in dependencies]


def _roots(package: dict[str, Any]) -> dict[str, list[str]]:
    """What a package of the project asks for itself: "" for running, then each development group and extra."""
    roots = {"": _names(mappings_at(package, "dependencies"))}
    for kind in ("dev-dependencies", "optional-dependencies"):
        groups = mapping_at(package, kind)
        for group in groups:
            name = "optional" if kind == "optional-dependencies" else group
            roots.setdefault(name, []).extend(_names(mappings_at(groups, group)))
    return roots


def _groups(packages: list[dict[str, Any]], own: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    needs: dict[str, list[str]] = {}
    for package in packages:
        needed = _names(mappings_at(package, "dependencies"))
        if not _is_own(package):
            extras = mapping_at(package, "optional-dependencies")
            needed += [name for extra in extras for name in _names(mappings_at(extras, extra))]
        needs.setdefault(text_at(package, "name"), []).extend(needed)
    roots: dict[str, list[str]] = {}
    for package in own:
        for group, names in _roots(package).items():
            roots.setdefault(group, []).extend(names)
    return groups_by_need(roots, lambda name: needs.get(name, ()))


def _checksum(package: dict[str, Any]) -> str:
    return text_at(mapping_at(package, "sdist"), "hash") or next((text_at(wheel, "hash") for wheel in mappings_at(package, "wheels")), "")
