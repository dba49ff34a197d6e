"""package-lock.json and npm-shrinkwrap.json, lockfile versions 1 to 3.

Links and workspace folders are left out: they are the project's own code. An alias counts as the package it stands for.
Format: npm's documentation of package-lock.json.
"""

import re
from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError

INFO = ReaderInfo(
    name="packagelock",
    title="package-lock.json",
    files=("package-lock.json", "npm-shrinkwrap.json", ".package-lock.json"),
    patterns=("*package-lock*.json", "*npm-shrinkwrap*.json"),
    ecosystems=("npm",),
)

_MODULES = "node_modules/"
_WANTED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_RELEASED = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]")
_ALIAS = re.compile(r"npm:(@?[^@]+)@(.+)")
_GROUPS = {
    "inBundle": ("bundled",),
    "bundled": ("bundled",),
    "dev": ("dev",),
    "devOptional": ("dev", "optional"),
    "optional": ("optional",),
}


def sniff(head: bytes) -> bool:
    """A JSON object with npm's version of the format near its beginning."""
    return head.lstrip().startswith(b"{") and b'"lockfileVersion"' in head


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError."""
    del filename, beside
    document = json_object(data)
    for key in ("packages", "dependencies"):
        if not isinstance(document.get(key, {}), dict):
            raise RefusedError("shape", f"`{key}` is no object", key)
    if "packages" not in document and "dependencies" not in document and "lockfileVersion" not in document:
        raise RefusedError("shape", "the file is JSON, but holds no packages as npm writes them")
    gathered = Collector("packagelock", "npm")
    if document.get("packages"):
        _read_packages(gathered, document["packages"])
    else:
        _read_dependencies(gathered, mapping_at(document, "dependencies"))
    return gathered.inventory()


def _read_packages(gathered: Collector, packages: dict[str, Any]) -> None:
    """Versions 2 and 3: a flat map from the folder of each package."""
    wanted = _wanted(packages)
    for place, entry in packages.items():
        folder, found, name = place.rpartition(_MODULES)
        if not found:
            continue
        if not isinstance(entry, dict):
            gathered.note("shape", "a package is no object", place)
        elif entry.get("link") is not True:
            _add(gathered, text_at(entry, "name") or name, entry, place, direct=(folder.rstrip("/"), name) in wanted)


def _wanted(packages: dict[str, Any]) -> set[tuple[str, str]]:
    """(folder, name) where what the project and its workspaces ask for themselves may stand: beside them or hoisted to the top."""
    found: set[tuple[str, str]] = set()
    for place, entry in packages.items():
        if _MODULES not in place and isinstance(entry, dict):
            for kind in _WANTED:
                found.update((folder, name) for name in mapping_at(entry, kind) for folder in (place, ""))
    return found


def _read_dependencies(gathered: Collector, dependencies: dict[str, Any]) -> None:
    """Version 1: each package holds those installed inside it."""
    for place, name, entry in _nested(dependencies):
        if not isinstance(entry, dict):
            gathered.note("shape", "a package is no object", place)
            continue
        version = text_at(entry, "version")
        if alias := _ALIAS.fullmatch(version):
            _add(gathered, alias[1], {**entry, "version": alias[2]}, place, direct=None)
        else:
            _add(gathered, name, entry, place, direct=None)


def _nested(dependencies: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(place, name, entry) of all levels, outer ones first."""
    waiting = [("", dependencies)]
    while waiting:
        place, level = waiting.pop(0)
        for name, entry in level.items():
            here = f"{place}{_MODULES}{name}"
            yield here, name, entry
            if isinstance(entry, dict) and isinstance(entry.get("dependencies"), dict):
                waiting.append((here + "/", entry["dependencies"]))


def _add(gathered: Collector, name: str, entry: dict[str, Any], place: str, *, direct: bool | None) -> None:
    """One package; what stands where a version should but is none (`file:...`, `git+ssh://...`, an archive's address) is its bound."""
    version = text_at(entry, "version")
    groups = dict.fromkeys(group for mark, names in _GROUPS.items() if entry.get(mark) is True for group in names)
    released = _RELEASED.match(version) is not None
    bound = "" if released else version or text_at(entry, "resolved")
    integrity = text_at(entry, "integrity").partition(" ")[0]
    gathered.add(name, version if released else "", place=place, direct=direct, groups=groups, bound=bound, integrity=integrity)
