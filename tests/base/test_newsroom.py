"""News: at least once, in order per subject, never given up, and nobody's failure holds up somebody else."""

from datetime import timedelta

import pytest

from tests.conftest import SettableClock
from watchbill.base import limits, newsroom, state, subscriptions
from watchbill.base.models import Delivery, News
from watchbill.base.newsroom import deliver_due, forget_old, next_due, stuck, subscribe
from watchbill.base.subscriptions import NewsItem
from watchbill.base.writer import in_unit, news, write

pytestmark = pytest.mark.django_db


class Reader:
    """A subscriber that notes what it got, and fails on what it was told to."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.items: list[NewsItem] = []
        self.refuses: set[str] = set()

    def __call__(self, item: NewsItem) -> None:
        if f"{item.subject} {item.topic}" in self.refuses or item.subject in self.refuses:
            raise RuntimeError(f"can't take {item.subject}")
        self.items.append(item)
        self.got.append(f"{item.subject} {item.topic}")


@pytest.fixture(autouse=True)
def _only_our_subscribers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "_by_name", {})


@pytest.fixture
def alice() -> Reader:
    reader = Reader()
    subscribe("finding.*", "alice", reader)
    return reader


def tell(*lines: str) -> None:
    """Each line is "subject topic"; all in one write."""

    def all_of_it() -> None:
        for line in lines:
            subject, topic = line.split()
            news(topic, subject, {"line": line})

    write(all_of_it)


def test_news_reaches_its_subscriber(alice: Reader, clock: SettableClock) -> None:
    tell("finding:1 finding.opened")
    assert deliver_due(clock.now()) == 1
    item = alice.items[0]
    assert (item.topic, item.subject, item.body) == ("finding.opened", "finding:1", {"line": "finding:1 finding.opened"})
    assert item.created_at == clock.now()


def test_delivered_news_is_not_delivered_again(alice: Reader, clock: SettableClock) -> None:
    tell("finding:1 finding.opened")
    deliver_due(clock.now())
    assert deliver_due(clock.now()) == 0
    assert len(alice.got) == 1


@pytest.mark.parametrize(
    ("wanted", "told", "reaches"),
    [
        ("finding.opened", "finding.opened", True),
        ("finding.opened", "finding.opened_again", False),
        ("finding.*", "finding.fixed", True),
        ("finding.*", "findings.fixed", False),
        ("paging.*", "finding.fixed", False),
        ("*", "anything.at_all", True),
    ],
)
def test_a_subscriber_gets_the_topics_it_asked_for(wanted: str, told: str, reaches: bool, clock: SettableClock) -> None:
    bob = Reader()
    subscribe(wanted, "bob", bob)
    tell(f"x:1 {told}")
    deliver_due(clock.now())
    assert bool(bob.got) is reaches


def test_each_subscriber_gets_its_own_copy(alice: Reader, clock: SettableClock) -> None:
    bob = Reader()
    subscribe("finding.opened", "bob", bob)
    tell("finding:1 finding.opened")
    assert deliver_due(clock.now()) == 2
    assert alice.got == bob.got


def test_news_of_one_subject_comes_in_order(alice: Reader, clock: SettableClock) -> None:
    lines = [f"finding:1 finding.step{number}" for number in range(10)]
    tell(*lines)
    deliver_due(clock.now())
    assert alice.got == lines


def test_a_failure_holds_back_later_news_of_the_same_subject_only(alice: Reader, clock: SettableClock) -> None:
    alice.refuses = {"finding:1 finding.opened"}
    tell("finding:1 finding.opened", "finding:2 finding.opened", "finding:1 finding.fixed")
    assert deliver_due(clock.now()) == 1
    assert alice.got == ["finding:2 finding.opened"]


def test_after_its_pause_it_is_tried_again_and_order_is_kept(alice: Reader, clock: SettableClock) -> None:
    alice.refuses = {"finding:1 finding.opened"}
    tell("finding:1 finding.opened", "finding:1 finding.fixed")
    deliver_due(clock.now())
    alice.refuses = set()
    assert deliver_due(clock.now()) == 0
    clock.forward(seconds=limits.NEWS_RETRY_SECONDS[0])
    deliver_due(clock.now())
    deliver_due(clock.now())
    assert alice.got == ["finding:1 finding.opened", "finding:1 finding.fixed"]


def test_news_told_while_an_earlier_one_waits_stands_behind_it(alice: Reader, clock: SettableClock) -> None:
    alice.refuses = {"finding:1"}
    tell("finding:1 finding.opened")
    deliver_due(clock.now())
    tell("finding:1 finding.fixed")
    alice.refuses = set()
    assert deliver_due(clock.now()) == 0
    clock.forward(minutes=1)
    assert deliver_due(clock.now()) == 2
    assert alice.got == ["finding:1 finding.opened", "finding:1 finding.fixed"]


def test_one_subscribers_failure_is_not_anothers(alice: Reader, clock: SettableClock) -> None:
    bob = Reader()
    subscribe("finding.*", "bob", bob)
    alice.refuses = {"finding:1"}
    tell("finding:1 finding.opened")
    deliver_due(clock.now())
    assert bob.got == ["finding:1 finding.opened"]
    assert alice.got == []


def test_pauses_grow_and_then_stay(alice: Reader, clock: SettableClock) -> None:
    alice.refuses = {"finding:1"}
    tell("finding:1 finding.opened")
    pauses = []
    for _ in range(len(limits.NEWS_RETRY_SECONDS) + 2):
        deliver_due(clock.now())
        due = next_due()
        assert due is not None
        pauses.append(int((due - clock.now()).total_seconds()))
        clock.set(due)
    assert pauses == [*limits.NEWS_RETRY_SECONDS, limits.NEWS_RETRY_SECONDS[-1], limits.NEWS_RETRY_SECONDS[-1]]


def test_what_keeps_failing_is_shown_as_stuck_and_still_tried(alice: Reader, clock: SettableClock) -> None:
    alice.refuses = {"finding:1"}
    tell("finding:1 finding.opened")
    for _ in range(limits.NEWS_STUCK_AFTER):
        assert len(stuck()) == 0
        deliver_due(clock.now())
        clock.forward(hours=1)
    shown = stuck()[0]
    assert (shown.subscriber, shown.subject, shown.topic) == ("alice", "finding:1", "finding.opened")
    assert shown.attempts == limits.NEWS_STUCK_AFTER
    assert "can't take finding:1" in shown.last_error
    alice.refuses = set()
    deliver_due(clock.now())
    assert stuck() == []
    assert alice.got == ["finding:1 finding.opened"]


def test_news_behind_a_failed_one_is_not_counted_as_tried(alice: Reader, clock: SettableClock) -> None:
    alice.refuses = {"finding:1"}
    tell("finding:1 finding.opened", "finding:1 finding.fixed")
    deliver_due(clock.now())
    assert list(Delivery.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0]


def test_a_handler_runs_outside_of_any_write_and_may_write(clock: SettableClock) -> None:
    seen: list[bool] = []

    def note(item: NewsItem) -> None:
        seen.append(in_unit())
        write(lambda: state.put("noted", item.subject))

    subscribe("finding.*", "bob", note)
    tell("finding:1 finding.opened")
    deliver_due(clock.now())
    assert seen == [False]
    assert state.get("noted") == "finding:1"


def test_news_told_by_a_handler_is_delivered_in_a_later_turn(alice: Reader, clock: SettableClock) -> None:
    subscribe("scan.*", "bob", lambda item: tell("finding:9 finding.opened"))
    tell("scan:1 scan.finished")
    deliver_due(clock.now())
    deliver_due(clock.now())
    assert alice.got == ["finding:9 finding.opened"]


def test_a_process_that_died_while_delivering_delivers_again_after_the_lease(alice: Reader, clock: SettableClock) -> None:
    tell("finding:1 finding.opened")
    newsroom._claim(clock.now())  # claimed, and then the process was killed
    assert deliver_due(clock.now()) == 0
    clock.forward(seconds=limits.NEWS_LEASE_SECONDS)
    assert deliver_due(clock.now()) == 1
    assert alice.got == ["finding:1 finding.opened"]


def test_while_claimed_by_one_process_later_news_of_the_subject_waits(alice: Reader, clock: SettableClock) -> None:
    tell("finding:1 finding.opened")
    newsroom._claim(clock.now())
    tell("finding:1 finding.fixed")
    assert deliver_due(clock.now()) == 0


def test_news_without_subscribers_is_kept_but_owed_to_nobody(clock: SettableClock) -> None:
    tell("x:1 nobody.cares")
    assert News.objects.count() == 1
    assert next_due() is None


def test_news_for_a_subscriber_that_is_gone_is_dropped(alice: Reader, clock: SettableClock) -> None:
    tell("finding:1 finding.opened")
    subscriptions.remove("alice")
    deliver_due(clock.now())
    assert next_due() is None
    assert alice.got == []


def test_a_turn_claims_no_more_than_its_limit(alice: Reader, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NEWS_TURN", 3)
    tell(*(f"finding:{number} finding.opened" for number in range(5)))
    assert [deliver_due(clock.now()) for _ in range(3)] == [3, 2, 0]


def test_old_news_is_forgotten_once_everybody_has_it(alice: Reader, clock: SettableClock) -> None:
    tell("finding:1 finding.opened")
    deliver_due(clock.now())
    alice.refuses = {"finding:2"}
    tell("finding:2 finding.opened")
    deliver_due(clock.now())
    clock.forward(days=40)
    tell("finding:3 finding.opened")
    assert forget_old(clock.now() - timedelta(days=30)) == 1
    assert list(News.objects.order_by("pk").values_list("subject", flat=True)) == ["finding:2", "finding:3"]


def test_a_new_process_hands_over_at_once_what_the_dead_one_had_taken(alice: Reader, clock: SettableClock) -> None:
    write(lambda: news("finding.opened", "finding:1"))
    write(lambda: newsroom._claim(clock.now()))
    assert deliver_due(clock.now()) == 0
    assert write(lambda: newsroom.retake(clock.now())) == 1
    deliver_due(clock.now())
    assert alice.got == ["finding:1 finding.opened"]
