"""kill -9 of every role of a Watchbill under traffic: what was answered for is there afterwards and was acted on; nothing keeps serving
without its parent; others go on; a page is doubled only if it was in flight; the audit trail verifies after every death.

Two deaths stand in the default suite. The long runs are marked `real`; `WATCHBILL_TEST_KILLS` says how many deaths each of them has.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import postgres_only, sqlite_only
from tests.stories.harness import ROOT, Client, free_port, start
from tests.stories.kills import ONE, TWO_SERVING, TWO_WORKING, Shape, die, house

KILLS = int(os.environ.get("WATCHBILL_TEST_KILLS", "20"))


def die_in_a_house_of(shape: Shape, times: int, home: Path, screen: pytest.CaptureFixture[str]) -> None:
    with house(home, shape) as own:
        told = die(own, times)
    with screen.disabled():
        sys.stdout.write(f"\n{' '.join(shape)}: {told}\n")


@pytest.mark.story
def test_after_two_deaths_nothing_that_was_answered_for_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    die_in_a_house_of(ONE, 2, tmp_path / "home", capsys)


@pytest.mark.real
@sqlite_only
def test_after_many_deaths_of_the_embedded_server_nothing_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    die_in_a_house_of(ONE, KILLS, tmp_path / "home", capsys)


@pytest.mark.real
@postgres_only
def test_after_many_deaths_of_one_server_on_postgresql_nothing_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    die_in_a_house_of(ONE, KILLS, tmp_path / "home", capsys)


@pytest.mark.real
@postgres_only
@pytest.mark.parametrize("shape", [TWO_WORKING, TWO_SERVING], ids=" ".join)
def test_while_one_of_three_dies_the_others_go_on_and_nothing_is_lost(
    tmp_path: Path, shape: Shape, capsys: pytest.CaptureFixture[str]
) -> None:
    die_in_a_house_of(shape, KILLS // 2, tmp_path / "home", capsys)


@pytest.mark.real
@sqlite_only
def test_a_second_server_on_the_same_data_refuses_and_says_why(tmp_path: Path) -> None:
    server = start(tmp_path, sample=False)
    try:
        environment = {**os.environ, "WATCHBILL_DATA": str(tmp_path), "WATCHBILL_ADDR": f"127.0.0.1:{free_port()}", "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-m", "watchbill.cli.main", "up"]
        second = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
        assert second.returncode == 2
        assert str(tmp_path) in second.stderr
        assert "Traceback" not in second.stderr
        assert server.is_up()
        assert Client(server.port).get("/healthz").json()["ok"]
    finally:
        server.stop()
