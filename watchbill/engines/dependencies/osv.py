"""Reads one advisory in OSV form (schema 1.x) from bytes; it opens no file and never guesses at a broken shape.

Unknown fields are let through, as the schema asks of readers. A field we use that has the wrong type is refused with
its path, because an advisory read by half would look like "not affected". References that are not http or https
links are left out: they are only ever shown as links.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import NoReturn, cast

from watchbill.engines.dependencies.advisory import Advisory, Affected, Event, EventKind, Range, RangeKind
from watchbill.engines.dependencies.packages import Unreadable
from watchbill.engines.dependencies.store_limits import MAX_ADVISORY_BYTES, MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_VERSION_LENGTH

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+~/-]*", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_CWE = re.compile(r"CWE-\d{1,6}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EVENT_KINDS = ("introduced", "fixed", "last_affected", "limit")
_RANGE_KINDS = ("SEMVER", "ECOSYSTEM", "GIT")


class _Malformed(Exception):
    """The document is not what the schema says; `code` goes into the result."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def parse_osv(data: bytes, where: str) -> Advisory | Unreadable:
    """Read one OSV document. `where` (file and member) is only carried into a refusal.

    Codes of refusals: too_large, not_text, not_json, not_osv, bad_shape, bad_id, newer_schema, kev_catalogue.
    Raises nothing. Source: https://ossf.github.io/osv-schema/ (1.x).
    """
    try:
        return _advisory(_document(data))
    except _Malformed as fault:
        return Unreadable(reason=fault.reason, where=where, code=fault.code)


def _document(data: bytes) -> Mapping[str, object]:
    if len(data) > MAX_ADVISORY_BYTES:
        raise _Malformed("too_large", f"{len(data):,} bytes; an advisory may have {MAX_ADVISORY_BYTES:,}")
    value = load_json(data, _Malformed)
    if not isinstance(value, dict):
        raise _Malformed("not_osv", f"the document is {_kind(value)}, not an object")
    if "catalogVersion" in value and "vulnerabilities" in value:
        raise _Malformed("kev_catalogue", "this is a catalogue of known exploited vulnerabilities, not an advisory; load it as KEV")
    return value


