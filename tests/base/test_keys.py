"""Keys: made once, private, outside the database; links: signed, for one purpose, until a time."""

import base64
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base import keys, limits
from watchbill.base import settings as own
from watchbill.base.problem import Problem

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path))
    own.forget()
    yield tmp_path
    monkeypatch.undo()
    own.forget()


def forget_keys() -> None:
    keys._key.cache_clear()


def test_a_key_is_made_at_first_need_and_then_stays(data: Path) -> None:
    first = keys.link_key()
    forget_keys()
    assert keys.link_key() == first
    assert len(first) == 32


def test_keys_are_private_files_outside_the_database(data: Path) -> None:
    keys.link_key()
    keys.checkpoint_key()
    keys.django_secret()
    files = sorted((data / "keys").iterdir())
    assert [file.name for file in files] == ["checkpoints", "django", "links"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_each_purpose_has_a_key_of_its_own(data: Path) -> None:
    assert keys.link_key() != keys.checkpoint_key().private_bytes_raw()
    assert base64.urlsafe_b64decode(keys.django_secret()) != keys.link_key()


def test_a_key_that_others_may_read_is_refused(data: Path) -> None:
    keys.link_key()
    forget_keys()
    (data / "keys" / "links").chmod(0o644)
    with pytest.raises(Problem) as caught:
        keys.link_key()
    assert caught.value.code == "key_exposed"
    assert "chmod 600" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"AAAA", b"not base64 at all!"])
def test_a_damaged_key_is_never_replaced_silently(data: Path, content: bytes) -> None:
    keys.link_key()
    forget_keys()
    (data / "keys" / "links").write_bytes(content)
    with pytest.raises(Problem) as caught:
        keys.link_key()
    assert caught.value.code == "key_damaged"
    assert (data / "keys" / "links").read_bytes() == content


def test_of_two_processes_that_make_a_key_one_wins(data: Path) -> None:
    folder = data / "keys"
    folder.mkdir(mode=0o700)
    keys._make(folder, folder / "links")
    first = (folder / "links").read_bytes()
    keys._make(folder, folder / "links")
    assert (folder / "links").read_bytes() == first
    assert [file.name for file in folder.iterdir()] == ["links"]


def test_a_link_carries_its_payload_until_its_time() -> None:
    token = keys.sign("ack", "page:7", LATER)
    assert keys.unsign("ack", token, NOW) == "page:7"
    assert keys.unsign("ack", token, LATER - timedelta(seconds=1)) == "page:7"


def test_at_its_time_a_link_is_over() -> None:
    with pytest.raises(Problem) as caught:
        keys.unsign("ack", keys.sign("ack", "page:7", LATER), LATER)
    assert (caught.value.code, caught.value.status) == ("link_expired", 410)


def test_a_link_is_good_for_one_purpose_only() -> None:
    with pytest.raises(Problem) as caught:
        keys.unsign("sign-in", keys.sign("ack", "page:7", LATER), NOW)
    assert (caught.value.code, caught.value.status) == ("link_invalid", 404)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_any_text_can_be_carried_in_url_safe_letters(payload: str) -> None:
    token = keys.sign("ack", payload, LATER)
    assert keys.unsign("ack", token, NOW) == payload
    assert token.replace("-", "").replace("_", "").isalnum()


@given(st.integers(0, 200), st.integers(0, 63))
def test_no_changed_letter_is_accepted(where: int, letter: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = keys.sign("ack", "page:12", LATER)  # 28 bytes before base64: the last letter carries no spare bits but two
    at = where % (len(token) - 1)
    changed = token[:at] + alphabet[letter] + token[at + 1 :]
    if changed != token:
        with pytest.raises(Problem):
            keys.unsign("ack", changed, NOW)


@pytest.mark.parametrize("token", ["", "x", "!!!!", "é" * 40, "A" * 100, "A" * 100_000, "AAAA\n"])
def test_nonsense_is_no_link(token: str) -> None:
    with pytest.raises(Problem) as caught:
        keys.unsign("ack", token, NOW)
    assert caught.value.code == "link_invalid"


def test_a_payload_over_the_limit_is_refused() -> None:
    assert keys.sign("ack", "x" * limits.LINK_PAYLOAD_CHARS, LATER)
    with pytest.raises(ValueError):
        keys.sign("ack", "x" * (limits.LINK_PAYLOAD_CHARS + 1), LATER)


def test_another_installations_link_is_not_ours(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = keys.sign("ack", "page:7", LATER)
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path / "other"))
    own.forget()
    with pytest.raises(Problem):
        keys.unsign("ack", token, NOW)
