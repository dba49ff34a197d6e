"""pnpm-lock.yaml, lockfile versions 5 to 9, and shrinkwrap.yaml, what the first pnpms wrote.

Packages from folders (`link:`, `type: directory`) are left out: the project's own code. A key that names no package refuses the whole
file: the format is then not the one read here, and the rest could be misread.
Format: pnpm's `lockfile` packages and the `dep-path` rules of each version.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from watchbill.engines.dependencies.formats.strict_yaml import yaml_documents
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, shortened
from watchbill.engines.dependencies.reachable import Ways

INFO = ReaderInfo(
    name="pnpm",
    title="pnpm-lock.yaml",
    files=("pnpm-lock.yaml", "shrinkwrap.yaml"),
    patterns=("*pnpm-lock*.yaml", "*pnpm-lock*.yml"),
    ecosystems=("npm",),
)

_SCHEMES = {5: "slash", 6: "at", 7: "at", 8: "at", 9: "plain"}
_OLD_SCHEMES = {3: "slash", 4: "slash"}
_RELEASED = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[^/:]*")
_OTHER_REGISTRY = re.compile(r"(?:[^/@:]+\.)+[^/@:]+(?::[0-9]+)?/")
_ROOT_GROUPS = {"dependencies": "", "optionalDependencies": "optional", "devDependencies": "dev"}
_NEEDS = ("dependencies", "optionalDependencies")
_FLAGS = ("dev", "optional")


@dataclass(frozen=True)
class _Locked:
    """One entry of `packages`; `nodes` are the keys under which its own dependencies stand, one for each set of peers it was given."""

    key: str
    name: str
    version: str
    entry: dict[str, Any]
    nodes: tuple[str, ...]


def sniff(head: bytes) -> bool:
    """A line with the lockfile's version, as YAML."""
    return any(head.startswith(word) or b"\n" + word in head for word in (b"lockfileVersion:", b"shrinkwrapVersion:"))


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
    locked = list(_locked(scheme, packages, snapshots))
    labels = {node: f"{package.name}@{package.version}" for package in locked for node in package.nodes}
    roots = _roots(document, snapshots)

    def needs(key: str) -> Iterator[str]:
        entry = mapping_at(snapshots, key)
        return (found for kind in _NEEDS for name, version in mapping_at(entry, kind).items() for found in _keys(name, version, snapshots))

    ways = Ways(roots, needs, lambda node: labels.get(node, node), complete=bool(roots))
    for package in locked:
        if text_at(mapping_at(package.entry, "resolution"), "type") != "directory":
            _add(gathered, package, ways, snapshots, flagged=scheme != "plain")


def _locked(scheme: str, packages: dict[str, Any], snapshots: dict[str, Any]) -> Iterator[_Locked]:
    """Raises RefusedError shape for an entry that is no package."""
    variants: dict[str, list[str]] = {}
    if scheme == "plain":
        for node in snapshots:
            variants.setdefault(node.partition("(")[0], []).append(node)
    for key, entry in packages.items():
        if not isinstance(entry, dict):
            raise RefusedError("shape", "a package is no mapping", shortened(key, 200))
        name, version = _name_and_version(scheme, key, entry)
        nodes = variants.get(key.partition("(")[0], []) if scheme == "plain" else [key]
        yield _Locked(key, name, version, entry, tuple(nodes))


def _add(gathered: Collector, package: _Locked, ways: Ways, snapshots: dict[str, Any], *, flagged: bool) -> None:
    """Keep a package once for each set of peers that it was given; the collector makes one of them."""
    released = _RELEASED.fullmatch(package.version) is not None
    for node in package.nodes or (package.key,):
        marks = (*_flags(package.entry), *_flags(mapping_at(snapshots, node)))
        gathered.add(
            package.name,
            package.version if released else "",
            place=package.key,
            direct=ways.direct(node),
            groups=dict.fromkeys((*(() if flagged else ways.groups(node)), *marks)),
            bound="" if released else package.version,
            integrity=text_at(mapping_at(package.entry, "resolution"), "integrity"),
            path=ways.path(node),
        )


def _scheme(document: dict[str, Any]) -> str:
    """How keys are written: "slash" `/a/1.0.0_peer@1`, "at" `/a@1.0.0(peer@1)`, "plain" `a@1.0.0`."""
    kind = next((kind for kind in ("lockfileVersion", "shrinkwrapVersion") if kind in document), None)
    if kind is None:
        raise RefusedError("shape", "the file is YAML, but names no lockfileVersion")
    major = text_at(document, kind).partition(".")[0]
    known = _SCHEMES if kind == "lockfileVersion" else _OLD_SCHEMES
    scheme = known.get(int(major)) if major.isdecimal() and len(major) < 4 else None
    if scheme is None:
        raise RefusedError("unsupported", f"this {kind} of pnpm is not known here", kind)
    return scheme


def _roots(document: dict[str, Any], nodes: dict[str, Any]) -> dict[str, list[str]]:
    """Keys of what the project and its workspaces ask for themselves, by group."""
    importers = [importer for importer in mapping_at(document, "importers").values() if isinstance(importer, dict)]
    found: dict[str, list[str]] = {}
    for kind, group in _ROOT_GROUPS.items():
        for importer in [document, *importers]:
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


def _flags(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(group for group in _FLAGS if text_at(entry, group) == "true")


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
        version = parts[names].partition("_")[0] if len(parts) > names else ""
        if len(parts) > names + 1 and not _RELEASED.fullmatch(version):  # the first pnpms put peers behind a slash, else it is a folder
            return "", ""
        return ("/".join(parts[:names]), version) if version else ("", "")
    at = plain.find("@", 1)
    return (plain[:at], plain[at + 1 :].partition("_")[0] if scheme == "at" else plain[at + 1 :]) if at > 0 else ("", "")
