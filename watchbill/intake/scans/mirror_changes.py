"""Brings the few advisories that changed since the last archive, one by one, where the mirror lists its changes (`modified_id.csv`, as OSV
publishes it: a time and an id a line, newest first).

It is a short cut and nothing rests on it: where the list is missing, odd, too long, or leads to a document that is not there, the whole
archive is fetched as ever; and so it is once a day, because a list ordered by time can't show what was added with an older one.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from watchbill.base import outgoing
from watchbill.engines.dependencies.results import LoadReport, MirrorMark
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.engines.dependencies.store_load import mark_fact

ONE_BY_ONE = 200
LIST_BYTES = 256 * 1024
_WHOLE_AFTER = timedelta(hours=24)
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z),([A-Za-z0-9][A-Za-z0-9._:+~-]{0,199})", re.ASCII)


def bring_changes(store: AdvisoryStore, held: MirrorMark | None, url: str, now: datetime, until: float = math.inf) -> LoadReport | None:
    """Load what the list beside the archive at `url` names as newer than what is `held`, all or nothing; None when the archive has to be
    fetched instead, also past `until` (by the monotonic clock). Raises CallFailed when the mirror can't be reached, and LoadRefused.
    """
    if held is None or held.url != url or not held.newest or _is_old(held, now):
        return None
    base = url.removesuffix("all.zip")
    changed = changed_since(_head(base + "modified_id.csv"), held.newest)
    if changed is None or len(changed) > ONE_BY_ONE:
        return None
    documents = list(_documents(base, list(changed), until))
    if len(documents) != len(changed):
        return None
    report = store.load_advisories(documents)
    if changed:
        store.note(*mark_fact(replace(held, newest=max(changed.values()))))
    return report


def _is_old(held: MirrorMark, now: datetime) -> bool:
    return not held.at or now.astimezone(UTC) - datetime.fromisoformat(held.at) >= _WHOLE_AFTER


def _head(url: str) -> list[str]:
    """The whole lines of the list's beginning; none where there is no list."""
    try:
        answer = outgoing.request("GET", url, headers={"Range": f"bytes=0-{LIST_BYTES - 1}"})
    except outgoing.Refused:
        return []
    if answer.status not in (200, 206):
        return []
    lines = answer.body[:LIST_BYTES].decode("ascii", "replace").replace("\r\n", "\n").split("\n")
    is_part = answer.status == 206 or len(answer.body) > LIST_BYTES
    return lines[:-1] if is_part or not lines[-1] else lines


def changed_since(lines: list[str], newest: str) -> dict[str, str] | None:
    """Ids with their times that are later than `newest`, from lines ordered newest first; None when the list does not reach back to it, or
    is no such list."""
    found: dict[str, str] = {}
    before = "9999"
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match is None or match[1][:19] > before:
            return None
        before = match[1][:19]
        if before <= newest[:19]:
            return found
        found.setdefault(match[2], match[1])
    return None


def _documents(base: str, ids: list[str], until: float) -> Iterator[tuple[str, bytes]]:
    """Each advisory's bytes, while they are there and are what was asked for."""
    for ident in ids:
        if time.monotonic() > until:
            return
        url = f"{base}{quote(ident, safe='')}.json"
        try:
            answer = outgoing.request("GET", url)
        except outgoing.Refused:
            return
        if answer.status != 200 or not _is(ident, answer.body):
            return
        yield url, answer.body


def _is(ident: str, data: bytes) -> bool:
    try:
        document = json.loads(data)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("id") == ident
