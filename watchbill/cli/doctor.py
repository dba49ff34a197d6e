"""What `watchbill check` looks at: the data directory, the database, advisories, the running server, mail, the witness, extras.

Each look answers with lines: fine, or what is the matter and what to do about it. Nothing is changed, nothing is sent, no secret is shown,
and Django is not loaded: a doctor must work when the patient does not.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import smtplib
import sqlite3
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from watchbill.base import clock, limits
from watchbill.base import witness as witnesses
from watchbill.base.datadir import DataDir, is_private
from watchbill.base.problem import Problem
from watchbill.base.settings import MailSettings, Settings
from watchbill.cli import server
from watchbill.cli.terminal import count
from watchbill.engines.dependencies.store import AdvisoryStore, StoreUnusable
from watchbill.intake.scans.freshness import of_store

State = Literal["ok", "note", "attention"]
FREE_BYTES = 1024**3
LOOP_LAG_SECONDS = 30.0
MAIL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `remedy` says what to do and stands on every line that needs attention."""

    state: State
    name: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: the settings in effect, the directory they mean, whether it is the sample company's, and the instant."""

    own: Settings
    data: DataDir
    sample: bool
    at: datetime


def look_at(patient: Patient) -> Iterator[Line]:
    """Every look, in the order in which trouble is best mended."""
    for look in (data_directory, database, running_server, advisories, mail, witness, extras):
        yield from look(patient)


def data_directory(patient: Patient) -> Iterator[Line]:
    """Is it there, ours alone, writable, with room on the disk, and are its keys private?"""
    path = patient.data.path
    if not path.is_dir():
        yield Line("note", "data directory", f"{path} does not exist yet.", "It is made at the first start: watchbill up")
        return
    yield _private(path, "data directory")
    if not os.access(path, os.W_OK | os.X_OK):
        yield Line("attention", "data directory", f"{path} can't be written by this user.", f"Run as its owner, or: chown -R $USER {path}")
    free = shutil.disk_usage(path).free
    if free < FREE_BYTES:
        yield Line(
            "attention", "disk", f"{free // 1024**2:,} MiB are free at {path}.", "Make room: nothing can be accepted on a full disk."
        )
    else:
        yield Line("ok", "disk", f"{free // 1024**3:,} GiB free")
    if patient.data.keys.is_dir():
        loose = [key for key in sorted(patient.data.keys.iterdir()) if not is_private(key)]
        yield from (Line("attention", "keys", f"{key} can be read by others.", f"chmod 600 {key}, then replace that key") for key in loose)
        if not loose:
            yield Line("ok", "keys", "readable by their owner only")


def _private(path: Path, name: str) -> Line:
    if is_private(path):
        return Line("ok", name, str(path))
    return Line("attention", name, f"{path} can be read by others.", f"chmod 700 {path}")


def database(patient: Patient) -> Iterator[Line]:
    """Can the embedded database be opened, and are its tables those of this version?"""
    if patient.own.database_url:
        yield from postgresql()
        return
    file = patient.data.database
    if not file.exists():
        yield Line("note", "database", "none yet", "It is made at the first start: watchbill up")
        return
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            applied = set(connection.execute("SELECT app, name FROM django_migrations"))
        finally:
            connection.close()
    except sqlite3.Error as error:
        yield Line(
            "attention", "database", f"{file} can't be read: {error}.", "Restore it from a backup, or look at its rights and its disk."
        )
        return
    waiting = sorted(migrations() - applied)
    if waiting:
        yield Line("note", "database", f"{len(waiting)} changes of tables are waiting", "The next start makes them: watchbill up")
    else:
        yield Line("ok", "database", f"{file.stat().st_size / 1024**2:,.1f} MiB, tables of this version")


def postgresql() -> Iterator[Line]:
    """Can the database be reached, who serves from it, and are audit events numbered in time?"""
    try:
        told = server.in_place().look_at_database()
    except (Problem, ImportError) as problem:
        remedy = getattr(problem, "remedy", "") or "pip install 'watchbill[postgres]'"
        yield Line("attention", "database", getattr(problem, "detail", "") or str(problem), remedy)
        return
    if told["waiting"]:
        yield Line("note", "database", f"PostgreSQL; {told['waiting']} changes of tables are waiting", "The next start makes them.")
    else:
        yield Line("ok", "database", "PostgreSQL, tables of this version")
    lag = told["lag"]
    text = f"{lag['pending']:,} events wait for their number, the oldest for {lag['oldest_seconds']:.1f} s"
    late = lag["oldest_seconds"] > limits.SEQUENCE_LATE_SECONDS
    yield Line("attention" if late else "ok", "trail", text, "Start a process that runs the loops: watchbill work" if late else "")
    yield from _workers(told["workers"])


