"""yarn.lock of all yarns: yarn 1's own notation is read here, that of yarn 2 and later by `yarn_berry`.

Packages linked from a folder (`link:`, `file:` without an archive) are left out: they are the project's own code.
The file doesn't say what the project asks for itself: the package.json beside it does, as long as it has no workspaces. Otherwise a
package is known to be direct where it is listed under words that no package of the file asks with; of the others nothing is claimed.
Format: yarn 1's `packages/lockfile`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.npm_manifest import asked_beside
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.reachable import Ways
from watchbill.engines.dependencies.yarn_berry import read_berry

INFO = ReaderInfo(name="yarn", title="yarn.lock", files=("yarn.lock",), patterns=("*yarn*.lock",), ecosystems=("npm",))

_SPEC = re.compile(r'"((?:[^"\\]|\\.)*+)"|([^\s,"][^,"]*+)')
_FIELD = re.compile(r'  (version|resolved|integrity):? "?([^"]*)"?')
_NEED = re.compile(r'    (?:"([^"]+)"|([^\s"]+)) (?:"([^"]*)"|(\S+))')
_NEEDS = frozenset(("  dependencies:", "  optionalDependencies:"))
_METADATA = re.compile(r"^\"?__metadata\"?:", re.MULTILINE)
_ARCHIVES = (".tgz", ".tar.gz")


@dataclass(slots=True)
class _Block:
    line: int
    specs: list[str]
    version: str = ""
    resolved: str = ""
    integrity: str = ""
    needs: list[str] = field(default_factory=list)


def sniff(head: bytes) -> bool:
    """Yarn 1's own second line, or the metadata of a later yarn."""
    return b"# yarn lockfile v1" in head or b"\n__metadata:" in head


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError."""
    del filename
    text = text_of(data)
    if _METADATA.search(text):
        return read_berry(data, beside)
    blocks = list(_blocks(text))
    ways = _ways(blocks, beside)
    gathered = Collector("yarn", "npm")
    for number, block in enumerate(blocks):
        name, wanted = _name_and_range(block.specs[0])
        if _is_folder(wanted):
            continue
        if not block.version:
            gathered.note("truncated", f"{name[:80]} has no version", f"line {block.line}")
            continue
        node = str(number)
        gathered.add(
            name,
            block.version,
            place=f"line {block.line}",
            direct=ways.direct(node),
            groups=ways.groups(node),
            integrity=block.integrity.split(" ")[0] or _checksum_in(block.resolved),
            path=ways.path(node),
        )
    return gathered.inventory()


def _ways(blocks: list[_Block], beside: Beside) -> Ways:
    """Blocks are known by their number; what is asked for finds the block that is listed under the same words."""
    listed = {spec: str(number) for number, block in enumerate(blocks) for spec in block.specs}

    def found(specs: list[str]) -> list[str]:
        return [listed[spec] for spec in specs if spec in listed]

    asked = asked_beside(beside)
    roots: dict[str, list[str]] = {}
    if asked is not None:
        roots = {group: found([f"{name}@{wanted}" for name, wanted in named.items()]) for group, named in asked.by_group.items()}
    if asked is None or asked.workspaces:
        explained = {spec for block in blocks for spec in block.needs}
        roots.setdefault("", []).extend(listed[spec] for spec in listed if spec not in explained)

    def label(node: str) -> str:
        block = blocks[int(node)]
        return f"{_name_and_range(block.specs[0])[0]}@{block.version}"

    return Ways(roots, lambda node: found(blocks[int(node)].needs), label, complete=asked is not None and not asked.workspaces)


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    part, listed = "", 0
    for number, line in lines_of(text):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            if block:
                yield block
            block = _Block(number, _specs(line, number))
            listed += len(block.specs)
            if listed > limits.MAX_SPECIFIERS:
                raise RefusedError("too_large", f"packages are listed under more than {limits.MAX_SPECIFIERS:,} words", f"line {number}")
        elif block is None:
            raise RefusedError("syntax", "the file does not begin as a yarn.lock does", f"line {number}")
        else:
            part = line if line[:4].strip() else part
            _take(block, line, part)
    if block:
        yield block


def _take(block: _Block, line: str, part: str) -> None:
    """A line of a block: a field of it, or something that it needs if it stands in a part of needs."""
    if found := _FIELD.fullmatch(line):
        setattr(block, found[1], found[2])  # one of three names, by the pattern
    elif part in _NEEDS and (need := _NEED.fullmatch(line)):
        block.needs.append(f"{need[1] or need[2]}@{need[3] or need[4] or ''}")


def _specs(line: str, number: int) -> list[str]:
    """`a@^1, "@scope/b@^2":` -> its specifiers."""
    specs = [quoted or plain for quoted, plain in _SPEC.findall(line[:-1])] if line.endswith(":") else []
    if not specs:
        raise RefusedError("syntax", "a line is neither a package nor a part of one", f"line {number}")
    return specs


def _name_and_range(spec: str) -> tuple[str, str]:
    """`@scope/name@^1` -> its parts; of an alias, `alias@npm:real@^1`, those of the package it stands for."""
    name, wanted = _parts(spec)
    return _parts(wanted[4:]) if wanted.startswith("npm:") else (name, wanted)


def _parts(spec: str) -> tuple[str, str]:
    at = spec.find("@", 1)
    return (spec, "") if at < 0 else (spec[:at], spec[at + 1 :])


def _is_folder(wanted: str) -> bool:
    return wanted.startswith("link:") or (wanted.startswith(("file:", ".", "/")) and not wanted.endswith(_ARCHIVES))


def _checksum_in(address: str) -> str:
    """The SHA-1 that yarn 1 appends to the address of an archive."""
    found = re.search(r"\.(?:tgz|tar\.gz)#([0-9a-f]{40})$", address)
    return f"sha1:{found[1]}" if found else ""
