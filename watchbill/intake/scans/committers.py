"""Who changed a file last, from the git history of its checkout: a suggestion of whom to ask, never an owner.

A checkout may have been made by anybody, so git is run as argv without a shell, in an environment of our own, for a few seconds and a
few commits, with everything off by which a repository can make git run or fetch something (hooks, monitors, pagers, signature programs,
external diffs, lazy fetches, every transport). What can't be had is nobody: a suggestion is worth no failure.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from watchbill.base import limits
from watchbill.cases.findings.rules import clean_text

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # of a partial clone's missing objects none is fetched, whatever its own configuration allows
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
}
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.untrackedCache=false",
    "gpg.program=false",
    "log.follow=false",
    "log.mailmap=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "safe.directory=*",
)
_LOG = ("log", "--no-color", "--no-decorate", "--no-ext-diff", "--no-mailmap", "--no-notes", "--no-patch", "--no-show-signature",
        "--no-textconv", "--encoding=UTF-8", "--format=%an%x00%ae")  # fmt: skip
_LINE = re.compile(
    r"(?P<commits>[0-9]{1,3})/(?P<of>[0-9]{1,3}) (?P<name>[^<>\x00-\x1f\x7f]{0,120})<(?P<email>[^<>\s\x00-\x1f\x7f]{0,254})>"
)


class Committer(NamedTuple):
    """Somebody who changed a file: in how many of its last commits."""

    name: str
    email: str
    commits: int
    of: int


def last_committers(file: Path, seconds: float = limits.GIT_SECONDS) -> tuple[Committer, ...]:
    """Who made the last commits to this file, the busiest first; nobody where there is no history, no git, or not enough time."""
    git = shutil.which("git")
    if git is None or seconds <= 0:
        return ()
    settings = [word for one in _SETTINGS for word in ("-c", one)]
    count = f"--max-count={limits.GIT_COMMITS}"
    argv = [git, "--no-pager", "--literal-pathspecs", "-C", str(file.parent), *settings, *_LOG, count, "--", file.name]
    return tally(_output(argv, seconds))


def _output(argv: list[str], seconds: float) -> str:
    """What git says, up to the limit; "" when it fails or is not done in time."""
    try:
        running = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(), start_new_session=True
        )
    except OSError:
        return ""
    timer = threading.Timer(seconds, _end, (running,))
    timer.start()
    with running:
        data = running.stdout.read(limits.GIT_OUTPUT_BYTES) if running.stdout else b""
        if len(data) == limits.GIT_OUTPUT_BYTES:
            _end(running)
    timer.cancel()
    return data.decode("utf-8", "replace") if running.returncode == 0 else ""


def _environment() -> dict[str, str]:
    return {**_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath)}


def _end(running: "subprocess.Popen[bytes]") -> None:
    """Stop it, and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)


def tally(log: str) -> tuple[Committer, ...]:
    """The log's lines (name, NUL, address) counted by address, programs left out; the busiest first, then the most recent."""
    told = [line.partition("\0") for line in log.split("\n") if "\0" in line][: limits.GIT_COMMITS]
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, _, email in told:
        key = email.strip().lower()[:254]
        names.setdefault(key, name)
        counts[key] = counts.get(key, 0) + 1
    found = [Committer(clean_text(names[key], 120), key, number, len(told)) for key, number in counts.items()]
    people = [one for one in found if one.name and not one.name.endswith("[bot]")]
    return tuple(sorted(people, key=lambda one: -one.commits)[: limits.GIT_COMMITTERS])


def told_committers(text: str) -> tuple[Committer, ...]:
    """What a client says of them, lines such as "4/10 Alice Duarte <alice@saltmarsh.example>"; what is no such line is passed over."""
    found = [_LINE.fullmatch(line.strip()) for line in text[: limits.GIT_TOLD_CHARS].split("\n")]
    made = [Committer(clean_text(one["name"], 120), one["email"].lower(), int(one["commits"]), int(one["of"])) for one in found if one]
    return tuple(one for one in made if one.name and 0 < one.commits <= one.of)[: limits.GIT_COMMITTERS]


def phrases(committers: Iterable[Committer], names: Mapping[str, str]) -> tuple[str, ...]:
    """Each as a phrase, by the name the roster has for their address: "Alice Duarte (4 of the last 10 commits to this file)"."""
    return tuple(f"{names.get(one.email, one.name)} ({_share(one)})" for one in committers)


def _share(one: Committer) -> str:
    if one.of == 1:
        return "the only commit to this file"
    return (
        f"all {one.of} last commits to this file" if one.commits == one.of else f"{one.commits} of the last {one.of} commits to this file"
    )
