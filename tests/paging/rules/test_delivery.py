"""What follows a try: sent, another try, or failed and another way."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.paging.rules.delivery import (
    BACKOFF_SECONDS,
    LONGEST_RETRY_AFTER,
    AfterFailure,
    PersonPage,
    after_failure,
    after_try,
    http_outcome,
    retry_after_seconds,
    retry_delay,
)
from watchbill.paging.rules.messages import Outcome, Reject, Retry, Sent, Unknown
from watchbill.paging.rules.words import PageState

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)


def after(outcome: Outcome, attempts: int = 1, rings: bool = True) -> tuple[PageState, datetime | None, str, str]:
    told = after_try(outcome, attempts=attempts, idem="p1", now=NINE, alert_rings=rings)
    return told.state, told.next_at, told.receipt, told.error


def test_a_sent_page_keeps_its_receipt() -> None:
    assert after(Sent("id-1")) == (PageState.SENT, None, "id-1", "")


def test_a_rejected_page_has_failed_for_good() -> None:
    assert after(Reject("no such mailbox")) == (PageState.FAILED, None, "", "no such mailbox")


def test_a_page_to_be_retried_is_planned_again_soon() -> None:
    state, at, _, error = after(Retry("answered 503"))
    assert (state, error) == (PageState.PLANNED, "answered 503")
    assert at is not None
    assert timedelta(seconds=5) <= at - NINE <= timedelta(seconds=6)


def test_an_unknown_outcome_is_sent_again_rather_than_lost() -> None:
    state, at, _, error = after(Unknown("no answer in 10 s"))
    assert state is PageState.PLANNED
    assert at is not None
    assert "nobody knows whether it arrived" in error


def test_a_try_that_did_not_work_is_not_repeated_once_somebody_has_it() -> None:
    assert after(Retry("answered 503"), rings=False)[:2] == (PageState.CANCELLED, None)


def test_a_try_that_worked_counts_even_after_somebody_has_it() -> None:
    assert after(Sent("id-1"), rings=False)[0] is PageState.SENT


def test_retries_go_on_for_as_long_as_the_alert_rings() -> None:
    assert after(Retry("answered 503"), attempts=10_000)[0] is PageState.PLANNED


def test_the_providers_wish_is_honoured() -> None:
    assert retry_delay(1, "p1", 90.0) == timedelta(seconds=90)


def test_a_wish_shorter_than_our_own_pause_does_not_shorten_it() -> None:
    assert retry_delay(4, "p1", 0.0) >= timedelta(seconds=BACKOFF_SECONDS[3])


def test_a_wish_of_days_is_cut_to_an_hour() -> None:
    assert retry_delay(1, "p1", 9e9) == timedelta(seconds=LONGEST_RETRY_AFTER)


@given(st.integers(1, 1000), st.text(max_size=40), st.none() | st.floats(-1e12, 1e12))
def test_a_pause_is_always_within_its_bounds(attempts: int, idem: str, wish: float | None) -> None:
    pause = retry_delay(attempts, idem, wish).total_seconds()
    assert BACKOFF_SECONDS[0] <= pause <= max(LONGEST_RETRY_AFTER, BACKOFF_SECONDS[-1] * 1.2)
    assert pause == retry_delay(attempts, idem, wish).total_seconds()


def page(number: int, channel: str, state: PageState, seconds: int = 0) -> PersonPage:
    return PersonPage(number, channel, state, NINE + timedelta(seconds=seconds))


def test_after_a_failure_the_next_way_goes_at_once() -> None:
    others = [page(1, "desk", PageState.SENT), page(2, "webhook", PageState.PLANNED, 300), page(3, "ntfy", PageState.PLANNED, 60)]
    assert after_failure(others) == AfterFailure(3, False)


def test_with_only_the_desk_left_a_person_is_unreachable() -> None:
    assert after_failure([page(1, "desk", PageState.SENT)]) == AfterFailure(None, True)


def test_a_waiting_desk_page_is_no_way_out() -> None:
    assert after_failure([page(1, "desk", PageState.PLANNED)]) == AfterFailure(None, True)


@pytest.mark.parametrize("state", [PageState.SENT, PageState.SENDING, PageState.HELD])
def test_somebody_with_another_way_under_way_is_not_unreachable(state: PageState) -> None:
    assert after_failure([page(2, "ntfy", state)]) == AfterFailure(None, False)


@pytest.mark.parametrize("state", [PageState.FAILED, PageState.SKIPPED, PageState.CANCELLED])
def test_ways_that_never_ring_do_not_make_somebody_reachable(state: PageState) -> None:
    assert after_failure([page(2, "ntfy", state)]) == AfterFailure(None, True)


@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), (" 5 ", 5.0), ("0", 0.0)])
def test_retry_after_in_seconds_is_read(header: str, seconds: float) -> None:
    assert retry_after_seconds(header, NINE) == seconds


def test_retry_after_as_a_date_is_read() -> None:
    assert retry_after_seconds("Mon, 01 Jun 2026 09:02:00 GMT", NINE) == 120.0


def test_retry_after_in_the_past_is_no_wait() -> None:
    assert retry_after_seconds("Mon, 01 Jun 2026 08:00:00 GMT", NINE) == 0.0


@pytest.mark.parametrize("header", ["", "soon", "-5", "1e9", "9" * 40, "٣", "Mon, 99 Foo 2026", "\x00"])
def test_nonsense_in_retry_after_leaves_our_own_pause(header: str) -> None:
    assert retry_after_seconds(header, NINE) is None


@given(st.text(max_size=60))
def test_no_retry_after_header_can_hurt(header: str) -> None:
    told = retry_after_seconds(header, NINE)
    assert told is None or told >= 0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_took_it(status: int) -> None:
    assert http_outcome(status, "id-1", None) == Sent("id-1")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_work_later_is_tried_later(status: int) -> None:
    assert http_outcome(status, "id-1", 7.0) == Retry(f"answered {status}", 7.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_never_works_is_rejected(status: int) -> None:
    assert http_outcome(status, "id-1", None) == Reject(f"answered {status}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_rejected_with_its_remedy(status: int) -> None:
    told = http_outcome(status, "id-1", None)
    assert isinstance(told, Reject)
    assert "final address" in told.reason