def _workers(told: list[dict[str, Any]]) -> Iterator[Line]:
    for one in told:
        where = f", serving {one['address']}" if one["address"] else ""
        text = f"{one['role']} on {one['host']}, pid {one['pid']}{where}; last seen {one['silent_seconds']:.0f} s ago"
        if one["silent_seconds"] > limits.WORKER_GONE_SECONDS:
            yield Line("attention", "process", text, "It seems dead; the others take over. Start it again.")
        else:
            yield Line("ok", "process", text)
    roles = {one["role"] for one in told}
    if not roles & {"up", "work"}:
        yield Line("attention", "processes", "none runs the loops: nobody is paged", "Start one: watchbill work")
    if not roles & {"up", "web"}:
        yield Line("attention", "processes", "none serves pages", "Start one: watchbill web")


def migrations() -> set[tuple[str, str]]:
    """(room, name) of every change of tables that this version has, read from the names of files."""
    package = Path(__file__).resolve().parents[1]
    return {(file.parents[1].name, file.stem) for file in package.glob("**/migrations/0*.py")}


def running_server(patient: Patient) -> Iterator[Line]:
    """Does a server run here, do its writer and loops keep up, and does news get through?"""
    if patient.own.database_url:
        return  # each process beats in the database, which was looked at
    try:
        control = server.running(patient.data.path)
        if control is None:
            yield Line("note", "server", "none is running on this data directory", "Start it: watchbill up")
            return
        told = server.ask(control, "health", {})
    except Problem as problem:
        yield Line("attention", "server", f"{problem.title}: {problem.detail}", problem.remedy or "Look into the server's log.")
        return
    yield Line("ok", "server", f"running at {control.url}")
    yield from _writer(told["writer"])
    yield from _loops(told["loops"])
    yield from _witnesses(told.get("witness", {}))
    if told["stuck_news"]:
        yield Line(
            "attention",
            "news",
            f"{told['stuck_news']} deliveries fail again and again",
            "See Set-up in the web pages, and the server's log.",
        )


def _writer(told: dict[str, Any]) -> Iterator[Line]:
    if not told["running"]:
        yield Line("attention", "writer", "does not run: nothing can be accepted", "Restart the server.")
    elif told["stuck"]:
        detail = f"has been at one change for {told['busy_seconds']:.0f} s ({told['busy_with'] or 'unnamed'})"
        yield Line("attention", "writer", detail, "Look into the server's log; restart it if that goes on.")
    else:
        yield Line("ok", "writer", f"{told['urgent_waiting'] + told['slow_waiting']} waiting")


def _loops(told: list[dict[str, Any]]) -> Iterator[Line]:
    bad = [loop for loop in told if loop["last_error"] or loop["lag_seconds"] > LOOP_LAG_SECONDS]
    for loop in bad:
        why = loop["last_error"] or f"is {loop['lag_seconds']:.0f} s behind"
        yield Line("attention", f"loop {loop['name']}", why, "Look into the server's log.")
    if not told:
        yield Line("attention", "loops", "none runs: nothing that is due gets done", "Restart the server.")
    elif not bad:
        yield Line("ok", "loops", f"{len(told)} keep up")


def advisories(patient: Patient) -> Iterator[Line]:
    """Are there any, and how old are they?"""
    load = "watchbill advisories load PATH..."
    if not patient.data.advisories.exists():
        yield Line(_grave(patient), "advisories", "none are loaded: nothing can be called clean", load)
        return
    try:
        with AdvisoryStore.open(patient.data.advisories, create=False) as store:
            status, fresh = store.status(), of_store(store, patient.at)
    except StoreUnusable as error:
        yield Line("attention", "advisories", str(error), load)
        return
    if not status.advisories:
        yield Line(_grave(patient), "advisories", "none are loaded: nothing can be called clean", load)
        return
    exploited = count(status.kev_entries, "known-exploited entry", "known-exploited entries")
    held = f"{count(status.advisories, 'advisory', 'advisories')} and {exploited}"
    text = f"{held}. {fresh.sentence} {fresh.epss}".rstrip(" .")
    if fresh.failing:
        yield Line("attention", "advisories", f"the last update did not bring {'; '.join(fresh.failing)}", "watchbill advisories update")
    if fresh.stale and not patient.sample:
        yield Line("attention", "advisories", text, f"Load newer ones: {load}")
    elif not status.kev_entries:
        yield Line("note", "advisories", text, "Load a known-exploited catalogue too: without it nothing is known to be exploited.")
    else:
        yield Line("ok", "advisories", text)


