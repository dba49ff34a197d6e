"""How a command gets a server verb done: through the running server when there is one, else in this process.

Only one process writes a data directory. A lock that is held decides whether a server runs; control.json says how to reach it. A server
that holds the lock and does not answer is a Problem, never a reason to write beside it.
"""

from __future__ import annotations

import getpass
import http.client
import importlib
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from watchbill.base import datadir, limits, settings
from watchbill.base.acting import Actor
from watchbill.base.datadir import Control
from watchbill.base.problem import Problem
from watchbill.cli import place

ANSWER_BYTES = 64 * limits.MIB
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 600.0
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.25
NOTHING_DONE_YET = ("server_starting", "already_running", "busy")
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a server that listens everywhere is reached at home


def call(verb: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The verb's answer. Raises Problem: what the verb said, or that the running server can't be reached.

    Waits a while for a server that is just starting, or too busy to begin writing: in both cases nothing was done yet.
    """
    data = place.enter()
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _once(data, verb, payload)
        except Problem as problem:
            wait = problem.retry_after or PAUSE_SECONDS
            if problem.code not in NOTHING_DONE_YET or time.monotonic() + wait > until:
                raise
            time.sleep(wait)


def _once(data: Path, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
    control = None if settings.settings().database_url else running(data)
    if control is not None:
        return ask(control, verb, payload)
    answer: dict[str, Any] = in_place().run(verb, payload, who())
    return answer


def in_place() -> Any:  # noqa: ANN401 - a module, loaded by name so that nothing else of this command line loads Django
    """The module that does things in this process. Loading it loads Django."""
    return importlib.import_module("watchbill.cli.in_place")


def who() -> Actor:
    """The person at this terminal, as the machine knows them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor("person", name, "cli")


def running(data: Path) -> Control | None:
    """How to reach the server that holds `data`; None when none does. Raises Problem when one does and left no way in."""
    if not datadir.is_locked(data):
        return None
    control = datadir.read_control(data)
    if control is None:
        detail = f"A server holds {data}, but {datadir.DataDir(data).control.name} there is missing, damaged, or open to others."
        raise Problem(
            "server_starting",
            "The running server can't be asked",
            detail,
            remedy="If it has just been started, try again in a moment. Otherwise restart it.",
            retryable=True,
            status=503,
        )
    return control


def ask(control: Control, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
    """One question to the running server. Raises Problem: the server's own, or that there was no whole answer."""
    try:
        status, body = _post(control, verb, json.dumps(payload).encode())
    except (OSError, http.client.HTTPException) as error:
        raise _no_answer(control, error) from error
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status == http.client.OK and isinstance(answer, dict):
        return answer
    if isinstance(answer, dict) and "title" in answer:
        raise problem_from(answer, status)
    detail = f"{control.url} answered {status} to {verb}, which is no answer of ours."
    raise Problem("server_unreachable", "The running server can't be asked", detail, remedy="Look into the server's log.", status=502)


def _post(control: Control, verb: str, body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(control.url)
    host = ANYWHERE.get(parts.hostname or "", parts.hostname or "")
    connection = http.client.HTTPConnection(host, parts.port or 80, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        # Whatever address it listens on, this name is always one that it answers to.
        headers = {
            "Host": "localhost",
            "Authorization": f"Bearer {control.token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Watchbill-Actor": quote(who().name),
        }
        connection.request("POST", f"/control/{quote(verb)}", body=body, headers=headers)
        response = connection.getresponse()
        data = response.read(ANSWER_BYTES + 1)
        if len(data) > ANSWER_BYTES:
            raise http.client.HTTPException(f"an answer of more than {ANSWER_BYTES} bytes")
        return response.status, data
    finally:
        connection.close()


def _no_answer(control: Control, error: Exception) -> Problem:
    detail = f"A server holds this data directory, and {control.url} gave no whole answer ({str(error) or type(error).__name__})."
    refused = isinstance(error, ConnectionRefusedError)
    return Problem(
        "server_starting" if refused else "server_unreachable",
        "The running server does not answer",
        detail if refused else f"{detail} Whether it did what was asked is not known.",
        remedy="See `watchbill check`; then run this again: commands may be repeated.",
        status=503,
        retryable=True,
    )


def problem_from(answer: dict[str, Any], status: int) -> Problem:
    """The Problem that the server sent as problem+json."""
    code = str(answer.get("type", "")).rpartition(":")[2] or "unknown"
    retry_after = answer.get("retry_after")
    return Problem(
        code,
        str(answer.get("title", "")),
        str(answer.get("detail", "")),
        field=str(answer.get("field", "")),
        remedy=str(answer.get("remedy", "")),
        status=status,
        retryable=bool(answer.get("retryable", False)),
        retry_after=float(retry_after) if isinstance(retry_after, int | float) else None,
    )
