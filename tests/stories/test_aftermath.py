"""The kill harness's own judgement: it finds what a death must not leave behind. No server is started here."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

import pytest

from tests.stories.aftermath import FIELDS, Ask, Trail, exact, look, look_at_the_end, pages_at_the_end
from tests.stories.traffic import BATCH, SOURCE, Told
from watchbill.engines.merkle.frontier import Frontier

TABLES = f"""
create table audit_event ({", ".join(FIELDS)}, leaf);
create table audit_frontier (state);
create table audit_pending (target, action);
create table base_change (id, summary, source);
create table base_inbox (id, state);
create table incidents_incident (id, codename);
create table paging_alert (id, subject, acknowledged_at, resolved_at);
create table paging_page (alert_id, idem, channel, state, step, loop);
"""


class Left:
    """What a death left behind, in the few columns that are looked at."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:")
        self.database.executescript(TABLES)
        self.tree = Frontier()
        self.told, self.trail = Told(), Trail()

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(question, values).fetchall()

    def change(self, number: int, summary: str, *, audited: bool = True) -> None:
        self.database.execute("insert into base_change values (?, ?, ?)", (number, summary, SOURCE))
        if not audited:
            return
        at = "2026-06-01T09:00:00.000000Z"
        row = (self.tree.size + 1, at, at, "alice", "system", "api", "change.recorded", f"change:{number}", "ok", "", '{"kind":"change"}')
        leaf = sha256(b"\0" + exact(row)).digest()
        self.tree.append(leaf)
        self.database.execute(f"insert into audit_event values ({', '.join('?' * 12)})", (*row, leaf))
        self.database.execute("delete from audit_frontier")
        self.database.execute("insert into audit_frontier values (?)", (self.tree.to_bytes(),))

    def look(self) -> None:
        ask: Ask = self.ask
        look(ask, self.told, self.trail)


@pytest.fixture
def left() -> Iterator[Left]:
    own = Left()
    for number in (1, 2, 3):
        own.change(number, f"one-{number}")
        own.told.keyed[f"one-{number}"] = number
    own.look()
    yield own
    own.database.close()


def test_an_event_that_was_altered_shows_at_the_next_reading(left: Left) -> None:
    left.database.execute("update audit_event set outcome = 'failed' where seq = 2")
    with pytest.raises(AssertionError, match="event 2 doesn't fit"):
        look(left.ask, left.told, Trail())


def test_an_event_that_vanished_from_what_was_read_before_shows(left: Left) -> None:
    left.database.execute("delete from audit_event where seq = 1")
    with pytest.raises(AssertionError, match="is gone"):
        left.look()


def test_a_tail_that_was_cut_off_shows(left: Left) -> None:
    left.database.execute("delete from audit_event where seq = 3")
    with pytest.raises(AssertionError, match="another tree's"):
        look(left.ask, Told(), Trail())


def test_a_change_whose_event_was_not_kept_shows(left: Left) -> None:
    left.change(4, "one-4", audited=False)
    with pytest.raises(AssertionError, match="without its event"):
        left.look()


def test_a_change_whose_event_waits_for_its_number_is_there(left: Left) -> None:
    left.change(4, "one-4", audited=False)
    left.database.execute("insert into audit_pending values ('change:4', 'change.recorded')")
    left.told.keyed["one-4"] = 4
    left.look()


def test_an_accepted_change_that_is_gone_shows(left: Left) -> None:
    left.told.keyed["one-9"] = 9
    with pytest.raises(AssertionError, match="accepted changes are gone"):
        left.look()


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [("inbox", {"key-1": 7}, "lock file"), ("incidents", {7: "Velvet Bell"}, "incident"), ("acks", {7}, "acknowledgement")],
)
def test_whatever_was_accepted_and_is_gone_shows(left: Left, kind: str, value: Any, words: str) -> None:
    setattr(left.told, kind, value)
    with pytest.raises(AssertionError, match=words):
        left.look()


def test_a_fault_in_an_answer_shows(left: Left) -> None:
    left.told.faults.append("500 {}")
    with pytest.raises(AssertionError, match="500"):
        left.look()


def test_one_key_that_became_two_changes_shows(left: Left) -> None:
    left.change(4, "one-3")
    with pytest.raises(AssertionError, match="there twice"):
        look_at_the_end(left.ask, left.told)


def test_half_a_batch_shows(left: Left) -> None:
    for place in range(BATCH - 1):
        left.change(10 + place, f"batch-5:{place}")
    with pytest.raises(AssertionError, match="half a batch"):
        look_at_the_end(left.ask, left.told)


def test_an_accepted_lock_file_that_nobody_read_shows(left: Left) -> None:
    left.told.inbox["key-1"] = 1
    left.database.execute("insert into base_inbox values (1, 'new')")
    with pytest.raises(AssertionError, match="not read"):
        look_at_the_end(left.ask, left.told)


def mail(idem: str) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{idem}@saltmarsh.example>"
    return message


def page(left: Left, idem: str, state: str, *, acknowledged: str | None = None) -> None:
    left.told.incidents[1] = "Velvet Bell"
    left.database.execute("insert into paging_alert values (1, 'incident:1', ?, null)", (acknowledged,))
    left.database.execute("insert into paging_page values (1, ?, 'email', ?, 0, 0)", (idem, state))


def test_a_page_that_went_out_once_is_well(left: Left) -> None:
    page(left, "p1", "sent")
    assert pages_at_the_end(left.ask, left.told, [mail("p1")], Counter()) == 0


def test_a_page_that_came_twice_is_well_only_if_it_was_in_flight_at_a_death(left: Left) -> None:
    page(left, "p1", "sent")
    assert pages_at_the_end(left.ask, left.told, [mail("p1"), mail("p1")], Counter({"p1": 1})) == 1
    with pytest.raises(AssertionError, match="came 2 times"):
        pages_at_the_end(left.ask, left.told, [mail("p1"), mail("p1")], Counter())


def test_a_page_that_counts_as_sent_without_a_mail_shows(left: Left) -> None:
    page(left, "p1", "sent")
    with pytest.raises(AssertionError, match="no mail came"):
        pages_at_the_end(left.ask, left.told, [], Counter())


def test_a_page_called_off_is_well_only_if_somebody_had_answered(left: Left) -> None:
    page(left, "p1", "cancelled")
    with pytest.raises(AssertionError, match="nobody had answered"):
        pages_at_the_end(left.ask, left.told, [], Counter())
    left.database.execute("update paging_alert set acknowledged_at = '2026-06-01 09:00'")
    assert pages_at_the_end(left.ask, left.told, [], Counter()) == 0


def test_a_mail_that_no_page_asked_for_shows(left: Left) -> None:
    page(left, "p1", "sent")
    with pytest.raises(AssertionError, match="no page asked for"):
        pages_at_the_end(left.ask, left.told, [mail("p1"), mail("p2")], Counter())


def test_an_incident_that_paged_nobody_shows(left: Left) -> None:
    left.told.incidents[1] = "Velvet Bell"
    with pytest.raises(AssertionError, match="paged nobody"):
        pages_at_the_end(left.ask, left.told, [], Counter())


def test_an_incident_that_somebody_answered_before_it_rang_is_well(left: Left) -> None:
    left.told.incidents[1] = "Velvet Bell"
    left.database.execute("insert into paging_alert values (1, 'incident:1', '2026-06-01 09:00', null)")
    assert pages_at_the_end(left.ask, left.told, [], Counter()) == 0
