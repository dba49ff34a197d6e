"""Loading advisories from the command line and saying what came of it; shared by `advisories load` and `advisories update`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from watchbill.cli import server
from watchbill.cli.terminal import columns, count, inert, say, say_json

REFUSED_SHOWN = 20


def load(paths: Iterable[Path], *, as_json: bool, gone: tuple[str, ...] = ()) -> int:
    """Load the absolute `paths` as one; `gone` are those that an update missed. 0, or 2 when anything was refused or is gone."""
    answer = server.call("advisories.load", {"paths": [str(path) for path in paths]})
    report = answer["advisories"]
    if as_json:
        say_json({**answer, "gone": list(gone)})
    else:
        say(*_lines(report, answer["known_exploited"], gone))
    return 2 if gone or report["refused_count"] else 0


def _lines(report: dict[str, Any], catalogues: list[dict[str, Any]], gone: tuple[str, ...]) -> Iterator[str]:
    yield (
        f"{count(report['added'], 'advisory', 'advisories')} added, {report['changed']:,} changed, {report['unchanged']:,} as before; "
        f"{report['withdrawn']:,} of the new and changed ones are withdrawn."
    )
    for kev in catalogues:
        released = f", released {inert(kev['released'])}" if kev["released"] else ""
        entries = count(kev["entries"], "known-exploited entry", "known-exploited entries")
        yield f"{entries} (version {inert(kev['version'])}{released}): {kev['added']:,} added, {kev['removed']:,} removed."
    if report["refused_count"]:
        yield f"{count(report['refused_count'], 'advisory', 'advisories')} could not be read:"
        yield from columns([(miss["where"], miss["reason"]) for miss in report["refused"][:REFUSED_SHOWN]])
    for path in gone:
        yield f"Gone since it was last loaded: {inert(path)}"
