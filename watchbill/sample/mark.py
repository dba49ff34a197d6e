"""Which directory a start serves: the sample company's own folder, or the directory itself once a company of one's own was begun.

The mark is a small private file beside the sample's folder. It holds the token of the set-up link that was promised when the newcomer
left the sample, until the next start has made that link real. No Django here: the choice is made before anything is loaded.
"""

from __future__ import annotations

import json
from pathlib import Path

from watchbill.base.datadir import write_private
from watchbill.base.problem import Problem

_MARK = "own-company.json"
_SAMPLE = "sample"


def data_for(home: Path, *, with_sample: bool) -> Path:
    """The data directory to serve for a start in `home`."""
    own_begun = (home / _MARK).exists() or (home / "watchbill.db").exists()
    return home / _SAMPLE if with_sample and not own_begun else home


def promise(sample_data: Path, token: str) -> None:
    """Mark that the company in the directory around `sample_data` begins at the next start, with this set-up token."""
    write_private(sample_data.parent / _MARK, json.dumps({"token": token}).encode())


def promised(home: Path) -> str:
    """The promised set-up token, once; empty when there was no promise. Raises `Problem` for a damaged mark."""
    mark = home / _MARK
    if not mark.exists():
        return ""
    try:
        token = str(json.loads(mark.read_bytes()).get("token", ""))
    except (ValueError, AttributeError) as error:
        detail = f"{mark} can't be read: {error}"
        raise Problem("bad_mark", "The mark of the new company is damaged", detail, remedy=f"Delete {mark} and start again.") from error
    write_private(mark, b"{}")
    return token
