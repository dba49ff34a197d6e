"""composer.lock: the packages that Composer locks, `packages-dev` in the group "dev".

Packages of a folder (`path` repositories) are left out: they are the project's own code. Which packages were asked for directly stands
in the composer.json beside it; without that nothing is said about it. Format: Composer's `src/Composer/Package/Locker.php`.
"""

from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.reachable import shortest_paths

INFO = ReaderInfo(
    name="composer", title="composer.lock", files=("composer.lock",), patterns=("*composer*.lock",), ecosystems=("Packagist",)
)

_LISTS = (("packages", ""), ("packages-dev", "dev"))
_MANIFEST = "composer.json"


def sniff(head: bytes) -> bool:
    """A JSON object with Composer's hash of what was asked for, or its list of packages for development, near its beginning."""
    return head.lstrip().startswith(b"{") and (b'"content-hash"' in head or b'"packages-dev"' in head or b'"minimum-stability"' in head)


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError."""
    del filename
    document = json_object(data)
    for key, _ in _LISTS:
        if not isinstance(document.get(key), list | None):
            raise RefusedError("shape", f"`{key}` is no list", key)
    if "packages" not in document and "packages-dev" not in document:
        raise RefusedError("shape", "the file is JSON, but holds no packages as Composer writes them")
    gathered = Collector("composer", "Packagist")
    entries = list(_entries(document, gathered))
    asked = _asked(beside, gathered)
    paths = _paths(entries, asked or {})
    for place, group, entry in entries:
        name = text_at(entry, "name").lower()
        if text_at(mapping_at(entry, "dist"), "type") == "path":
            continue
        shasum = text_at(mapping_at(entry, "dist"), "shasum")
        gathered.add(
            text_at(entry, "name"),
            text_at(entry, "version"),
            place=place,
            direct=None if asked is None else paths.get(name) == (),
            groups=(group,) if group else (),
            integrity=f"sha1:{shasum}" if shasum else "",
            path=paths.get(name, ()),
        )
    return gathered.inventory()


def _entries(document: dict[str, Any], gathered: Collector) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(place, group, package) of both lists."""
    for key, group in _LISTS:
        for number, entry in enumerate(document.get(key) or []):
            place = f"{key}[{number}]"
            if isinstance(entry, dict):
                yield place, group, entry
            else:
                gathered.note("shape", "a package is no object", place)


def _asked(beside: Beside, gathered: Collector) -> dict[str, None] | None:
    """The names that the composer.json beside the file asks for, None where there is none that can be read."""
    data = beside(_MANIFEST)
    if data is None:
        return None
    try:
        manifest = json_object(data)
    except RefusedError as refusal:
        gathered.note(refusal.unreadable.code, f"the {_MANIFEST} beside it: {refusal.unreadable.reason}", refusal.unreadable.where)
        return None
    return dict.fromkeys(name.lower() for key in ("require", "require-dev") for name in mapping_at(manifest, key))


def _paths(entries: list[tuple[str, str, dict[str, Any]]], asked: dict[str, None]) -> dict[str, tuple[str, ...]]:
    """The way to each package from those asked for, () for these. A name that others provide or replace stands for them."""
    by_name = {text_at(entry, "name").lower(): entry for _, _, entry in entries}
    standing_in: dict[str, list[str]] = {}
    for name, entry in by_name.items():
        for other in (*mapping_at(entry, "provide"), *mapping_at(entry, "replace")):
            others = standing_in.setdefault(other.lower(), [])
            if len(others) < limits.MAX_STAND_INS:
                others.append(name)

    def packages(wanted: str) -> list[str]:
        return [wanted] if wanted in by_name else standing_in.get(wanted, [])

    def needs(name: str) -> Iterator[str]:
        for wanted in mapping_at(by_name[name], "require"):
            yield from packages(wanted.lower())

    roots = [name for wanted in asked for name in packages(wanted)]
    return shortest_paths(roots, needs, lambda name: f"{name}@{text_at(by_name[name], 'version')}")
