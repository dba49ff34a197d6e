"""Witnesses together: each describes itself, each is told by itself, and how each fares is known."""

import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest

from tests.conftest import SettableClock
from watchbill.base import limits, witness, witnessing
from watchbill.base import settings as own
from watchbill.base.acting import SYSTEM
from watchbill.base.checkpoints import checkpoint_now, witness_status
from watchbill.base.handover import Handover, Lost, Witness, WitnessFailed, WitnessHas, WitnessInfo, notes_in
from watchbill.base.models import Checkpoint, News, WitnessState
from watchbill.base.settings import WitnessSettings
from watchbill.base.writer import audit, write

ALL = sorted(witness.all_witnesses())


def something_happens() -> None:
    write(lambda: audit(SYSTEM, "finding.opened", "finding:1"))


def topics() -> list[str]:
    return list(News.objects.order_by("pk").values_list("topic", flat=True))


@dataclass
class Notary:
    """A witness at the edge, that does what it is told to."""

    INFO: WitnessInfo
    does: Callable[[Handover], None] = lambda _given: None
    where: str = "the notary's"
    taken: list[Handover] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def place(self, own: WitnessSettings) -> str:
        return self.where

    def hand_over(self, given: Handover, own: WitnessSettings) -> None:
        self.does(given)
        self.taken.append(given)
        self.kept.append(given.note)

    def read_back(self, own: WitnessSettings) -> list[str]:
        return self.kept


def notary(name: str = "notary", **how: object) -> Notary:
    info = WitnessInfo(name, name.title(), (), confirms=True, reads_back=True, example="", **how)  # type: ignore[arg-type]
    return Notary(info)


