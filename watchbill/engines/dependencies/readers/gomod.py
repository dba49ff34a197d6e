"""go.mod: the modules a Go module requires, after its `replace` and `exclude` lines, and the Go release it is built with as `stdlib`.

A module replaced by a local folder is left out: it is the project's own code. From go 1.17 on the file lists what is required
indirectly too; before, the go.sum beside it fills in. Format: the Go modules reference, "go.mod files".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.readers.gosum import Checksums, checksums, chosen
from watchbill.engines.dependencies.versions import version_key

INFO = ReaderInfo(name="gomod", title="go.mod", files=("go.mod",), patterns=("*.mod",), ecosystems=("Go",))

_VERBS = frozenset(("module", "go", "toolchain", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"))
_TOKEN = re.compile(r'"[^"]*"|`[^`]*`|[()]|[^\s()"`]+')
_GO_VERSION = re.compile(r"(?:go)?([0-9]+(?:\.[0-9]+)*(?:(?:rc|beta)[0-9]+)?)(?:-.*)?")
_FIRST_LINES = re.compile(rb"^module[ \t]+[^\s=]+[ \t\r]*(?:$|//)|^require[ \t]*\([ \t\r]*$", re.MULTILINE)
_LISTS_INDIRECT = "1.17"


@dataclass
class _Required:
    path: str
    version: str
    indirect: bool
    line: int


@dataclass
class _Module:
    """What the lines of one go.mod say."""

    name: str = ""
    go: str = ""
    toolchain: str = ""
    go_line: int = 0
    required: list[_Required] = field(default_factory=list)
    excluded: set[tuple[str, str]] = field(default_factory=set)
    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def sniff(head: bytes) -> bool:
    """A module line, or a block of requirements."""
    return _FIRST_LINES.search(head) is not None


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The modules that the build takes, `stdlib` among them. Raises RefusedError."""
    module = _parsed(text_of(data))
    gathered = Collector("gomod", "Go")
    sums = _sums_beside(filename, beside, gathered)
    for required in module.required:
        _add(gathered, module, required, sums or {})
    release = module.toolchain or module.go
    if release:
        gathered.add("stdlib", release, place=f"line {module.go_line}")
    if module.required and not _lists_indirect(module.go):
        _fill_in(gathered, module, sums)
    return gathered.inventory()


def _sums_beside(filename: str, beside: Beside, gathered: Collector) -> Checksums | None:
    name = re.split(r"[/\\]", filename)[-1]
    data = beside((name[:-4] if name.endswith(".mod") else "go") + ".sum")
    if data is None:
        return None
    try:
        return checksums(data)
    except RefusedError as refusal:
        gathered.note(refusal.unreadable.code, f"the go.sum beside it: {refusal.unreadable.reason}", refusal.unreadable.where)
        return None


def _lists_indirect(go: str) -> bool:
    written, first = version_key("Go", go), version_key("Go", _LISTS_INDIRECT)
    return written is not None and first is not None and bool(written >= first)


def _add(gathered: Collector, module: _Module, required: _Required, sums: Checksums) -> None:
    path, version = required.path, required.version
    excluded = (path, version) in module.excluded
    new = module.replaced.get((path, version)) or module.replaced.get((path, ""))
    if new:
        path, version = new
        if not version:
            return
        excluded = False
    place, direct = f"line {required.line}", not required.indirect
    plain = version[1:]
    if excluded:
        gathered.add(path, place=place, direct=direct, bound=f">{plain}")
    elif version_key("Go", version) is None:
        gathered.add(path, place=place, direct=direct, bound=version)
    else:
        gathered.add(path, plain, place=place, direct=direct, integrity=sums.get((path, plain), ("", 0))[0])


def _fill_in(gathered: Collector, module: _Module, sums: Checksums | None) -> None:
    """Before go 1.17 only what is required directly stands in go.mod; the rest is known from go.sum or not at all."""
    if sums is None:
        gathered.note("incomplete", "before go 1.17 a go.mod leaves out what is required indirectly, and no go.sum was there to tell", "go")
        return
    known = {required.path for required in module.required} | {path for path, _ in module.replaced.values()} | {module.name}
    for (path, version), (checksum, number) in chosen(sums).items():
        if path not in known:
            gathered.add(path, version, place=f"go.sum, line {number}", direct=False, integrity=checksum)


def _parsed(text: str) -> _Module:
    module = _Module()
    last = text.count("\n") + 1
    for number, verb, words, comment in _statements(text):
        try:
            _take(module, number, verb, words, comment)
        except (ValueError, IndexError):
            code = "truncated" if number == last else "syntax"
            raise RefusedError(code, f"a `{verb}` line does not read as one", f"line {number}") from None
    return module


def _statements(text: str) -> Iterator[tuple[int, str, list[str], str]]:
    """(line, verb, words after it, comment), blocks taken apart."""
    block = ""
    number = 0
    for number, line in lines_of(text):
        code, _, comment = line.partition("//")
        words = [word.strip('"`') for word in _TOKEN.findall(code)]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                yield number, block, words, comment
            continue
        verb, rest = words[0], words[1:]
        if verb not in _VERBS:
            raise RefusedError("syntax", "a line begins with no word that a go.mod file knows", f"line {number}")
        if rest == ["("]:
            block = verb
        elif rest != ["(", ")"]:
            yield number, verb, rest, comment
    if block:
        raise RefusedError("truncated", f"the file ends inside a `{block}` block", f"line {number}")


def _take(module: _Module, number: int, verb: str, words: list[str], comment: str) -> None:
    """Take one statement in; ValueError or IndexError if it has not the words it needs."""
    if verb == "module":
        (module.name,) = words
    elif verb in ("go", "toolchain"):
        _take_release(module, number, verb, words)
    elif verb == "require":
        path, version = words
        module.required.append(_Required(path, version, comment.partition(";")[0].strip() == "indirect", number))
    elif verb == "exclude":
        path, version = words
        module.excluded.add((path, version))
    elif verb == "replace":
        arrow = words.index("=>")
        old, new = words[:arrow], words[arrow + 1 :]
        if len(old) not in (1, 2) or len(new) not in (1, 2):
            raise ValueError(words)
        module.replaced[(old[0], old[1] if len(old) == 2 else "")] = (new[0], new[1] if len(new) == 2 else "")


def _take_release(module: _Module, number: int, verb: str, words: list[str]) -> None:
    (word,) = words
    found = _GO_VERSION.fullmatch(word)
    if found and verb == "toolchain":
        module.toolchain, module.go_line = found[1], number
    elif found:
        module.go = found[1]
        module.go_line = module.go_line or number
    elif word not in ("default", "local", "path"):
        raise ValueError(word)
