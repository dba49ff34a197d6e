"""The yarn.lock that yarn 2 and later write: YAML, with a `__metadata` entry and one entry for each package.

What is linked in place (`workspace:`, `link:`, `portal:`) is left out: the project's own code. A `patch:` is the package it changes, an
alias the one it stands for. The workspaces' entries say what is direct; which of it is for developing only their package.json says.
Format: yarn's `Project.ts` (`setupResolutions`, `generateLockfile`) and `structUtils.ts`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.strict_yaml import yaml_documents
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.npm_manifest import FILE, asked_beside
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, RefusedError
from watchbill.engines.dependencies.reachable import Ways

_METADATA = "__metadata"
_KNOWN_VERSION = re.compile(r"[1-9](?:\.[0-9]{1,3})*")
_IN_PLACE = ("workspace:", "link:", "portal:")


@dataclass(frozen=True)
class _Entry:
    """One package: `key` is how the file lists it, `wanted` what follows the name in its resolution, such as `npm:1.0.0`."""

    key: str
    name: str
    wanted: str
    fields: dict[str, Any]

    @property
    def in_place(self) -> bool:
        return self.wanted.startswith(_IN_PLACE) or text_at(self.fields, "linkType") == "soft"

    @property
    def version(self) -> str:
        return text_at(self.fields, "version")


def read_berry(data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError."""
    document = _document(data)
    gathered = Collector("yarn", "npm")
    entries: list[_Entry] = []
    for key, fields in document.items():
        entry = _entry(key, fields)
        if entry is not None:
            entries.append(entry)
        elif key != _METADATA:
            gathered.note("shape", "a package has no name or no version", key)
    graph = _Graph(entries)
    workspaces = [entry for entry in entries if entry.wanted.startswith("workspace:")]
    ways = Ways(_roots(workspaces, graph, beside), graph.needs, graph.label, complete=bool(workspaces))
    for entry in entries:
        if not entry.in_place:
            _add(gathered, entry, ways)
    return gathered.inventory()


def _document(data: bytes) -> dict[str, Any]:
    documents = yaml_documents(data)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise RefusedError("shape", "the file is no mapping of packages as yarn writes them")
    document: dict[str, Any] = documents[0]
    if not _KNOWN_VERSION.fullmatch(text_at(mapping_at(document, _METADATA), "version")):
        raise RefusedError("unsupported", "this version of yarn.lock is not known here", _METADATA)
    if sum(key.count(",") + 1 for key in document) > limits.MAX_SPECIFIERS:
        raise RefusedError("too_large", f"the file lists packages under more than {limits.MAX_SPECIFIERS:,} words")
    return document


def _entry(key: str, fields: Any) -> _Entry | None:  # noqa: ANN401 - a YAML value
    if not isinstance(fields, dict) or not text_at(fields, "version"):
        return None
    name, wanted = _resolved(text_at(fields, "resolution") or _specs(key)[0])
    return _Entry(key, name, wanted, fields) if name and wanted else None


def _specs(key: str) -> list[str]:
    return [spec.strip() for spec in key.split(",")]


def _resolved(locator: str) -> tuple[str, str]:
    """`@scope/name@npm:1.0.0` -> its parts; of an alias, `alias@npm:real@1.0.0`, those of the package it stands for."""
    name, wanted = _parts(locator)
    is_alias = wanted.startswith("npm:") and wanted.find("@", 5) > 0
    return _parts(wanted[4:]) if is_alias else (name, wanted)


def _parts(locator: str) -> tuple[str, str]:
    at = locator.find("@", 1)
    return (locator[:at], locator[at + 1 :]) if at > 0 else ("", "")


class _Graph:
    """Who needs whom, by key. A need is listed under the same words, or with `npm:` before them, as older files leave that out;
    where the project forces another version, so that neither is there, the only package of the name is the one."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._listed = {spec: entry.key for entry in entries for spec in _specs(entry.key)}

    def needs(self, key: str) -> list[str]:
        return self.found(mapping_at(self._entries[key].fields, "dependencies"))

    def found(self, asked: dict[str, Any]) -> list[str]:
        """The keys of what is asked for by name and range."""
        keys = (self._found(name, wanted) for name, wanted in asked.items() if isinstance(wanted, str))
        return [key for key in keys if key]

    def label(self, key: str) -> str:
        entry = self._entries[key]
        return f"{entry.name}@{entry.version}"

    def _found(self, name: str, wanted: str) -> str:
        exact = self._listed.get(f"{name}@{wanted}") or self._listed.get(f"{name}@npm:{wanted}")
        return exact or self._only.get(name, "")

    @cached_property
    def _only(self) -> dict[str, str]:
        by_name: dict[str, set[str]] = {}
        for spec, key in self._listed.items():
            by_name.setdefault(spec[: spec.find("@", 1)], set()).add(key)
        return {name: next(iter(keys)) for name, keys in by_name.items() if len(keys) == 1}


def _roots(workspaces: Iterable[_Entry], graph: _Graph, beside: Beside) -> dict[str, list[str]]:
    """What the workspaces ask for, by group; all of it counts as production where no package.json tells."""
    roots: dict[str, list[str]] = {"": [], "optional": [], "dev": []}
    for number, workspace in enumerate(workspaces):
        folder = workspace.wanted.removeprefix("workspace:")
        path = FILE if folder == "." else f"{folder}/{FILE}"
        told = asked_beside(beside, path) if number < limits.MAX_INCLUDED_FILES else None
        for name, wanted in mapping_at(workspace.fields, "dependencies").items():
            group = next((group for group, named in told.by_group.items() if name in named), "") if told else ""
            roots[group].extend(graph.found({name: wanted}))
    return roots


def _add(gathered: Collector, entry: _Entry, ways: Ways) -> None:
    gathered.add(
        entry.name,
        entry.version,
        place=entry.key,
        direct=ways.direct(entry.key),
        groups=ways.groups(entry.key),
        integrity=text_at(entry.fields, "checksum"),
        path=ways.path(entry.key),
    )
