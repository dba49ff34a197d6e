"""`watchbill check`: each trouble has a line, each line that needs attention says what to do, and nothing is changed by looking."""

import importlib.util
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.test_server import Desk, desk, leave  # noqa: F401 - a fixture
from tests.databases import sqlite_only
from tests.stories.harness import Postbox
from watchbill.base import settings
from watchbill.base.datadir import DataDir
from watchbill.base.problem import Problem
from watchbill.cli import doctor
from watchbill.cli.doctor import Line, Patient
from watchbill.engines.dependencies.store import AdvisoryStore

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def data(home: Path) -> DataDir:
    return DataDir(home).prepare()


def patient(data: DataDir, *, sample: bool = False) -> Patient:
    settings.forget()
    return Patient(settings.settings(), data, sample, NOW)


def troubles(lines: Iterator[Line]) -> list[str]:
    return [line.name for line in lines if line.state == "attention"]


@sqlite_only
def test_an_empty_place_is_looked_at_and_left_alone(here, home: Path) -> None:
    ran = here("check")
    assert "does not exist yet" in ran.out
    assert not home.exists()


@sqlite_only
def test_every_setting_is_shown_with_where_it_came_from(here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_MAIL_PORT", "2525")
    shown = {row["name"]: row for row in here("check", "--json").json()["settings"]}
    assert shown["mail.port"] == {"name": "mail.port", "value": "2525", "origin": "WATCHBILL_MAIL_PORT"}
    assert shown["timezone"]["origin"] == "default"
    assert set(shown) == set(settings.names())


def test_a_secret_is_never_shown(here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_MAIL_PASSWORD", "hunter22")
    ran = here("check")
    assert "hunter22" not in ran.out + ran.err + here("check", "--json").out


def test_settings_that_cannot_be_read_are_the_trouble(here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_MIAL_HOST", "x")
    settings.forget()
    ran = here("check")
    assert ran.code == 1
    assert "WATCHBILL_MAIL_HOST" in ran.out


@sqlite_only
def test_every_line_that_needs_attention_says_what_to_do(here) -> None:
    lines = here("check", "--json").json()["lines"]
    assert [line["name"] for line in lines if line["state"] == "attention" and not line["remedy"]] == []


@sqlite_only
def test_a_company_of_ones_own_without_mail_advisories_and_witness_needs_attention(here) -> None:
    ran = here("check")
    assert ran.code == 1
    assert ran.out.endswith("3 things need attention.\n")


@sqlite_only
def test_the_sample_company_needs_none_of_these(here, home: Path) -> None:
    DataDir(home / "sample").prepare()
    ran = here("check")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "All is well.")


def test_a_data_directory_open_to_others_needs_attention(data: DataDir) -> None:
    data.path.chmod(0o755)
    assert troubles(doctor.data_directory(patient(data))) == ["data directory"]


def test_a_private_data_directory_is_fine(data: DataDir) -> None:
    assert troubles(doctor.data_directory(patient(data))) == []


def test_a_key_that_others_can_read_needs_attention(data: DataDir) -> None:
    (data.keys / "links").write_bytes(b"x")
    (data.keys / "links").chmod(0o644)
    (line,) = [line for line in doctor.data_directory(patient(data)) if line.state == "attention"]
    assert (line.name, "chmod 600" in line.remedy) == ("keys", True)


def test_a_full_disk_needs_attention(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES", 2**80)
    assert troubles(doctor.data_directory(patient(data))) == ["disk"]


@sqlite_only
def test_a_file_that_is_no_database_needs_attention(data: DataDir) -> None:
    data.database.write_bytes(b"this is no database, whatever its name says" * 40)
    assert troubles(doctor.database(patient(data))) == ["database"]


@sqlite_only
def test_tables_of_an_older_version_are_noted(data: DataDir) -> None:
    connection = sqlite3.connect(data.database)
    connection.execute("CREATE TABLE django_migrations (app TEXT, name TEXT)")
    connection.executemany("INSERT INTO django_migrations VALUES (?, ?)", sorted(doctor.migrations())[1:])
    connection.commit()
    connection.close()
    (line,) = doctor.database(patient(data))
    assert (line.state, line.text) == ("note", "1 changes of tables are waiting")


@sqlite_only
def test_tables_of_this_version_are_fine(data: DataDir) -> None:
    connection = sqlite3.connect(data.database)
    connection.execute("CREATE TABLE django_migrations (app TEXT, name TEXT)")
    connection.executemany("INSERT INTO django_migrations VALUES (?, ?)", doctor.migrations())
    connection.commit()
    connection.close()
    assert [line.state for line in doctor.database(patient(data))] == ["ok"]


def test_every_room_with_tables_is_known_by_its_migrations() -> None:
    assert {"base", "roster", "paging"} <= {room for room, _ in doctor.migrations()}


def load(data: DataDir, folder: Path, at: datetime) -> None:
    with AdvisoryStore.open(data.advisories, clock=lambda: at) as store:
        store.load([folder])


def test_no_advisories_need_attention(data: DataDir) -> None:
    assert troubles(doctor.advisories(patient(data))) == ["advisories"]


def test_advisories_of_last_week_are_fine(data: DataDir, advisories: Path) -> None:
    load(data, advisories, NOW - timedelta(days=6))
    assert troubles(doctor.advisories(patient(data))) == []


def test_advisories_of_the_week_before_need_attention(data: DataDir, advisories: Path) -> None:
    load(data, advisories, NOW - timedelta(days=8))
    assert troubles(doctor.advisories(patient(data))) == ["advisories"]


def test_old_advisories_are_fine_in_the_sample_company(data: DataDir, advisories: Path) -> None:
    load(data, advisories, NOW - timedelta(days=80))
    assert troubles(doctor.advisories(patient(data, sample=True))) == []


def test_a_damaged_store_needs_attention(data: DataDir) -> None:
    data.advisories.write_bytes(b"nonsense" * 1000)
    assert troubles(doctor.advisories(patient(data))) == ["advisories"]


HEALTH = {
    "writer": {"running": True, "stuck": False, "busy_seconds": 0.0, "busy_with": "", "urgent_waiting": 0, "slow_waiting": 0},
    "loops": [{"name": "pages", "lag_seconds": 0.1, "last_error": ""}],
    "stuck_news": 0,
}


def asked(desk: Desk, data: DataDir, **worse: object) -> list[str]:  # noqa: F811 - the fixture's value
    desk.then(200, HEALTH | worse)
    return troubles(doctor.running_server(patient(data)))


def test_a_healthy_server_is_fine(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data) == []


@sqlite_only
def test_a_writer_that_does_not_run_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data, writer=HEALTH["writer"] | {"running": False}) == ["writer"]


@sqlite_only
def test_a_writer_that_is_stuck_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data, writer=HEALTH["writer"] | {"stuck": True, "busy_seconds": 99.0}) == ["writer"]


@sqlite_only
def test_a_loop_that_lags_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data, loops=[{"name": "pages", "lag_seconds": 31.0, "last_error": ""}]) == ["loop pages"]


