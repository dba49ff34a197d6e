"""go.sum: checksums of the modules that a build may use.

It names more than the build takes: for one module the highest version whose content was fetched is the one that minimal version selection
took. Entries of a `/go.mod` alone were only read while choosing. A go.mod beside it tells better; this is for where there is none.
Format: the Go modules reference, "go.sum files".
"""

from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.versions import version_key

INFO = ReaderInfo(name="gosum", title="go.sum", files=("go.sum",), patterns=("*.sum",), ecosystems=("Go",))

_MOD = "/go.mod"


def sniff(head: bytes) -> bool:
    """A first line of module, version and checksum."""
    fields = head.partition(b"\n")[0].split()
    return len(fields) == 3 and fields[1].startswith(b"v") and fields[2].startswith(b"h1:")


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The modules that the build takes. Raises RefusedError."""
    del filename, beside
    gathered = Collector("gosum", "Go")
    for (module, version), (checksum, number) in chosen(checksums(data)).items():
        gathered.add(module, version, place=f"line {number}", integrity=checksum)
    return gathered.inventory()


Checksums = dict[tuple[str, str], tuple[str, int]]


def checksums(data: bytes) -> Checksums:
    """(module, version without its v) -> (checksum, line) of every module whose content was fetched. Raises RefusedError."""
    found: Checksums = {}
    text = text_of(data)
    for number, line in lines_of(text):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 3 or not fields[1].startswith("v") or ":" not in fields[2]:
            at_end = number == text.count("\n") + 1
            raise RefusedError("truncated" if at_end else "syntax", "a line is not module, version and checksum", f"line {number}")
        if not fields[1].endswith(_MOD):
            found[(fields[0], fields[1][1:])] = (fields[2], number)
    return found


def chosen(found: Checksums) -> Checksums:
    """The highest version of each module; versions that can't be ordered are all kept."""
    best: dict[str, str] = {}
    for module, version in found:
        key = version_key("Go", version)
        if key is not None and (module not in best or key > version_key("Go", best[module])):
            best[module] = version
    return {(m, v): entry for (m, v), entry in found.items() if best.get(m) == v or version_key("Go", v) is None}
