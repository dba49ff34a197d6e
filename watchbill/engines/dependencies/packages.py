"""What the readers give back: packages, an inventory of them, or a sentence on why a file can't be read.

Values only: this module reads no file, knows no format and decides nothing about vulnerabilities.
"""

from collections.abc import Callable, Iterable

import msgspec

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.purl import make_purl
from watchbill.engines.dependencies.reachable import bounded_path
from watchbill.engines.dependencies.versions import normalise_name


class Package(msgspec.Struct, frozen=True, gc=False):
    """One package as a file names it.

    `ecosystem` is OSV's name ("PyPI", "npm", "Go", "crates.io", "Maven", ...), empty where the file doesn't say.
    `version` is empty where none is pinned; then `bound` holds the text that stood there, such as ">=4.1.1".
    `place` is where in the file it stands; `direct` is None where the file doesn't tell; `groups` are "dev", "optional" and the like;
    `integrity` is one checksum as `algorithm:hex` or as the file writes it.
    `path` is the shortest chain of "name@version" that brings the package in, from a direct dependency to the package's own parent;
    empty for direct packages and where the file has no graph. Longer ones than MAX_PATH_STEPS hold an "…" before their last step.
    """

    ecosystem: str
    name: str
    version: str
    purl: str
    place: str = ""
    direct: bool | None = None
    groups: tuple[str, ...] = ()
    bound: str = ""
    integrity: str = ""
    path: tuple[str, ...] = ()


class Unreadable(msgspec.Struct, frozen=True):
    """Why a file, or a part of it, was not looked at: a sentence, where, and a code that doesn't change.

    Codes: truncated, too_large, too_deep, encoding, duplicate_key, syntax, shape, unsupported, not_included, incomplete, reader_failed.
    """

    reason: str
    where: str
    code: str


class SbomSubject(msgspec.Struct, frozen=True):
    """What a bill of materials says that it is about: the described software and who stands behind it. A claim of the file, not proof.

    `supplier` is the organisation named as its supplier, publisher or manufacturer; `contacts` are the people, teams and addresses
    that the file names as owner, author or contact, nearest to the software first, each once. What isn't said is empty.
    """

    name: str = ""
    version: str = ""
    purl: str = ""
    supplier: str = ""
    contacts: tuple[str, ...] = ()


class Inventory(msgspec.Struct, frozen=True):
    """The packages of one readable file, in its order and each once; `notes` are the parts of it that could not be used.

    `subject` is None where the file is no bill of materials or doesn't say what it describes.
    """

    kind: str
    packages: tuple[Package, ...]
    notes: tuple[Unreadable, ...] = ()
    subject: SbomSubject | None = None


