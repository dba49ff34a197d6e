"""Sessions: Django's, written by the writer."""

import threading
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import connection, transaction
from django.utils import timezone

from tests.databases import sqlite_only
from watchbill.base import sessions, trail
from watchbill.base.sessions import SessionStore
from watchbill.base.writer import write

pytestmark = pytest.mark.usefixtures("writer_thread")


@pytest.fixture
def written_by(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that wrote."""
    seen: list[str] = []
    original = sessions._written

    def watched(fn):
        def noted():
            seen.append(threading.current_thread().name)
            return fn()

        return original(noted)

    monkeypatch.setattr(sessions, "_written", watched)
    return seen


def signed_in() -> SessionStore:
    session = SessionStore()
    session["person"] = "alice"
    session.save()
    return session


def test_a_session_is_kept() -> None:
    session = signed_in()
    assert SessionStore(session.session_key)["person"] == "alice"


@sqlite_only
def test_a_session_is_written_by_the_writer(written_by: list[str]) -> None:
    signed_in()
    assert set(written_by) == {"writer"}


def test_a_change_is_kept() -> None:
    session = signed_in()
    session["person"] = "bob"
    session.save()
    assert SessionStore(session.session_key)["person"] == "bob"


def test_signing_out_forgets_it(written_by: list[str]) -> None:
    session = signed_in()
    session.flush()
    assert SessionStore(session.session_key).get("person") is None
    assert not SessionStore().exists(session.session_key or "")


def test_a_new_key_at_sign_in_keeps_what_it_held() -> None:
    session = signed_in()
    before = session.session_key
    session.cycle_key()
    session.save()
    assert session.session_key != before
    assert SessionStore(session.session_key)["person"] == "alice"
    assert SessionStore(before).get("person") is None


def test_a_key_that_exists_is_not_created_again() -> None:
    session = signed_in()
    with pytest.raises(CreateError):
        SessionStore(session.session_key).save(must_create=True)


def test_a_session_deleted_meanwhile_is_not_brought_back() -> None:
    session = signed_in()
    SessionStore(session.session_key).delete()
    session["person"] = "charlie"
    with pytest.raises(UpdateError):
        session.save()


def test_inside_a_librarys_transaction_it_is_written_there(written_by: list[str]) -> None:
    with transaction.atomic():
        session = signed_in()
    assert "writer" not in written_by
    assert SessionStore(session.session_key)["person"] == "alice"


def test_a_librarys_transaction_that_fails_takes_the_session_back() -> None:
    session = SessionStore()
    session["person"] = "alice"

    def sign_in_halfway() -> None:
        with transaction.atomic():
            session.save()
            raise RuntimeError("the second factor failed")

    with pytest.raises(RuntimeError):
        sign_in_halfway()
    assert not SessionStore().exists(session.session_key or "")


def test_inside_a_write_it_joins() -> None:
    session = write(signed_in)
    assert SessionStore(session.session_key)["person"] == "alice"


def test_expired_sessions_are_cleared() -> None:
    session = signed_in()
    model = SessionStore.get_model_class()
    write(lambda: model.objects.filter(pk=session.session_key).update(expire_date=timezone.now() - timedelta(days=1)))
    fresh = signed_in()
    SessionStore.clear_expired()
    assert list(model.objects.values_list("pk", flat=True)) == [fresh.session_key]


def test_a_session_that_was_only_read_is_not_written(written_by: list[str]) -> None:
    session = signed_in()
    written_by.clear()
    again = SessionStore(session.session_key)
    assert again["person"] == "alice"
    assert not again.modified
    assert written_by == []


def test_sign_ins_leave_the_audit_trail_to_those_who_know_what_they_mean() -> None:
    signed_in()
    assert trail.size() == 0
    assert not connection.in_atomic_block
