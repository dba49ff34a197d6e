"""package-lock.json and npm-shrinkwrap.json, lockfile versions 1 to 3.

Links and workspace folders are left out: they are the project's own code. An alias counts as the package it stands for.
Version 1 doesn't say what the project asks for itself: the package.json beside it does, and else a package that none needs is direct.
Format: npm's documentation of package-lock.json; who finds which package, Node's rule for `node_modules` folders.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.npm_manifest import asked_beside
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.reachable import Ways, asked_by_none

INFO = ReaderInfo(
    name="packagelock",
    title="package-lock.json",
    files=("package-lock.json", "npm-shrinkwrap.json", ".package-lock.json"),
    patterns=("*package-lock*.json", "*npm-shrinkwrap*.json"),
    ecosystems=("npm",),
)

_MODULES = "node_modules/"
_WANTED = {"dependencies": "", "optionalDependencies": "optional", "devDependencies": "dev", "peerDependencies": ""}
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
    del filename
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
        _read_dependencies(gathered, document, beside)
    return gathered.inventory()


class _Folders:
    """Packages by the folder they are installed in, so that names can be found as Node does."""

    def __init__(self, places: Iterable[str]) -> None:
        self._inside: dict[str, dict[str, str]] = {}
        for place in places:
            folder, found, name = place.rpartition(_MODULES)
            if found:
                self._inside.setdefault(folder.rstrip("/"), {})[name] = place

    def found_from(self, place: str, names: Iterable[str]) -> list[str]:
        """The places of those names that a package at `place` finds: inside itself, else beside it, else further out."""
        around = self._around(place)
        return [found for name in names if (found := next((inside[name] for inside in around if name in inside), ""))]

    def _around(self, place: str) -> list[dict[str, str]]:
        if len(place) > limits.MAX_PLACE_CHARS:
            return []
        around, folder = [], place
        while folder:
            around.append(self._inside.get(folder))
            folder = folder.rpartition("/")[0]
        around.append(self._inside.get(""))
        return [inside for inside in around if inside]


def _read_packages(gathered: Collector, packages: dict[str, Any]) -> None:
    """Versions 2 and 3: a flat map from the folder of each package."""
    entries = {place: entry for place, entry in packages.items() if isinstance(entry, dict)}
    folders = _Folders(entries)
    own = [place for place in entries if _MODULES not in place]
    roots: dict[str, list[str]] = {}
    for place in own:
        for kind, group in _WANTED.items():
            roots.setdefault(group, []).extend(folders.found_from(place, mapping_at(entries[place], kind)))
    ways = Ways(
        roots, lambda place: folders.found_from(place, _needed(entries[place])), lambda p: _label(p, entries[p]), complete=bool(own)
    )
    for place, entry in packages.items():
        if _MODULES not in place:
            continue
        if not isinstance(entry, dict):
            gathered.note("shape", "a package is no object", place)
        elif entry.get("link") is not True:
            _add(gathered, place, entry, ways)


def _needed(entry: dict[str, Any]) -> list[str]:
    """Names that a package makes npm install: its peers too, but for those that it can do without."""
    without = mapping_at(entry, "peerDependenciesMeta")
    peers = (name for name in mapping_at(entry, "peerDependencies") if mapping_at(without, name).get("optional") is not True)
    return [*mapping_at(entry, "dependencies"), *mapping_at(entry, "optionalDependencies"), *peers]


def _read_dependencies(gathered: Collector, document: dict[str, Any], beside: Beside) -> None:
    """Version 1: each package holds those installed inside it, and `requires` names those that it needs."""
    entries: dict[str, dict[str, Any]] = {}
    for place, entry in _nested(mapping_at(document, "dependencies")):
        if isinstance(entry, dict):
            entries[place] = entry
        else:
            gathered.note("shape", "a package is no object", place)
    folders = _Folders(entries)
    asked = asked_beside(beside)

    def needs(place: str) -> list[str]:
        return folders.found_from(place, mapping_at(entries[place], "requires"))

    if asked is not None:
        roots = {group: folders.found_from("", names) for group, names in asked.by_group.items()}
    elif document.get("requires") is True:
        roots = {"": [place for place in asked_by_none(entries, needs) if place.count(_MODULES) == 1]}
    else:  # the first npm 5 wrote down no needs at all
        roots = {}
    ways = Ways(roots, needs, lambda place: _label(place, entries[place]), complete=asked is not None)
    for place, entry in entries.items():
        _add(gathered, place, entry, ways)


def _nested(dependencies: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(place, entry) of all levels, outer ones first."""
    waiting = deque([("", dependencies)])
    while waiting:
        place, level = waiting.popleft()
        for name, entry in level.items():
            here = f"{place}{_MODULES}{name}"
            yield here, entry
            if isinstance(entry, dict) and isinstance(entry.get("dependencies"), dict):
                waiting.append((here + "/", entry["dependencies"]))


def _name_and_version(place: str, entry: dict[str, Any]) -> tuple[str, str]:
    """What is installed at a place: its own words before its folder's, and of an alias what it stands for."""
    version = text_at(entry, "version")
    if alias := _ALIAS.fullmatch(version):
        return alias[1], alias[2]
    return text_at(entry, "name") or place.rpartition(_MODULES)[2], version


def _label(place: str, entry: dict[str, Any]) -> str:
    name, version = _name_and_version(place, entry)
    return f"{name}@{version}" if version else name


def _add(gathered: Collector, place: str, entry: dict[str, Any], ways: Ways) -> None:
    """One package; what stands where a version should but is none (`file:...`, `git+ssh://...`, an archive's address) is its bound."""
    name, version = _name_and_version(place, entry)
    released = _RELEASED.match(version) is not None
    gathered.add(
        name,
        version if released else "",
        place=place,
        direct=ways.direct(place),
        groups=dict.fromkeys(group for mark, names in _GROUPS.items() if entry.get(mark) is True for group in names),
        bound="" if released else version or text_at(entry, "resolved"),
        integrity=text_at(entry, "integrity").partition(" ")[0],
        path=ways.path(place),
    )
