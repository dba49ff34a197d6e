"""Reads CISA's catalogue of Known Exploited Vulnerabilities from bytes; it opens no file and fetches nothing.

A catalogue is a whole: it says how many entries it holds, and one that holds fewer was cut short. Reading such a file
as complete would take the words "exploited in the wild" from a finding, so it is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from watchbill.engines.dependencies.osv import load_json
from watchbill.engines.dependencies.packages import Unreadable
from watchbill.engines.dependencies.store_limits import MAX_KEV_BYTES, MAX_KEV_ENTRIES

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class KevEntry:
    """One vulnerability known to be exploited. Days are YYYY-MM-DD; `due` is empty where none is set; `ransomware`
    is True where CISA says "Known" (its other word, "Unknown", claims nothing)."""

    cve: str
    date_added: str
    name: str
    vendor: str
    product: str
    ransomware: bool
    due: str
    notes: str


@dataclass(frozen=True, slots=True)
class KevCatalogue:
    """The catalogue: its version as CISA writes it (2025.08.25), its release time, and its entries by CVE."""

    version: str
    released: str
    entries: tuple[KevEntry, ...]


class _Malformed(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def parse_kev(data: bytes, where: str) -> KevCatalogue | Unreadable:
    """Read a catalogue in CISA's JSON shape (kev-schema.json, 2025). Raises nothing.

    Codes: too_large, not_text, not_json, not_kev, cut_short, empty, bad_entry, duplicate.
    """
    try:
        return _catalogue(data)
    except _Malformed as fault:
        return Unreadable(reason=fault.reason, where=where, code=fault.code)


def _catalogue(data: bytes) -> KevCatalogue:
    if len(data) > MAX_KEV_BYTES:
        raise _Malformed("too_large", f"{len(data):,} bytes; a catalogue may have {MAX_KEV_BYTES:,}")
    raw = load_json(data, _Malformed)
    if not isinstance(raw, dict) or not isinstance(raw.get("vulnerabilities"), list):
        raise _Malformed("not_kev", "no list named vulnerabilities: not a KEV catalogue")
    items = raw["vulnerabilities"]
    _check_count(raw.get("count"), len(items))
    entries: dict[str, KevEntry] = {}
    for place, item in enumerate(items):
        entry = _entry(item, place)
        if entry.cve in entries:
            raise _Malformed("duplicate", f"{entry.cve} stands twice")
        entries[entry.cve] = entry
    return KevCatalogue(_text(raw, "catalogVersion", "the catalogue"), _text(raw, "dateReleased", "the catalogue"), tuple(entries.values()))


def _check_count(said: object, found: int) -> None:
    if found == 0:
        raise _Malformed("empty", "the catalogue holds no entry; nothing was changed")
    if found > MAX_KEV_ENTRIES:
        raise _Malformed("too_large", f"{found:,} entries; a catalogue may have {MAX_KEV_ENTRIES:,}")
    if said is not None and said != found:
        raise _Malformed("cut_short", f"the catalogue says it holds {said} entries, and holds {found}")


def _entry(item: object, place: int) -> KevEntry:
    if not isinstance(item, dict):
        raise _Malformed("bad_entry", f"vulnerabilities[{place}] is not an object")
    here = f"vulnerabilities[{place}]"
    cve, added, due = (_text(item, key, here) for key in ("cveID", "dateAdded", "dueDate"))
    if _CVE.fullmatch(cve) is None:
        raise _Malformed("bad_entry", f"{here}.cveID {cve[:40]!r} is no CVE id")
    if _DAY.fullmatch(added) is None:
        raise _Malformed("bad_entry", f"{here}.dateAdded {added[:40]!r} is no day")
    return KevEntry(
        cve=cve,
        date_added=added,
        name=_text(item, "vulnerabilityName", here),
        vendor=_text(item, "vendorProject", here),
        product=_text(item, "product", here),
        ransomware=_text(item, "knownRansomwareCampaignUse", here) == "Known",
        due=due if _DAY.fullmatch(due) else "",
        notes=_text(item, "notes", here),
    )


def _text(raw: Mapping[str, object], key: str, here: str) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise _Malformed("bad_entry", f"{here}: {key} is not a string")
    return value
