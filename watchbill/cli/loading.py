"""Loading advisories from the command line and saying what came of it; shared by `advisories load` and `advisories update`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from watchbill.cli import server
from watchbill.cli.terminal import columns, count, inert, say, say_json

REFUSED_SHOWN = 20
FORCE_HELP = "take also what shrank by more than half, and let corrections count that would close most of what is open"


def load(paths: Iterable[Path], *, as_json: bool, gone: tuple[str, ...] = (), force: bool = False) -> int:
    """Load the absolute `paths` as one; `gone` are those that an update missed. 0, or 2 when anything was refused or is gone."""
    answer = server.call("advisories.load", {"paths": [str(path) for path in paths], "force": force})
    report = answer["advisories"]
    if as_json:
        say_json({**answer, "gone": list(gone)})
    else:
        say(*_lines(answer, gone))
    return 2 if gone or report["refused_count"] else 0


def fetch(*, url: str, ecosystems: list[str], force: bool, as_json: bool) -> int:
    """Have the mirror's documents brought. 0, or 2 when any of them failed or an advisory was refused."""
    answer = server.call("advisories.update", {"from": url, "ecosystems": ecosystems, "force": force})
    if as_json:
        say_json(answer)
    else:
        say(*columns([(one["name"], one["outcome"], _size(one), one["text"]) for one in answer["brought"]], indent=""))
    failed = any(one["outcome"] == "failed" for one in answer["brought"])
    return 2 if failed or answer["refused"] else 0


def _size(one: dict[str, Any]) -> str:
    if not one["size"]:
        return ""
    fetched = one["size"] - one["kept"]
    kept = f" (of {one['size'] / 1e6:,.1f}; the rest was there)" if one["kept"] else ""
    return f"{fetched / 1e6:,.1f} MB{kept}"


def _lines(answer: dict[str, Any], gone: tuple[str, ...]) -> Iterator[str]:
    report = answer["advisories"]
    yield (
        f"{count(report['added'], 'advisory', 'advisories')} added, {report['changed']:,} changed, {report['unchanged']:,} as before; "
        f"{report['withdrawn']:,} of the new and changed ones are withdrawn."
    )
    for kev in answer["known_exploited"]:
        released = f", released {inert(kev['released'])}" if kev["released"] else ""
        entries = count(kev["entries"], "known-exploited entry", "known-exploited entries")
        yield f"{entries} (version {inert(kev['version'])}{released}): {kev['added']:,} added, {kev['removed']:,} removed."
    for scores in answer["scores"]:
        yield f"{count(scores['scores'], 'EPSS score')} of {inert(scores['date'])} (model {inert(scores['model'])})."
    if report["refused_count"]:
        yield f"{count(report['refused_count'], 'advisory', 'advisories')} could not be read:"
        yield from columns([(miss["where"], miss["reason"]) for miss in report["refused"][:REFUSED_SHOWN]])
    for path in gone:
        yield f"Gone since it was last loaded: {inert(path)}"