def load_json(data: bytes, fault: Callable[[str, str], Exception]) -> object:
    """JSON from bytes, or the exception made by `fault(code, reason)`: not UTF-8, not JSON, nested too deep, a key
    twice in one object, a number that is no number, or half a character (a lone surrogate, which no database stores)."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("the same key stands twice in one object")
        return found

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON number")

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault("not_text", f"not UTF-8 at byte {error.start}") from None
    try:
        value: object = json.loads(text, object_pairs_hook=unique, parse_constant=no_number)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise fault("not_json", "nested too deep") from None
    except UnicodeEncodeError:
        raise fault("not_text", "holds half a character (a lone surrogate)") from None
    except ValueError as error:
        raise fault("not_json", f"not JSON: {error}") from None
    return value


def _advisory(raw: Mapping[str, object]) -> Advisory:
    _check_schema(_text(raw, "schema_version", ""))
    affected = tuple(_affected(item, f"affected[{place}]") for place, item in enumerate(_objects(raw, "affected", "")))
    severity = _severity(raw, "")
    if not severity:
        per_package = (_severity(item, f"affected[{place}].") for place, item in enumerate(_objects(raw, "affected", "")))
        severity = tuple(dict.fromkeys(pair for pairs in per_package for pair in pairs))
    return Advisory(
        id=_identifier(_text(raw, "id", ""), "id"),
        summary=_text(raw, "summary", ""),
        details=_text(raw, "details", ""),
        aliases=_aliases(raw),
        modified=_time(raw, "modified", required=True),
        published=_time(raw, "published", required=False),
        withdrawn=_time(raw, "withdrawn", required=False),
        severity=severity,
        cwes=_cwes(raw),
        references=_references(raw),
        affected=affected,
    )


def _check_schema(version: str) -> None:
    if version and version.split(".", 1)[0] != "1":
        raise _Malformed("newer_schema", f"schema_version {version[:40]!r} is not one we read (1.x)")


def _identifier(text: str, path: str) -> str:
    if not text:
        raise _Malformed("not_osv", f"{path} is missing or empty")
    if len(text) > MAX_ID_LENGTH or _ID.fullmatch(text) is None:
        raise _Malformed("bad_id", f"{path} {text[:60]!r} is no identifier")
    return text


def _aliases(raw: Mapping[str, object]) -> tuple[str, ...]:
    """Other names of it. One that is no identifier (the data has a few with a comma stuck on) joins nothing and is left out."""
    usable = (alias for alias in _strings(raw, "aliases", "") if len(alias) <= MAX_ID_LENGTH and _ID.fullmatch(alias))
    return tuple(dict.fromkeys(usable))


def _affected(raw: Mapping[str, object], path: str) -> Affected:
    package = _object(raw, "package", path + ".")
    versions = tuple(_version(item, f"{path}.versions") for item in _strings(raw, "versions", path + "."))
    ranges = tuple(_range(item, f"{path}.ranges[{place}]") for place, item in enumerate(_objects(raw, "ranges", path + ".")))
    ecosystem, name = "", ""
    if package:
        ecosystem = _name(_text(package, "ecosystem", path + ".package."), f"{path}.package.ecosystem")
        name = _name(_text(package, "name", path + ".package."), f"{path}.package.name")
    return Affected(ecosystem, name, versions, ranges)


def _range(raw: Mapping[str, object], path: str) -> Range:
    kind = _text(raw, "type", path + ".")
    if kind not in _RANGE_KINDS:
        raise _Malformed("bad_shape", f"{path}.type {kind[:40]!r} is none of {', '.join(_RANGE_KINDS)}")
    events: list[Event] = []
    for place, item in enumerate(_objects(raw, "events", path + ".")):
        here = [name for name in _EVENT_KINDS if name in item]
        if not here:
            raise _Malformed("bad_shape", f"{path}.events[{place}] is none of {', '.join(_EVENT_KINDS)}")
        events.extend(Event(cast(EventKind, name), _version(item[name], f"{path}.events[{place}].{name}")) for name in here)
    if not any(event.kind == "introduced" for event in events):
        raise _Malformed("bad_shape", f"{path} has no introduced event")
    return Range(cast(RangeKind, kind), tuple(events))


def _version(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _Malformed("bad_shape", f"{path} is {_kind(value)}, not a string")
    if not value or len(value) > MAX_VERSION_LENGTH or _CONTROL.search(value):
        raise _Malformed("bad_shape", f"{path} {value[:60]!r} is no version")
    return value


def _name(text: str, path: str) -> str:
    if not text or len(text) > MAX_NAME_LENGTH or _CONTROL.search(text):
        raise _Malformed("bad_shape", f"{path} {text[:60]!r} is no name")
    return text


def _severity(raw: Mapping[str, object], path: str) -> tuple[tuple[str, str], ...]:
    items = _objects(raw, "severity", path)
    return tuple((_text(item, "type", path + "severity."), _text(item, "score", path + "severity.")) for item in items)


def _cwes(raw: Mapping[str, object]) -> tuple[str, ...]:
    """CWE ids, which OSV leaves to each database; GitHub's and ours write database_specific.cwe_ids."""
    extra = raw.get("database_specific")
    ids = extra.get("cwe_ids") if isinstance(extra, dict) else None
    if not isinstance(ids, list):
        return ()
    return tuple(dict.fromkeys(item for item in ids if isinstance(item, str) and _CWE.fullmatch(item)))


def _references(raw: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    pairs = ((_text(item, "type", "references."), _text(item, "url", "references.")) for item in _objects(raw, "references", ""))
    return tuple(
        (kind or "WEB", url) for kind, url in pairs if url.lower().startswith(("http://", "https://")) and not _CONTROL.search(url)
    )


def _time(raw: Mapping[str, object], key: str, *, required: bool) -> str:
    text = _text(raw, key, "")
    if not text and not required:
        return ""
    if _TIME.fullmatch(text) is None:
        raise _Malformed("bad_shape" if text else "not_osv", f"{key} {text[:40]!r} is no RFC 3339 time")
    return text


def _text(raw: Mapping[str, object], key: str, path: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Malformed("bad_shape", f"{path}{key} is {_kind(value)}, not a string")
    return value


def _object(raw: Mapping[str, object], key: str, path: str) -> Mapping[str, object]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Malformed("bad_shape", f"{path}{key} is {_kind(value)}, not an object")
    return value


def _objects(raw: Mapping[str, object], key: str, path: str) -> list[Mapping[str, object]]:
    items = _list(raw, key, path)
    for place, item in enumerate(items):
        if not isinstance(item, dict):
            raise _Malformed("bad_shape", f"{path}{key}[{place}] is {_kind(item)}, not an object")
    return cast(list[Mapping[str, object]], items)


def _strings(raw: Mapping[str, object], key: str, path: str) -> list[str]:
    items = _list(raw, key, path)
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise _Malformed("bad_shape", f"{path}{key}[{place}] is {_kind(item)}, not a string")
    return cast(list[str], items)


def _list(raw: Mapping[str, object], key: str, path: str) -> list[object]:
    value = raw.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Malformed("bad_shape", f"{path}{key} is {_kind(value)}, not a list")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")
