"""Several processes on one PostgreSQL database: one that pages people is killed and the other goes on with what it had in hand; the
database goes away and comes back, and nothing but time is lost.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import databases
from tests.databases import postgres_only
from tests.stories.harness import Postbox, Server, eventually, running

pytestmark = [pytest.mark.story, postgres_only]
TAKEN_OVER_SECONDS = 15.0


def rows(home: Path, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(databases.url_of(home), autocommit=True) as connection:
        return connection.execute(question.encode()).fetchall()


@pytest.fixture
def postbox() -> Any:
    box = Postbox()
    yield box
    box.stop()


def roles(home: Path) -> Counter[str]:
    return Counter(role for (role,) in rows(home, "SELECT role FROM base_worker"))


def test_every_process_is_known_while_it_lives(tmp_path: Path, postbox: Postbox) -> None:
    with running(tmp_path, sample=False, postbox=postbox, web=2, work=1) as first:
        assert roles(tmp_path) == {"web": 2, "work": 1}
        assert {server.answers("/healthz") for server in (first, first.others[0])} == {True}
        shown = first.run("check", check=False).stdout
        assert shown.count("web ") + shown.count("work ") >= 3, shown
        first.others[1].stop()
        eventually(lambda: roles(tmp_path) == {"web": 2}, "the one that was stopped has left")


def test_what_a_killed_process_had_in_hand_is_taken_over(tmp_path: Path, postbox: Postbox) -> None:
    with running(tmp_path, sample=True, postbox=postbox, web=1, work=2) as first:
        eventually(lambda: postbox.messages[:1], "the first page by mail")
        held = "UPDATE paging_page SET state = 'sending', attempts = attempts + 1, lease_until = now() + interval '1 hour',"
        victim = first.others[0]
        (number,) = rows(tmp_path, f"SELECT id FROM base_worker WHERE pid = {victim.process.pid}")[0]
        # As if it had just claimed a page, to be sent within the hour.
        taken = rows(
            tmp_path,
            f"{held} next_at = now() + interval '1 hour', holder = {number} WHERE id ="
            " (SELECT id FROM paging_page WHERE channel = 'email' ORDER BY id LIMIT 1) RETURNING idem",
        )[0][0]
        rows(tmp_path, "UPDATE paging_alert SET state = 'triggered' RETURNING id")
        killed = time.monotonic()
        victim.kill()
        again = eventually(
            lambda: [message for message in postbox.messages if str(message["Message-ID"]).startswith(f"<{taken}@")][1:], "it goes again"
        )
        assert time.monotonic() - killed < TAKEN_OVER_SECONDS + 10, "a promise of 15 seconds, on a machine that may be busy"
        assert len(again) == 1
        assert roles(tmp_path) == {"web": 1, "work": 1}


def test_a_database_that_goes_away_is_told_as_busy_and_comes_back(tmp_path: Path, postbox: Postbox) -> None:
    with running(tmp_path, sample=True, postbox=postbox, web=1, work=1) as first:
        client = first.client()
        client.get(first.link)
        client.press("Sign in")
        name = databases.name_of(tmp_path)
        _allow(name, allowed=False)
        try:
            answer = eventually(lambda: _refused(first, client.cookies), "an answer of 503")
            assert "Retry-After" in answer or "retry-after" in answer
        finally:
            _allow(name, allowed=True)
        eventually(lambda: client.get("/").status == 200, "pages again")
        assert first.run("audit", "verify", check=False).returncode == 0


def _allow(name: str, *, allowed: bool) -> None:
    statements = [f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {str(allowed).lower()}']
    if not allowed:
        statements.append(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    databases.administer(*statements)


def _refused(server: Server, cookies: dict[str, str]) -> dict[str, str]:
    client = server.client()
    client.cookies = dict(cookies)
    answer = client.send("GET", "/findings/")
    return answer.headers if answer.status == 503 else {}