@sqlite_only
def test_a_loop_that_fails_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data, loops=[{"name": "news", "lag_seconds": 0.0, "last_error": "boom"}]) == ["loop news"]


@sqlite_only
def test_no_loops_at_all_need_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data, loops=[]) == ["loops"]


@sqlite_only
def test_news_that_does_not_arrive_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    assert asked(desk, data, stuck_news=2) == ["news"]


@sqlite_only
def test_a_server_that_does_not_answer_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    leave(data.path, "http://127.0.0.1:1")
    assert troubles(doctor.running_server(patient(data))) == ["server"]


@sqlite_only
def test_a_server_that_says_no_needs_attention(desk: Desk, data: DataDir) -> None:  # noqa: F811 - the fixture
    desk.then(403, Problem("forbidden", "Not allowed", "Wrong key.").as_dict())
    assert troubles(doctor.running_server(patient(data))) == ["server"]


@sqlite_only
def test_no_server_is_only_noted(data: DataDir) -> None:
    assert [line.state for line in doctor.running_server(patient(data))] == ["note"]


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A real mail server on loopback, which the settings name."""
    box = Postbox()
    monkeypatch.setenv("WATCHBILL_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("WATCHBILL_MAIL_PORT", str(box.port))
    monkeypatch.setenv("WATCHBILL_MAIL_TLS", "none")
    yield box
    box.stop()


def test_a_mail_server_that_answers_is_fine_and_is_sent_nothing(data: DataDir, postbox: Postbox) -> None:
    assert ([line.state for line in doctor.mail(patient(data))], postbox.messages) == (["ok"], [])


def test_a_mail_server_that_is_not_there_needs_attention(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("WATCHBILL_MAIL_PORT", "1")
    assert troubles(doctor.mail(patient(data))) == ["mail"]


def test_a_mail_server_without_the_tls_asked_for_needs_attention(data: DataDir, postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_MAIL_TLS", "starttls")
    assert troubles(doctor.mail(patient(data))) == ["mail"]


def test_a_witness_whose_folder_is_gone_needs_attention(data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WATCHBILL_WITNESS_FILE", str(tmp_path / "gone" / "log"))
    assert troubles(doctor.witness(patient(data))) == ["witness"]


def test_a_witness_is_fine(data: DataDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WATCHBILL_WITNESS_FILE", str(tmp_path / "log"))
    assert troubles(doctor.witness(patient(data))) == []


def test_postgresql_without_its_driver_needs_attention(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_DATABASE_URL", "postgresql://u:p@db.example/w")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: None)
    assert troubles(doctor.extras(patient(data))) == ["extras"]


class Told:
    """The door to the database, saying what it is told to."""

    def __init__(self, workers: list[dict[str, object]], waiting: int = 0, seconds: float = 0.0) -> None:
        self.answer = {"waiting": waiting, "lag": {"pending": int(seconds > 0), "oldest_seconds": seconds}, "workers": workers}

    def look_at_database(self) -> dict[str, object]:
        return self.answer


def worker(role: str, silent: float = 1.0) -> dict[str, object]:
    return {"role": role, "host": "quay-1", "pid": 412, "address": "127.0.0.1:8080" if role != "work" else "", "silent_seconds": silent}


@pytest.mark.parametrize(
    ("told", "bad"),
    [
        (Told([worker("up")]), []),
        (Told([worker("web"), worker("work")]), []),
        (Told([worker("web")]), ["processes"]),
        (Told([worker("work")]), ["processes"]),
        (Told([]), ["processes", "processes"]),
        (Told([worker("up"), worker("work", silent=11.0)]), ["process"]),
        (Told([worker("up")], seconds=11.0), ["trail"]),
        (Told([worker("up")], waiting=2), []),
    ],
)
def test_postgresql_is_looked_at_with_who_serves_from_it(monkeypatch: pytest.MonkeyPatch, told: Told, bad: list[str]) -> None:
    monkeypatch.setattr(doctor.server, "in_place", lambda: told)
    assert troubles(doctor.postgresql()) == bad


def test_postgresql_that_can_not_be_reached_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Told:
        raise Problem("no_database", "No database", "The database can't be reached.", remedy="Start PostgreSQL.")

    monkeypatch.setattr(doctor.server, "in_place", gone)
    (line,) = doctor.postgresql()
    assert (line.state, line.name, line.remedy) == ("attention", "database", "Start PostgreSQL.")


@sqlite_only
def test_looking_leaves_no_thread_behind(data: DataDir) -> None:
    before = threading.active_count()
    list(doctor.look_at(patient(data)))
    assert threading.active_count() == before


def test_without_apprise_the_doctor_says_what_is_missing_and_minds_it_little(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "apprise" else real(name, *rest))
    (told,) = [line for line in doctor.extras(patient(data)) if line.name == "apprise"]
    assert told.state == "note"
    assert "watchbill[apprise]" in told.remedy


@pytest.mark.parametrize(
    ("name", "value"), [("MAIL", "auditor@example.org"), ("SYSLOG", "tls://logs.example"), ("HTTP", "https://w.example")]
)
def test_each_witness_has_a_line(data: DataDir, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("WATCHBILL_MAIL_HOST", "mail.example")
    monkeypatch.setenv(f"WATCHBILL_WITNESS_{name}", value)
    (line,) = doctor.witness(patient(data))
    assert (line.state, line.name, line.text) == ("ok", f"witness {name.lower()}", value)


def test_a_witness_by_mail_without_a_mail_server_needs_attention(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_WITNESS_MAIL", "auditor@example.org")
    assert troubles(doctor.witness(patient(data))) == ["witness"]


def test_a_witness_by_git_without_git_needs_attention(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_WITNESS_GIT", "git@git.example:checkpoints.git")
    monkeypatch.setenv("PATH", "")
    assert troubles(doctor.witness(patient(data))) == ["witness"]


def test_without_a_witness_the_remedy_is_a_line_to_write(data: DataDir) -> None:
    (line,) = doctor.witness(patient(data))
    assert 'mail = ["auditor@example.org"]' in line.remedy


@pytest.mark.parametrize(
    ("problem", "late", "troubled"), [("", False, []), ("Is a directory", False, ["witness file"]), ("", True, ["witness file"])]
)
def test_a_running_server_tells_how_each_witness_fares(problem: str, late: bool, troubled: list[str]) -> None:
    one = {"name": "file", "place": "/mnt/log", "problem": problem, "late": late, "behind_since": "2026-06-01T09:00:00Z"}
    assert troubles(doctor._witnesses({"each": [one]})) == troubled
