"""What a bill of materials says, whatever its notation: its parts, what needs what, and the subject that it is about.

Readers of CycloneDX and SPDX bring their files into this shape; from here on they mean the same. The subject itself is no package of
its bill. It opens no file and knows no notation.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import msgspec

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Collector, Inventory, SbomSubject, shortened
from watchbill.engines.dependencies.purl import identified
from watchbill.engines.dependencies.reachable import groups_by_need, shortest_paths

_ALGORITHMS = ("sha256", "sha512", "sha384", "sha1", "md5")
_PURL_CHARS = 1_024


class Part(msgspec.Struct, frozen=True):
    """One component: the name by which the bill refers to it ("" for none), where it stands, and what is said of it.

    A part without a purl counts as a package only if `software`; files, data and devices are none. `integrity` is one checksum.
    """

    reference: str
    place: str
    name: str
    version: str = ""
    purl: str = ""
    groups: tuple[str, ...] = ()
    integrity: str = ""
    software: bool = True


class Bill(msgspec.Struct):
    """All that a bill says. `roots` are the references of what the subject needs itself, by group ("" is production); None where the
    bill doesn't tell. `needs` maps a reference to those that it needs."""

    parts: list[Part]
    roots: Mapping[str, Sequence[str]] | None = None
    needs: Mapping[str, Sequence[str]] = {}
    subject: SbomSubject | None = None


class _Graph:
    """Who needs whom, answered for each part."""

    def __init__(self, bill: Bill) -> None:
        self._told = bill.roots is not None
        roots: Mapping[str, Sequence[str]] = bill.roots or {}
        self._wanted = frozenset(chain.from_iterable(roots.values()))
        labels = {part.reference: _label(part) for part in bill.parts}

        def needs(reference: str) -> Iterable[str]:
            return bill.needs.get(reference, ())

        self._groups = groups_by_need(roots, needs) if self._told else {}
        ordered = dict.fromkeys(chain.from_iterable(roots.values()))
        self._paths = shortest_paths(ordered, needs, lambda reference: labels.get(reference) or reference) if self._told else {}

    def direct(self, reference: str) -> bool | None:
        return reference in self._wanted if self._told and reference else None

    def groups(self, part: Part) -> tuple[str, ...]:
        return (*part.groups, *self._groups.get(part.reference, ())) if part.reference else part.groups

    def path(self, reference: str) -> tuple[str, ...]:
        return self._paths.get(reference, ()) if reference else ()


def inventory_of(bill: Bill, gathered: Collector) -> Inventory:
    """The packages of a bill, added to what the reader has noted so far. Raises RefusedError past MAX_PACKAGES."""
    graph = _Graph(bill)
    for part in bill.parts:
        if part.purl or part.software:
            _add(gathered, part, graph)
    return msgspec.structs.replace(gathered.inventory(), subject=bill.subject)


def subject_of(name: str, version: str, purl: str, supplier: str, contacts: Iterable[str]) -> SbomSubject | None:
    """The subject in words that are safe to show, contacts once each and at most MAX_CONTACTS; None if nothing at all is said."""
    meant = identified(purl) if purl else None
    kept = dict.fromkeys(shortened(contact.strip(), limits.MAX_GROUP_CHARS * 2) for contact in contacts if contact.strip())
    found = SbomSubject(
        name=shortened(name.strip(), limits.MAX_NAME_CHARS),
        version=shortened(version.strip(), limits.MAX_VERSION_CHARS),
        purl=shortened(meant[3], _PURL_CHARS) if meant else "",
        supplier=shortened(supplier.strip(), limits.MAX_NAME_CHARS),
        contacts=tuple(kept)[: limits.MAX_CONTACTS],
    )
    return None if found == SbomSubject() else found


def strongest(checksums: Mapping[str, str]) -> str:
    """`algorithm:hex` of the checksum asked for first, from those by algorithm however it is spelled ("SHA-256", "SHA256")."""
    plain = {name.replace("-", "").replace("_", "").lower(): value for name, value in checksums.items()}
    return next((f"{name}:{plain[name]}" for name in _ALGORITHMS if plain.get(name)), "")


def _label(part: Part) -> str:
    meant = identified(part.purl, part.version) if part.purl else None
    name, version = (meant[1], meant[2]) if meant else (part.name, part.version)
    return f"{name}@{version}" if version else name


def _add(gathered: Collector, part: Part, graph: _Graph) -> None:
    meant = identified(part.purl, part.version) if part.purl else None
    if part.purl and meant is None:
        gathered.note("shape", f"{shortened(part.purl, 200)} is no package URL", part.place)
    ecosystem, name, version, purl = meant or ("", part.name, part.version, "")
    gathered.add(
        name,
        version or part.version,
        ecosystem=ecosystem,
        purl=shortened(purl, _PURL_CHARS),
        place=part.reference or part.place,
        direct=graph.direct(part.reference),
        groups=graph.groups(part),
        integrity=part.integrity,
        path=graph.path(part.reference),
    )
