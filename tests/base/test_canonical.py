"""The hashed bytes of an audit event: one form only, the fast path equal to the plain one, everything inexact refused."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base import canonical, limits
from watchbill.base.canonical import NotCanonical, body_text, event_bytes, instant, moment

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
KEYS = st.text(st.characters(codec="ascii"), min_size=1, max_size=10)
VALUES = st.one_of(TEXT, st.integers(-limits.AUDIT_INT, limits.AUDIT_INT), st.booleans(), st.lists(TEXT, max_size=4))


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_time_is_27_letters_and_reads_back(at: datetime) -> None:
    assert len(moment(at)) == 27
    assert instant(moment(at)) == at


@given(st.lists(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1)), min_size=2))  # noqa: DTZ001 - as above
def test_texts_of_times_sort_as_the_times_do(times: list[datetime]) -> None:
    assert [instant(text) for text in sorted(map(moment, times))] == sorted(times)


def test_a_time_in_another_zone_is_written_in_utc() -> None:
    amsterdam = timezone(timedelta(hours=2))
    assert moment(datetime(2026, 6, 1, 11, 0, tzinfo=amsterdam)) == "2026-06-01T09:00:00.000000Z"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(NotCanonical, match="aware"):
        moment(datetime(2026, 6, 1))  # noqa: DTZ001 - the point


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_a_body_is_sorted_compact_and_reads_back(body: dict[str, Any]) -> None:
    text = body_text(body)
    assert json.loads(text) == body
    assert text == json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_the_order_of_keys_does_not_matter(body: dict[str, Any]) -> None:
    assert body_text(dict(reversed(body.items()))) == body_text(body)


@given(st.integers(1, 10**12), st.lists(TEXT, min_size=7, max_size=7), st.dictionaries(KEYS, VALUES, max_size=4))
def test_the_fast_way_writes_the_bytes_of_the_plain_way(seq: int, texts: list[str], body: dict[str, Any]) -> None:
    at = "2026-06-01T09:00:00.000000Z"
    row = (seq, at, at, *texts, body_text(body))
    plain = dict(zip(canonical.FIELDS, row, strict=True)) | {"body": body}
    assert event_bytes(row) == json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.5, id="a float"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param(None, id="null"),
        pytest.param({"a": "b"}, id="an object"),
        pytest.param([["nested"]], id="a list of lists"),
        pytest.param([1], id="a list of numbers"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({"a"}, id="a set"),
        pytest.param(datetime(2026, 6, 1, tzinfo=UTC), id="a time"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param(limits.AUDIT_INT + 1, id="a number past 2^53"),
        pytest.param(-limits.AUDIT_INT - 1, id="a number past -2^53"),
    ],
)
def test_what_has_no_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        body_text({"value": value})


@pytest.mark.parametrize("key", ["", "naïve", 7, None])
def test_an_odd_key_is_refused(key: Any) -> None:
    with pytest.raises(NotCanonical, match="ASCII"):
        body_text({key: "x"})


def test_the_largest_exact_numbers_are_taken() -> None:
    assert body_text({"n": limits.AUDIT_INT, "m": -limits.AUDIT_INT}) == '{"m":-9007199254740991,"n":9007199254740991}'


def test_a_body_has_a_limit_of_bytes() -> None:
    room = limits.AUDIT_BODY_BYTES - len('{"a":""}')
    assert body_text({"a": "x" * room})
    with pytest.raises(NotCanonical, match="bytes"):
        body_text({"a": "x" * (room + 1)})


def test_a_body_has_a_limit_of_keys() -> None:
    assert body_text({f"k{number}": number for number in range(limits.AUDIT_BODY_KEYS)})
    with pytest.raises(NotCanonical, match="keys"):
        body_text({f"k{number}": number for number in range(limits.AUDIT_BODY_KEYS + 1)})


def test_letters_outside_ascii_are_kept_as_they_are() -> None:
    assert body_text({"why": "señal – \u202e"}) == '{"why":"señal – \u202e"}'


def test_control_characters_are_escaped() -> None:
    assert body_text({"why": "a\x1b\n\x00"}) == '{"why":"a\\u001b\\n\\u0000"}'