def mail(patient: Patient) -> Iterator[Line]:
    """Does the mail server answer? No mail is sent and nobody signs in."""
    own = patient.own.mail
    if not own.host:
        yield Line(_grave(patient), "mail", "no mail server: nobody is paged by e-mail", "Set mail.host, mail.port and mail.sender.")
        return
    try:
        _greet(own)
    except (OSError, smtplib.SMTPException) as error:
        yield Line(
            "attention",
            "mail",
            f"{own.host}:{own.port} can't be used: {error}",
            "Correct mail.host, mail.port or mail.tls, or open the way.",
        )
        return
    yield Line("ok", "mail", f"{own.host}:{own.port} answers ({own.tls if own.tls != 'none' else 'no TLS'}); nothing was sent")


def _greet(own: MailSettings) -> None:
    """Connect as a delivery would, say hello and goodbye. Raises OSError or SMTPException."""
    context = ssl.create_default_context()
    if own.tls == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(own.host, own.port, timeout=MAIL_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(own.host, own.port, timeout=MAIL_SECONDS)
    with connection:
        if own.tls == "starttls":
            connection.starttls(context=context)
        connection.ehlo_or_helo_if_needed()


def witness(patient: Patient) -> Iterator[Line]:
    """Do checkpoints of the audit trail go anywhere out of this machine's reach?"""
    own = patient.own.witness
    places = witnesses.places(own)
    if not places:
        text = "none: whoever rules this machine could rewrite the trail unseen"
        remedy = 'Below [witness] in watchbill.toml, set one of: mail = ["auditor@example.org"], git, syslog, http, tlog, file.'
        yield Line(_grave(patient), "witness", text, remedy)
    if own.mail and not patient.own.mail.host:
        yield Line(
            "attention", "witness", "checkpoints are to be mailed, and there is no mail server", "Set mail.host, or take witness.mail out."
        )
    if own.git and shutil.which("git") is None:
        yield Line("attention", "witness", "git is to push, and it is not installed", "Install git, or take witness.git out.")
    if own.file and not Path(own.file).parent.is_dir():
        yield Line("attention", "witness", f"{Path(own.file).parent} is not there", "Mount it, or correct witness.file.")
        del places["file"]
    for name, place in places.items():
        yield Line("ok", f"witness {name}", place)


def _witnesses(told: dict[str, Any]) -> Iterator[Line]:
    """What the running server knows of each."""
    for one in told.get("each", ()):
        if one["problem"]:
            yield Line("attention", f"witness {one['name']}", f"{one['place']}: {one['problem']}", "It is tried again each minute.")
        elif one["late"]:
            text = f"{one['place']} has nothing since {one['behind_since']}"
            yield Line("attention", f"witness {one['name']}", text, "Look into the server's log: are checkpoints made?")


def extras(patient: Patient) -> Iterator[Line]:
    """Which feature that the settings ask for lacks its extra package?"""
    if patient.own.database_url and importlib.util.find_spec("psycopg") is None:
        yield Line("attention", "extras", "database_url is set and the PostgreSQL driver is not installed", "pip install 'psycopg[binary]'")
    else:
        yield Line("ok", "extras", "every feature that the settings ask for is installed")
    if importlib.util.find_spec("apprise") is None:
        text = "not installed: nobody can be reached through the services that Apprise knows"
        yield Line("note", "apprise", text, "pip install 'watchbill[apprise]' if somebody wants them")


def _grave(patient: Patient) -> State:
    """What a company of one's own can't do without, a sample can."""
    return "note" if patient.sample else "attention"


def patient_at(data: Path, own: Settings) -> Patient:
    """The patient in `data`, now."""
    return Patient(own, DataDir(data), sample=data.name == "sample", at=clock.now().astimezone(UTC))
