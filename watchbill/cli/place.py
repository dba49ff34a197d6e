"""Which data directory a command means: the one that `watchbill up` would serve with the same environment. No Django here.

`up --sample` serves a folder of its own inside the directory until a company of one's own was begun; a command finds that folder without
being told.
"""

from __future__ import annotations

import os
from pathlib import Path

from watchbill.base import settings
from watchbill.sample import mark


def home() -> Path:
    """The directory that the environment or watchbill.toml names, absolute."""
    return settings.settings().data.resolve()


def enter_for_start(*, with_sample: bool) -> Path:
    """Choose for a start, and make this process (and what it becomes) use the choice; the home around it."""
    around = home()
    _use(around, around if _elsewhere() else mark.data_for(around, with_sample=with_sample))
    return around


def enter() -> Path:
    """Choose for a command, and make this process use the choice; the data directory, which need not exist yet."""
    around = home()
    chosen = around if _elsewhere() else choose(around)
    _use(around, chosen)
    return chosen


def _elsewhere() -> bool:
    """Is the company in a PostgreSQL database? Then that decides whether it is the sample, and the directory is what it is."""
    return bool(settings.settings().database_url)


def choose(around: Path) -> Path:
    """The sample's folder while that is what `up --sample` would serve and it was set up; `around` itself otherwise."""
    chosen = mark.data_for(around, with_sample=True)
    return chosen if chosen.is_dir() else around


def _use(around: Path, chosen: Path) -> None:
    os.umask(0o077)  # what Watchbill keeps is for its own user's eyes
    config = around / "watchbill.toml"
    if config.exists():
        os.environ.setdefault("WATCHBILL_CONFIG", str(config))
    os.environ["WATCHBILL_DATA"] = str(chosen)
    settings.forget()