@pytest.fixture
def hire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes these the only witnesses there are."""

    def these(*ones: Witness) -> None:
        listed = MappingProxyType({one.INFO.name: one for one in ones})
        monkeypatch.setattr(witness, "all_witnesses", lambda: listed)

    yield these
    for _, thread in witnessing._out.threads.values():
        thread.join(5)
    witnessing._out.threads.clear()


def refusing(why: str) -> Callable[[Handover], None]:
    def refuse(_given: Handover) -> None:
        raise WitnessFailed(why)

    return refuse


class TestEachKind:
    """What holds for every module in the folder."""

    @pytest.mark.parametrize("name", ALL)
    def test_is_off_until_it_is_configured(self, name: str) -> None:
        assert witness.all_witnesses()[name].place(WitnessSettings()) == ""

    @pytest.mark.parametrize("name", ALL)
    def test_says_what_it_is_and_by_which_settings_it_works(self, name: str) -> None:
        info = witness.all_witnesses()[name].INFO
        assert (info.name, bool(info.title)) == (name, True)
        assert set(info.settings) <= set(WitnessSettings.__struct_fields__)
        assert info.minutes in ("", *info.settings)

    @pytest.mark.parametrize("name", ALL)
    def test_is_turned_on_by_its_example(self, name: str) -> None:
        info = witness.all_witnesses()[name].INFO
        given = msgspec.convert(tomllib.loads(info.example), WitnessSettings)
        assert list(witness.configured(given)) == [name]

    def test_all_settings_belong_to_a_witness(self) -> None:
        named = {key for one in witness.all_witnesses().values() for key in one.INFO.settings}
        rest = set(WitnessSettings.__struct_fields__) - named
        assert {name for name in rest if not name.endswith("_file")} == {"late_minutes"}

    def test_those_named_in_the_brief_are_there(self) -> None:
        assert {"file", "mail", "syslog", "git", "http", "tlog"} <= set(ALL)


@pytest.mark.django_db
class TestTelling:
    """Who is told what, and when."""

    def test_every_witness_gets_the_checkpoint(self, hire: Callable[..., None]) -> None:
        one, other = notary("one"), notary("other")
        hire(one, other)
        something_happens()
        made = checkpoint_now()
        assert made is not None
        assert [given.note for given in (*one.taken, *other.taken)] == [made.text, made.text]
        assert (one.taken[0].size, one.taken[0].root.hex(), one.taken[0].at) == (1, made.root, made.at)

    def test_one_that_has_it_is_not_told_again(self, hire: Callable[..., None]) -> None:
        one = notary()
        hire(one)
        something_happens()
        checkpoint_now()
        checkpoint_now()
        assert len(one.taken) == 1

    def test_one_that_fails_keeps_nobody_else_from_it(self, hire: Callable[..., None]) -> None:
        bad, good = notary("bad"), notary("good")
        bad.does = refusing("the disk is full")
        hire(bad, good)
        something_happens()
        made = checkpoint_now()
        assert made is not None
        assert len(good.taken) == 1
        assert made.witnessed_at is not None
        assert [(one.name, one.problem, one.size) for one in witness_status().each] == [("bad", "the disk is full", 0), ("good", "", 1)]

    def test_one_that_fails_gets_the_newest_the_next_time(self, hire: Callable[..., None]) -> None:
        one = notary()
        one.does = refusing("not now")
        hire(one)
        something_happens()
        checkpoint_now()
        something_happens()
        one.does = lambda _given: None
        checkpoint_now()
        assert [given.size for given in one.taken] == [2]

    def test_one_that_breaks_is_a_failure_like_any_other(self, hire: Callable[..., None]) -> None:
        one = notary()

        def break_down(_given: Handover) -> None:
            raise ZeroDivisionError("oops")

        one.does = break_down
        hire(one)
        something_happens()
        checkpoint_now()
        assert witness_status().problem == "ZeroDivisionError: oops"

    def test_one_whose_history_was_changed_says_so(self, hire: Callable[..., None]) -> None:
        one = notary()

        def lost(_given: Handover) -> None:
            raise Lost("the branch was rewritten")

        one.does = lost
        hire(one)
        something_happens()
        checkpoint_now()
        assert witness_status().problem == "the branch was rewritten"

    def test_one_that_hangs_holds_up_neither_the_others_nor_the_caller(self, hire: Callable[..., None]) -> None:
        released = threading.Event()
        slow, good = notary("a-slow"), notary("good")
        slow.does = lambda _given: released.wait(10) and None
        hire(slow, good)
        something_happens()
        made = checkpoint_now(patience=0.2)
        assert made is not None
        assert (len(slow.taken), len(good.taken), made.witnessed_at is not None) == (0, 1, True)
        released.set()

    def test_what_a_slow_one_took_is_known_at_the_next_checkpoint(self, hire: Callable[..., None]) -> None:
        released = threading.Event()
        slow = notary()
        slow.does = lambda _given: released.wait(10) and None
        hire(slow)
        something_happens()
        checkpoint_now(patience=0.05)
        assert checkpoint_now(patience=0.05) is not None  # not asked twice while it is at it
        released.set()
        next(iter(witnessing._out.threads.values()))[1].join(5)
        checkpoint_now()
        assert [given.size for given in slow.taken] == [1]
        assert witness_status().each[0].size == 1

    def test_one_that_never_answers_is_said_to_have_failed(self, hire: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
        released = threading.Event()
        slow = notary()
        slow.does = lambda _given: released.wait(10) and None
        hire(slow)
        monkeypatch.setattr(limits, "WITNESS_SECONDS", 0.0)
        something_happens()
        checkpoint_now(patience=0.05)
        checkpoint_now(patience=0.05)
        assert "no answer" in witness_status().problem
        assert topics() == ["base.witness_failed"]
        released.set()

    def test_one_that_waits_between_two_is_told_when_its_time_has_come(self, hire: Callable[..., None], clock: SettableClock) -> None:
        one = notary(minutes="mail_minutes")
        hire(one)
        for minutes in (0, 30, 29, 2):
            clock.forward(minutes=minutes)
            something_happens()
            checkpoint_now()
        assert [given.size for given in one.taken] == [1, 4]

    def test_one_at_another_place_begins_anew(self, hire: Callable[..., None]) -> None:
        one = notary()
        hire(one)
        something_happens()
        checkpoint_now()
        one.where = "somewhere else"
        checkpoint_now()
        assert len(one.taken) == 2

    def test_one_that_has_another_size_gets_the_proof_from_there(self, hire: Callable[..., None]) -> None:
        one = notary(proves=True)

        def has_two(given: Handover) -> None:
            if given.known != 2:
                raise WitnessHas(2, "it has 2 events")

        one.does = has_two
        hire(one)
        for _ in range(5):
            something_happens()
        checkpoint_now()
        checkpoint_now()
        assert [(given.known, given.size, len(given.proof)) for given in one.taken] == [(2, 5, 2)]

    def test_one_that_asks_for_no_proof_gets_none(self, hire: Callable[..., None]) -> None:
        one = notary()
        hire(one)
        for _ in range(2):
            something_happens()
            checkpoint_now()
        assert one.taken[1].proof == ()


@pytest.mark.django_db
class TestWhatIsSaid:
    """News and state."""

    def test_each_witness_has_news_of_its_own(self, hire: Callable[..., None]) -> None:
        bad, good = notary("bad"), notary("good")
        bad.does = refusing("no")
        hire(bad, good)
        something_happens()
        checkpoint_now()
        checkpoint_now()
        told = set(News.objects.values_list("topic", "subject"))
        assert told == {("base.witness_failed", "witness:bad"), ("base.witness_ok", "witness:good")}

    def test_news_is_told_only_when_it_changes(self, hire: Callable[..., None]) -> None:
        one = notary()
        hire(one)
        for does in (refusing("no"), refusing("never"), lambda _given: None, refusing("no")):
            one.does = does
            something_happens()
            checkpoint_now()
        assert topics() == ["base.witness_failed", "base.witness_ok", "base.witness_failed"]

    def test_a_witness_taken_away_is_news(self, hire: Callable[..., None]) -> None:
        hire(notary())
        something_happens()
        checkpoint_now()
        hire()
        checkpoint_now()
        assert topics() == ["base.witness_ok", "base.no_witness"]
        assert not WitnessState.objects.exists()

    def test_an_up_to_date_witness_is_not_late(self, hire: Callable[..., None], clock: SettableClock) -> None:
        hire(notary())
        something_happens()
        checkpoint_now()
        clock.forward(days=3)
        (one,) = witness_status().each
        assert (one.late, one.behind_since) == (False, None)

    def test_events_without_a_witness_for_too_long_are_late(self, hire: Callable[..., None], clock: SettableClock) -> None:
        hire(notary())
        something_happens()
        checkpoint_now()
        clock.forward(minutes=5)
        something_happens()
        since = clock.now()
        clock.forward(minutes=15)
        assert not witness_status().late
        clock.forward(minutes=1)
        status = witness_status()
        assert (status.late, status.each[0].behind_since) == (True, since)

    def test_one_witness_that_is_up_to_date_is_enough(self, hire: Callable[..., None], clock: SettableClock) -> None:
        bad, good = notary("bad"), notary("good")
        bad.does = refusing("no")
        hire(bad, good)
        something_happens()
        checkpoint_now()
        clock.forward(hours=2)
        status = witness_status()
        assert (status.late, [one.late for one in status.each]) == (False, [True, False])

    def test_one_that_waits_between_two_is_late_only_after_that(self, hire: Callable[..., None], clock: SettableClock) -> None:
        hire(notary(minutes="mail_minutes"))
        something_happens()
        clock.forward(minutes=75)
        assert not witness_status().late
        clock.forward(minutes=1)
        assert witness_status().late

    def test_reading_the_state_writes_nothing(self, hire: Callable[..., None]) -> None:
        hire(notary())
        something_happens()
        assert witness_status().configured
        assert not WitnessState.objects.exists()

    def test_a_witness_that_only_sends_marks_the_checkpoint_too(self, hire: Callable[..., None]) -> None:
        hire(notary())
        something_happens()
        checkpoint_now()
        assert Checkpoint.objects.get().witness == "the notary's"


def test_notes_are_found_whatever_stands_between_them() -> None:
    one, other = "log\n1\nAAAA\n\n\N{EM DASH} log AAAA\n", "log\n2\nBBBB\n\n\N{EM DASH} log BBBB\n\N{EM DASH} eve CCCC\n"
    assert notes_in(f"# kept by Charlie\n{one}\nrubbish\nlog\n7\n\n{other}") == [one, other]


def test_several_witnesses_are_shown_in_one_line(tmp_path: Path) -> None:
    given = WitnessSettings(file="/mnt/log", mail=["a@b.example", "c@d.example"])
    assert witness.places(given) == {"file": "/mnt/log", "mail": "a@b.example, c@d.example"}


@pytest.fixture(autouse=True)
def settings_afterwards() -> Iterator[None]:
    yield
    own.forget()
