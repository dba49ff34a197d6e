"""pnpm-lock.yaml, lockfile versions 5 to 9. Packages from folders (`link:`, `type: directory`) are left out: the project's own code.

A key that names no package refuses the whole file: the format is then not the one read here, and the rest could be misread.
Format: pnpm's `lockfile` packages and the `dep-path` rules of each version.
"""

import re
from collections.abc import Iterable
from typing import Any

from watchbill.engines.dependencies.formats.strict_yaml import yaml_documents
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, shortened
from watchbill.engines.dependencies.reachable import groups_by_need

INFO = ReaderInfo(
    name="pnpm", title="pnpm-lock.yaml", files=("pnpm-lock.yaml",), patterns=("*pnpm-lock*.yaml", "*pnpm-lock*.yml"), ecosystems=("npm",)
)

_SCHEMES = {5: "slash", 6: "at", 7: "at", 8: "at", 9: "plain"}
_RELEASED = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[^/:]*")
_OTHER_REGISTRY = re.compile(r"(?:[^/@:]+\.)+[^/@:]+(?::[0-9]+)?/")
_ROOT_GROUPS = {"dependencies": "", "devDependencies": "dev", "optionalDependencies": "optional"}
_NEEDS = ("dependencies", "optionalDependencies")


def sniff(head: bytes) -> bool:
    """A line with the lockfile's version, as YAML."""
    return head.startswith(b"lockfileVersion:") or b"\nlockfileVersion:" in head


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError."""
    del filename, beside
    gathered = Collector("pnpm", "npm")
    for document in yaml_documents(data):
        if document is not None and not isinstance(document, dict):
            raise RefusedError("shape", "the file is YAML, but no mapping")
        if document:
            _read_document(gathered, document)
    return gathered.inventory()


def _read_document(gathered: Collector, document: dict[str, Any]) -> None:
    scheme = _scheme(document)
    packages = document.get("packages") or {}
    if not isinstance(packages, dict):
        raise RefusedError("shape", "`packages` is no mapping", "packages")
    snapshots = mapping_at(document, "snapshots") if scheme == "plain" else packages
    roots = _roots(document, snapshots)
    direct = {key.partition("(")[0] for keys in roots.values() for key in keys}
    groups = _needed_groups(roots, snapshots) if scheme == "plain" else {}
    for key, entry in packages.items():
        if not isinstance(entry, dict):
            raise RefusedError("shape", "a package is no mapping", shortened(key, 200))
        if text_at(mapping_at(entry, "resolution"), "type") == "directory":
            continue
        name, version = _name_and_version(scheme, key, entry)
        released = _RELEASED.fullmatch(version) is not None
        gathered.add(
            name,
            version if released else "",
            place=key,
            direct=(key if scheme == "plain" else key.partition("(")[0]) in direct if roots else None,
            groups=dict.fromkeys((*groups.get(key, ()), *_flags(entry), *_flags(mapping_at(snapshots, key)))),
            bound="" if released else version,
            integrity=text_at(mapping_at(entry, "resolution"), "integrity"),
        )


def _scheme(document: dict[str, Any]) -> str:
    """How keys are written: "slash" `/a/1.0.0_peer@1`, "at" `/a@1.0.0(peer@1)`, "plain" `a@1.0.0`."""
    if "lockfileVersion" not in document:
        raise RefusedError("shape", "the file is YAML, but names no lockfileVersion")
    major = text_at(document, "lockfileVersion").partition(".")[0]
    scheme = _SCHEMES.get(int(major)) if major.isdecimal() and len(major) < 4 else None
    if scheme is None:
        raise RefusedError("unsupported", "this lockfileVersion of pnpm is not known here", "lockfileVersion")
    return scheme


def _roots(document: dict[str, Any], nodes: dict[str, Any]) -> dict[str, list[str]]:
    """Keys of what the project and its workspaces ask for themselves, by group."""
    importers = [importer for importer in mapping_at(document, "importers").values() if isinstance(importer, dict)]
    found: dict[str, list[str]] = {}
    for importer in [document, *importers]:
        for kind, group in _ROOT_GROUPS.items():
            for name, wanted in mapping_at(importer, kind).items():
                version = text_at(wanted, "version") if isinstance(wanted, dict) else wanted
                found.setdefault(group, []).extend(_keys(name, version, nodes))
    return found


def _keys(name: str, version: Any, nodes: dict[str, Any]) -> list[str]:  # noqa: ANN401 - a YAML value
    """The key that a name and a resolved version stand for: none for links, and that of the other package for an alias."""
    if not isinstance(version, str):
        return []
    candidates = (version, f"{name}@{version}", f"/{name}@{version}", f"/{name}/{version}")
    return [key for key in candidates if key in nodes][:1]


def _needed_groups(roots: dict[str, list[str]], snapshots: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Groups by package key; a package that stands there with several sets of peers is in the groups that all of them are in."""

    def needs(key: str) -> Iterable[str]:
        entry = mapping_at(snapshots, key)
        return [found for kind in _NEEDS for name, version in mapping_at(entry, kind).items() for found in _keys(name, version, snapshots)]

    merged: dict[str, tuple[str, ...]] = {}
    for key, groups in groups_by_need(roots, needs).items():
        plain = key.partition("(")[0]
        merged[plain] = tuple(g for g in merged[plain] if g in groups) if plain in merged else groups
    return merged


def _flags(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(group for group in ("dev", "optional") if text_at(entry, group) == "true")


def _name_and_version(scheme: str, key: str, entry: dict[str, Any]) -> tuple[str, str]:
    """What a key says, unless the entry says it itself, as it does for archives and repositories."""
    name, version = _from_key(scheme, key)
    name, version = text_at(entry, "name") or name, text_at(entry, "version") or version
    if not name:
        raise RefusedError("shape", "a key names no package", shortened(key, 200))
    return name, version


def _from_key(scheme: str, key: str) -> tuple[str, str]:
    plain = key.partition("(")[0]
    if scheme != "plain" and not plain.startswith("/"):
        host = _OTHER_REGISTRY.match(plain)
        if host is None:
            return "", ""
        plain = plain[host.end() - 1 :]
    plain = plain.removeprefix("/")
    if scheme == "slash":
        parts = plain.split("/")
        names = 2 if plain.startswith("@") else 1
        version = parts[names].partition("_")[0] if len(parts) == names + 1 else ""
        return ("/".join(parts[:names]), version) if version else ("", "")
    at = plain.find("@", 1)
    return (plain[:at], plain[at + 1 :].partition("_")[0] if scheme == "at" else plain[at + 1 :]) if at > 0 else ("", "")
