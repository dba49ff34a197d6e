"""yarn.lock of yarn 1. Later yarns write another format under the same name; it is told apart and refused as unsupported.

Packages linked from a folder (`link:`, `file:` without an archive) are left out: they are the project's own code.
Format: yarn 1's `packages/lockfile`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError

INFO = ReaderInfo(name="yarn", title="yarn.lock (yarn 1)", files=("yarn.lock",), patterns=("*yarn*.lock",), ecosystems=("npm",))

_SPEC = re.compile(r'"((?:[^"\\]|\\.)*+)"|([^\s,"][^,"]*+)')
_FIELD = re.compile(r'  (version|resolved|integrity):? "?([^"]*)"?')
_ARCHIVES = (".tgz", ".tar.gz")


@dataclass
class _Block:
    line: int
    specs: list[str]
    fields: dict[str, str] = field(default_factory=dict)


def sniff(head: bytes) -> bool:
    """Yarn 1's own second line, or the metadata of a later yarn."""
    return b"# yarn lockfile v1" in head or b"\n__metadata:" in head


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError."""
    del filename, beside
    gathered = Collector("yarn", "npm")
    for block in _blocks(text_of(data)):
        name, wanted = _name_and_range(block.specs[0])
        version = block.fields.get("version", "")
        if _is_folder(wanted):
            continue
        if not version:
            gathered.note("truncated", f"{name[:80]} has no version", f"line {block.line}")
            continue
        integrity = block.fields.get("integrity", "").split(" ")[0] or _checksum_in(block.fields.get("resolved", ""))
        gathered.add(name, version, place=f"line {block.line}", integrity=integrity)
    return gathered.inventory()


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in lines_of(text):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("__metadata:"):
            raise RefusedError("unsupported", "this yarn.lock is of yarn 2 or later, which is not read here", f"line {number}")
        if line[0] != " ":
            if block:
                yield block
            block = _Block(number, _specs(line, number))
        elif block is None:
            raise RefusedError("syntax", "the file does not begin as a yarn.lock does", f"line {number}")
        elif found := _FIELD.fullmatch(line):
            block.fields[found[1]] = found[2]
    if block:
        yield block


def _specs(line: str, number: int) -> list[str]:
    """`a@^1, "@scope/b@^2":` -> its specifiers."""
    specs = [quoted or plain for quoted, plain in _SPEC.findall(line[:-1])] if line.endswith(":") else []
    if not specs:
        raise RefusedError("syntax", "a line is neither a package nor a part of one", f"line {number}")
    return specs


def _name_and_range(spec: str) -> tuple[str, str]:
    """`@scope/name@^1` -> its parts; of an alias, `alias@npm:real@^1`, those of the package it stands for."""
    while True:
        at = spec.find("@", 1)
        name, wanted = (spec, "") if at < 0 else (spec[:at], spec[at + 1 :])
        if not wanted.startswith("npm:"):
            return name, wanted
        spec = wanted[4:]


def _is_folder(wanted: str) -> bool:
    return wanted.startswith("link:") or (wanted.startswith(("file:", ".", "/")) and not wanted.endswith(_ARCHIVES))


def _checksum_in(address: str) -> str:
    """The SHA-1 that yarn 1 appends to the address of an archive."""
    found = re.search(r"\.(?:tgz|tar\.gz)#([0-9a-f]{40})$", address)
    return f"sha1:{found[1]}" if found else ""
