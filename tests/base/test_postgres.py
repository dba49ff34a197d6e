"""What PostgreSQL needs said: its URL, and what its errors mean."""

from pathlib import Path

import psycopg
import pytest
from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection

from tests import databases
from tests.databases import postgres_only, sqlite_only
from watchbill.base import limits, postgres, state
from watchbill.base.postgres import as_problem, connection_lost, connection_settings, sqlstate, worth_repeating
from watchbill.base.problem import Problem
from watchbill.base.writer import write


def caused(kind: type[Error], cause: BaseException | None = None) -> Error:
    """As Django raises it: its own kind, because of the driver's."""
    error = kind("no luck")
    error.__cause__ = cause
    return error


def test_a_url_says_where_and_as_whom() -> None:
    told = connection_settings("postgresql://watch:p%40ss@db.example:5433/bill?sslmode=verify-full")
    assert (told["NAME"], told["USER"], told["PASSWORD"], told["HOST"], told["PORT"]) == ("bill", "watch", "p@ss", "db.example", "5433")
    assert told["OPTIONS"]["sslmode"] == "verify-full"


def test_a_url_may_lead_to_a_sockets_folder() -> None:
    told = connection_settings("postgresql://watch@/bill?host=/run/postgresql")
    assert (told["NAME"], told["HOST"], told["PORT"]) == ("bill", "/run/postgresql", "")


def test_every_connection_has_its_time_outs() -> None:
    given = connection_settings("postgres://db.example/bill?options=-c%20search_path%3Dours")["OPTIONS"]["options"]
    assert given.startswith("-c search_path=ours ")
    for name, seconds in (("statement_timeout", limits.POSTGRES_STATEMENT_SECONDS), ("lock_timeout", limits.POSTGRES_LOCK_SECONDS)):
        assert f"-c {name}={int(seconds * 1000)}" in given


@pytest.mark.parametrize("url", ["mysql://db.example/bill", "db.example", "postgresql://db.example:many/bill"])
def test_what_is_no_such_url_is_refused_with_the_setting_named(url: str) -> None:
    with pytest.raises(Problem) as refused:
        connection_settings(url)
    assert refused.value.field == "database_url"


@pytest.mark.parametrize(
    ("error", "repeat", "lost"),
    [
        (caused(OperationalError, psycopg.errors.DeadlockDetected()), True, False),
        (caused(OperationalError, psycopg.errors.SerializationFailure()), True, False),
        (caused(IntegrityError, psycopg.errors.UniqueViolation()), True, False),
        (caused(IntegrityError, psycopg.errors.ForeignKeyViolation()), False, False),
        (caused(OperationalError, psycopg.errors.LockNotAvailable()), False, False),
        (caused(OperationalError, psycopg.errors.AdminShutdown()), False, True),
        (caused(OperationalError, psycopg.errors.ConnectionFailure()), False, True),
        (caused(OperationalError, psycopg.OperationalError("connection refused")), False, True),
        (caused(InterfaceError), False, True),
        (caused(ProgrammingError), False, False),
    ],
    ids=lambda value: sqlstate(value) or type(value).__name__ if isinstance(value, Error) else str(value),
)
def test_errors_are_told_apart(error: Error, repeat: bool, lost: bool) -> None:
    assert (worth_repeating(error), connection_lost(error)) == (repeat, lost)


def test_an_error_that_is_no_databases_is_neither() -> None:
    assert (worth_repeating(LookupError()), connection_lost(LookupError()), as_problem(LookupError())) == (False, False, None)


@sqlite_only
def test_on_the_embedded_database_no_error_is_turned_into_another() -> None:
    assert as_problem(caused(OperationalError, psycopg.errors.AdminShutdown())) is None


@postgres_only
class TestOnPostgreSQL:
    @pytest.fixture(autouse=True)
    def _database(self, file_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "POSTGRES_PAUSE_SECONDS", 0.0001)

    @pytest.mark.parametrize("cause", [psycopg.errors.AdminShutdown(), psycopg.errors.LockNotAvailable(), psycopg.errors.QueryCanceled()])
    def test_what_passes_by_itself_is_told_as_busy(self, cause: psycopg.Error) -> None:
        problem = as_problem(caused(OperationalError, cause))
        assert problem is not None
        assert (problem.code, problem.status, problem.retryable) == ("busy", 503, True)

    def test_a_text_with_nul_is_the_askers_fault(self) -> None:
        problem = as_problem(caused(DataError).__class__("PostgreSQL text fields cannot contain NUL (0x00) bytes"))
        assert problem is not None
        assert problem.status == 422

    def test_a_fault_of_ours_stays_one(self) -> None:
        assert as_problem(caused(ProgrammingError, psycopg.errors.UndefinedTable())) is None

    def test_a_closure_in_somebodys_way_is_run_again(self) -> None:
        runs: list[int] = []

        def closure() -> str:
            runs.append(1)
            if len(runs) < 3:
                raise caused(OperationalError, psycopg.errors.DeadlockDetected())
            state.put("done", "yes")
            return "done"

        assert write(closure) == "done"
        assert (len(runs), state.get("done")) == (3, "yes")

    def test_but_not_for_ever(self) -> None:
        runs: list[int] = []

        def closure() -> None:
            runs.append(1)
            raise caused(OperationalError, psycopg.errors.DeadlockDetected())

        with pytest.raises(Problem, match="busy"):
            write(closure)
        assert len(runs) == limits.POSTGRES_TRIES

    def test_a_row_that_really_is_there_twice_is_told_as_it_was(self) -> None:
        def closure() -> None:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO base_fact VALUES ('a', 'b', now()), ('a', 'b', now())")

        with pytest.raises(IntegrityError):
            write(closure)

    @pytest.mark.parametrize("left_in_a_transaction", [False, True])
    def test_a_connection_that_died_is_taken_up_anew(self, file_database: Path, left_in_a_transaction: bool) -> None:
        """The server may end a connection at any moment, also between a rollback and the way out of the transaction's block."""
        if left_in_a_transaction:
            connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (number,) = cursor.fetchone()
        databases.administer(f"SELECT pg_terminate_backend({number})")
        write(lambda: state.put("it", "is there"))
        assert (state.get("it"), connection.in_atomic_block, connection.get_autocommit()) == ("is there", False, True)

    def test_a_connection_lost_at_the_commit_is_told_as_unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = connection._commit

        def commit() -> None:
            real()
            raise caused(OperationalError, psycopg.errors.AdminShutdown())

        monkeypatch.setattr(connection, "_commit", commit)
        with pytest.raises(Problem) as told:
            write(lambda: state.put("it", "is there"))
        monkeypatch.undo()
        assert (told.value.code, told.value.status) == ("outcome_unknown", 503)
        assert state.get("it") == "is there"

    def test_a_long_text_is_taken_as_the_embedded_database_takes_it(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO base_fact VALUES (repeat('a', 500), 'b', now())")
        assert state.get("a" * 500) == "b"


def test_the_words_for_who_starts_a_process_name_the_setting() -> None:
    problem = postgres.unreachable(caused(OperationalError, psycopg.OperationalError("connection refused")))
    assert problem is not None
    assert (problem.code, problem.field) == ("no_database", "database_url")
    assert postgres.unreachable(caused(ProgrammingError)) is None