class RefusedError(Exception):
    """Raised inside a reader to give up on the whole file; `reading.read` turns it into its `Unreadable`."""

    def __init__(self, code: str, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.unreadable = Unreadable(reason=reason, where=where, code=code)


Beside = Callable[[str], bytes | None]
"""Opens a file that another one names, by the path written there; None where it is absent or out of bounds."""


def nothing_beside(name: str) -> None:
    """The `Beside` of bytes that came alone, as from an upload."""
    del name


class ReaderInfo(msgspec.Struct, frozen=True):
    """A reader's description of itself: its name, what people call its format, file names in the wild, shell patterns, ecosystems."""

    name: str
    title: str
    files: tuple[str, ...]
    patterns: tuple[str, ...]
    ecosystems: tuple[str, ...]


class Collector:
    """Gathers what a reader finds, each package once, and refuses what no registry would name.

    The same package at two places of a file is one package: it keeps its first place, counts as direct if any was,
    keeps only the groups that all of them share (needed once in production is needed in production) and the shortest way that leads to it.
    """

    def __init__(self, kind: str, ecosystem: str = "") -> None:
        self.kind = kind
        self.ecosystem = ecosystem
        self._packages: dict[tuple[str, str, str, str], Package] = {}
        self._notes: list[Unreadable] = []
        self._unlisted = 0
        self._paths: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._steps: dict[str, str] = {}

    def add(
        self,
        name: str,
        version: str = "",
        *,
        place: str = "",
        direct: bool | None = None,
        groups: Iterable[str] = (),
        bound: str = "",
        integrity: str = "",
        ecosystem: str | None = None,
        purl: str | None = None,
        path: tuple[str, ...] = (),
    ) -> None:
        """Keep one package; a name, version or bound that can't be one becomes a note. Raises RefusedError past MAX_PACKAGES."""
        home = self.ecosystem if ecosystem is None else ecosystem
        place = shortened(place, limits.MAX_PLACE_CHARS)
        wrong = _what_is_wrong(name, version, bound)
        if wrong:
            self.note("shape", wrong, place or shortened(name, 80))
            return
        plain = normalise_name(home, name)
        package = Package(
            ecosystem=home,
            name=plain,
            version=version,
            purl=make_purl(home, plain, version) if purl is None else purl,
            place=place,
            direct=direct,
            groups=tuple(shortened(group, limits.MAX_GROUP_CHARS) for group in groups)[: limits.MAX_GROUPS],
            bound=bound,
            integrity=shortened(integrity, limits.MAX_INTEGRITY_CHARS),
            path=() if direct or not path else self._kept_path(path),
        )
        key = (home, plain, version, bound)
        earlier = self._packages.get(key)
        self._packages[key] = package if earlier is None else _merged(earlier, package)
        if len(self._packages) > limits.MAX_PACKAGES:
            raise RefusedError("too_large", f"the file names more than {limits.MAX_PACKAGES:,} packages", place)

    def _kept_path(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """A path that is safe to show, kept once however many packages share it or its steps."""
        kept = self._paths.get(path)
        if kept is None:
            steps = (self._steps.setdefault(step, shortened(step, limits.MAX_STEP_CHARS)) for step in bounded_path(path))
            kept = self._paths[path] = tuple(steps)
        return kept

    def note(self, code: str, reason: str, where: str = "") -> None:
        """Record a part of the file that was not looked at."""
        if len(self._notes) < limits.MAX_NOTES:
            self._notes.append(Unreadable(reason=reason, where=shortened(where, limits.MAX_PLACE_CHARS), code=code))
        else:
            self._unlisted += 1

    def adopt(self, notes: Iterable[Unreadable]) -> None:
        """Record the notes of a part that was read elsewhere."""
        for note in notes:
            self.note(note.code, note.reason, note.where)

    def inventory(self) -> Inventory:
        """All that was gathered."""
        notes = tuple(self._notes)
        if self._unlisted:
            notes += (Unreadable(reason=f"{self._unlisted:,} more parts could not be used", where="", code="shape"),)
        return Inventory(kind=self.kind, packages=tuple(self._packages.values()), notes=notes)


def shortened(text: str, most: int) -> str:
    """Text for showing: at most `most` characters, and whatever would act on a terminal or page order made visible."""
    return visible(text if len(text) <= most else text[: most - 1] + "…")


def visible(text: str) -> str:
    """The text whole, each letter that would act on a terminal or page order (controls, line breaks, bidi marks) written as its number."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _what_is_wrong(name: str, version: str, bound: str) -> str:
    if not name or len(name) > limits.MAX_NAME_CHARS or not name.isprintable() or name != name.strip():
        return "a package's name is empty, too long or holds characters that no name has"
    if len(version) > limits.MAX_VERSION_CHARS or not version.isprintable():
        return "a package's version is too long or holds characters that no version has"
    if len(bound) > limits.MAX_BOUND_CHARS or not bound.isprintable():
        return "a package's version bound is too long or holds characters that none has"
    return ""


def _merged(first: Package, second: Package) -> Package:
    direct = first.direct if second.direct is None else bool(first.direct) or second.direct
    return msgspec.structs.replace(
        first,
        direct=direct,
        groups=tuple(g for g in first.groups if g in second.groups),
        integrity=first.integrity or second.integrity,
        path=() if direct else min(filter(None, (first.path, second.path)), key=len, default=()),
    )
