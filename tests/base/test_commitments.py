"""Commitments: names, addresses and private texts are hashed into the trail without standing in it, and erasing them leaves every
hash valid.
"""

import hmac
import json
import threading
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.databases import sqlite_only
from watchbill.base import commitments, limits, readable, trail
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.canonical import NotCanonical
from watchbill.base.commitments import commit, is_commitment, seal_body, seal_value
from watchbill.base.models import AuditEvent, AuditName, AuditPrivate
from watchbill.base.problem import Problem
from watchbill.base.writer import audit, write

ALICE, BOB = "alice@saltmarsh.example", "bob@saltmarsh.example"
BY_ALICE = Actor("person", ALICE, "web")
BY_BOB = Actor("token", BOB, "api")
pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def did(by: Actor, action: str = "finding.taken", target: str = "finding:1", **how: Any) -> None:
    write(lambda: audit(by, action, target, **how))


def stored() -> str:
    """All that the tables of the trail hold, as text."""
    tables = (AuditEvent, AuditName, AuditPrivate)
    return str([row for table in tables for row in table.objects.values_list()])


class TestACommitment:
    """What stands in the trail for a value."""

    @given(TEXT, st.binary(min_size=16, max_size=16))
    def test_is_the_hmac_of_the_value_under_its_salt(self, value: str, salt: bytes) -> None:
        digest = hmac.new(salt, value.encode(), "sha256").digest()
        assert commit(salt, value) == "~" + urlsafe_b64encode(digest).decode().rstrip("=")

    @given(TEXT)
    def test_has_a_form_of_its_own(self, value: str) -> None:
        assert is_commitment(seal_value(value).commitment)

    def test_of_the_same_value_twice_is_not_the_same(self) -> None:
        assert seal_value("yes").commitment != seal_value("yes").commitment

    @pytest.mark.parametrize("text", ["", "~", "~short", "x" * 44, "~" + "x" * 44, "~" + "x" * 42 + "!", "~" + "x" * 43 + "\n"])
    def test_is_not_any_text_with_its_mark(self, text: str) -> None:
        assert not is_commitment(text)


class TestABody:
    """Which of its values are sealed."""

    @given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), TEXT | st.lists(TEXT, max_size=4), max_size=5))
    def test_what_is_private_can_be_opened_and_is_nowhere_else(self, private: dict[str, Any]) -> None:
        whole, sealed = seal_body({}, private)
        known = {one.commitment: one for one in sealed}
        readable_again = {
            key: value if isinstance(value, str) else [part for item in value for part in item.split("\x1f")]
            for key, value in private.items()
        }
        assert readable.opened(json.loads(json.dumps(whole)), known) == readable_again

    def test_what_is_not_private_stays_plain(self) -> None:
        body = {"n": 1, "yes": True, "names": ["a", "b"], "path": "node_modules/@babel/core", "version": "lodash@4.17.21"}
        assert seal_body(body, {}) == (body, ())

    @pytest.mark.parametrize("value", [ALICE, f"mail {ALICE}, please", [f"to {ALICE}", "and so on"]])
    def test_an_address_is_sealed_though_nobody_called_it_private(self, value: Any) -> None:
        whole, sealed = seal_body({"to": value}, {})
        assert ALICE not in str(whole)
        assert ALICE in sealed[0].value

    def test_a_plain_text_that_poses_as_a_commitment_is_sealed(self) -> None:
        posing = "~" + "x" * 43
        whole, sealed = seal_body({"title": posing}, {})
        assert whole["title"] == sealed[0].commitment != posing

    def test_a_key_can_not_be_private_and_plain(self) -> None:
        with pytest.raises(NotCanonical, match="reason is both"):
            seal_body({"reason": "x"}, {"reason": "y"})

    @pytest.mark.parametrize("value", [1, None, 2.5, ["a", 1], "\ud800"])
    def test_only_text_can_be_private(self, value: Any) -> None:
        with pytest.raises(NotCanonical):
            seal_body({}, {"reason": value})

    def test_a_private_text_has_a_limit(self) -> None:
        seal_body({}, {"reason": "x" * limits.AUDIT_PRIVATE_CHARS})
        with pytest.raises(NotCanonical, match="at most"):
            seal_body({}, {"reason": "x" * (limits.AUDIT_PRIVATE_CHARS + 1)})

    def test_many_addresses_in_a_list_do_not_burst_the_body(self) -> None:
        did(SYSTEM, body={"people": [f"p{number}@b.example" for number in range(800)]})
        assert len(trail.events()[0].body["people"]) == 800


class TestTheTrail:
    """Events with commitments in them, written and read."""

    def test_a_person_who_acts_is_not_named_in_the_event(self) -> None:
        did(BY_ALICE)
        row = AuditEvent.objects.get()
        assert is_commitment(row.actor)
        assert trail.events()[0].actor == ALICE

    @pytest.mark.parametrize("kind", ["person", "token", "link", "reporter"])
    def test_so_it_is_for_each_kind_of_actor(self, kind: Any) -> None:
        did(Actor(kind, ALICE, "web"))
        assert ALICE not in AuditEvent.objects.get().actor

    def test_the_system_is_named(self) -> None:
        did(SYSTEM)
        assert AuditEvent.objects.get().actor == "watchbill"

    def test_one_person_has_one_commitment_so_that_their_events_are_found(self) -> None:
        for by in (BY_ALICE, BY_BOB, BY_ALICE):
            did(by)
        assert [event.seq for event in trail.events(actor=ALICE)] == [3, 1]
        assert AuditName.objects.count() == 2

    def test_many_people_in_one_write_are_each_themselves(self) -> None:
        write(lambda: [audit(Actor("person", f"p{n}@saltmarsh.example", "web"), "a.b", f"c:{n}") for n in range(1200)] and None)
        assert all(event.actor == f"p{event.target[2:]}@saltmarsh.example" for event in trail.events(limit=1000))

    def test_an_address_in_a_target_or_a_reference_is_not_in_the_event(self) -> None:
        did(SYSTEM, "person.added", f"person:{ALICE}", ref=f"asked:{BOB}")
        assert "saltmarsh.example" not in str(AuditEvent.objects.values_list()[0])
        event = trail.events()[0]
        assert (event.target, event.ref) == (f"person:{ALICE}", f"asked:{BOB}")

    def test_events_about_a_person_are_found_by_their_address(self) -> None:
        did(SYSTEM, "person.added", f"person:{ALICE}")
        did(SYSTEM, "person.added", f"person:{BOB}")
        assert [event.seq for event in trail.events(target=f"person:{BOB}")] == [2]
        assert [event.seq for event in trail.events_for([f"person:{ALICE}", "finding:9", f"person:{BOB}"])] == [1, 2]

    def test_private_values_are_read_back(self) -> None:
        did(BY_ALICE, body={"n": 1}, private={"reason": "Because.", "people": [ALICE, BOB], "none": []})
        assert trail.events()[0].body == {"n": 1, "reason": "Because.", "people": [ALICE, BOB], "none": []}

    def test_words_in_private_values_are_found(self) -> None:
        did(BY_ALICE, target="finding:1", private={"reason": "The kiosk is gone."})
        did(BY_ALICE, target="finding:1", private={"reason": "Something else."})
        did(BY_ALICE, target="finding:2", body={"reason": "A plain kiosk."})
        assert [event.seq for event in trail.events(text="KIOSK")] == [3, 1]

    def test_a_failed_write_leaves_neither_name_nor_text(self) -> None:
        def fail() -> None:
            audit(BY_ALICE, "a.b", "c:1", private={"reason": "x"})
            raise RuntimeError

        with pytest.raises(RuntimeError):
            write(fail)
        did(BY_ALICE)
        assert trail.events()[0].actor == ALICE
        assert AuditPrivate.objects.count() == 0

    def test_events_from_before_keep_their_names_and_are_found_beside_the_new_ones(self) -> None:
        did(SYSTEM)
        AuditEvent.objects.update(actor=ALICE, target=f"person:{ALICE}")
        did(BY_ALICE, "a.b", f"person:{ALICE}")
        assert [event.seq for event in trail.events(actor=ALICE)] == [2, 1]
        assert [event.seq for event in trail.events(target=f"person:{ALICE}")] == [2, 1]

    @given(names=st.lists(st.sampled_from([ALICE, BOB, "eve", "x@y.example"]), min_size=1, max_size=6))
    def test_whoever_acts_is_read_back_and_the_trail_verifies(self, names: list[str]) -> None:
        before = trail.size()
        for name in names:
            did(Actor("person", name, "web"), target=f"person:{name}", private={"text": name})
        found = trail.events(limit=len(names))[::-1]
        assert [(event.actor, event.target, event.body["text"]) for event in found] == [(n, f"person:{n}", n) for n in names]
        assert trail.size() == before + len(names)
        assert trail.verify().ok


class TestErasing:
    """Taking a person out of the trail."""

    @pytest.fixture
    def a_past(self) -> None:
        did(BY_ALICE, target=f"person:{BOB}", private={"reason": f"Ask {ALICE} about it."})
        did(BY_BOB, target="finding:2", body={"to": ALICE}, private={"person": "Alice Duarte", "note": "Nothing of hers."})
        did(SYSTEM, "page.sent", f"person:{ALICE}", body={"to": ALICE})

    @pytest.mark.usefixtures("a_past")
    def test_no_table_of_the_trail_has_the_address_afterwards(self) -> None:
        assert stored().count(ALICE) > 3
        trail.erase_person(ALICE, SYSTEM)
        assert ALICE not in stored()

    @pytest.mark.usefixtures("a_past")
    def test_every_hash_stays_valid(self) -> None:
        before = list(AuditEvent.objects.order_by("seq").values_list())
        trail.erase_person(ALICE, SYSTEM)
        assert list(AuditEvent.objects.order_by("seq").values_list())[:3] == before
        assert trail.verify().ok

    @pytest.mark.usefixtures("a_past")
    def test_it_tells_what_went(self) -> None:
        commitment = AuditName.objects.get(name=ALICE).commitment
        told = trail.erase_person(ALICE, SYSTEM, also=["Alice Duarte"])
        assert told == readable.Erased(1, 4, (commitment,), 0)

    @pytest.mark.usefixtures("a_past")
    def test_what_went_is_shown_as_erased_and_what_stays_as_it_was(self) -> None:
        trail.erase_person(ALICE, SYSTEM, also=["Alice Duarte"])
        second = trail.events(target="finding:2")[0]
        assert second.body == {"to": "(erased)", "person": "(erased)", "note": "Nothing of hers."}
        assert second.actor == BOB

    @pytest.mark.usefixtures("a_past")
    def test_the_events_of_somebody_erased_still_belong_together(self) -> None:
        did(BY_ALICE)
        (gone,) = trail.erase_person(ALICE, SYSTEM).commitments
        assert [event.seq for event in trail.events(actor=gone)] == [4, 1]
        assert trail.events(actor=ALICE) == []

    @pytest.mark.usefixtures("a_past")
    def test_it_is_one_event_that_names_nobody(self) -> None:
        trail.erase_person(ALICE, BY_BOB)
        event = trail.events()[0]
        assert (event.action, event.target, event.actor) == ("person.erased", "trail:own", BOB)
        assert (event.body["values"], event.body["in_the_open"]) == (3, 0)

    def test_many_texts_are_erased_a_few_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "ERASED_AT_ONCE", 3)
        for number in range(10):
            did(BY_BOB, private={"text": f"{ALICE} {number}"})
        assert trail.erase_person(ALICE, SYSTEM).values == 10
        assert ALICE not in stored()

    @pytest.mark.usefixtures("a_past")
    def test_whoever_comes_back_is_somebody_new(self) -> None:
        trail.erase_person(ALICE, SYSTEM)
        did(BY_ALICE)
        assert [event.seq for event in trail.events(actor=ALICE)] == [5]

    @pytest.mark.usefixtures("a_past")
    def test_the_address_is_found_in_any_spelling(self) -> None:
        did(Actor("person", ALICE.upper(), "web"))
        assert trail.erase_person(ALICE.title(), SYSTEM).names == 2

    def test_events_from_before_commitments_are_counted_and_stay(self) -> None:
        did(SYSTEM)
        AuditEvent.objects.update(actor=ALICE)
        assert trail.erase_person(ALICE, SYSTEM).in_the_open == 1

    def test_erasing_somebody_who_is_not_there_is_fine(self) -> None:
        assert trail.erase_person(ALICE, SYSTEM) == readable.Erased(0, 0, (), 0)

    @pytest.mark.parametrize("word", ["", "  ", "ab"])
    def test_a_word_that_would_take_half_the_trail_is_refused(self, word: str) -> None:
        with pytest.raises(Problem):
            trail.erase_person(word or " ", SYSTEM)
        with pytest.raises(Problem):
            trail.erase_person("ab", SYSTEM, also=[ALICE])

    @sqlite_only
    def test_the_file_on_disk_has_the_address_no_more(self, writer_thread: Path) -> None:
        for _ in range(50):
            did(BY_ALICE, private={"reason": f"Ask {ALICE} about it."})
        trail.erase_person(ALICE, SYSTEM)
        kept = b"".join(file.read_bytes() for file in writer_thread.parent.glob(f"{writer_thread.name}*"))
        assert kept.count(ALICE.encode()) == 0
        assert b"watchbill" in kept


class TestVerifying:
    """What is shown must be what was hashed."""

    def test_a_changed_name_is_found_with_its_first_event(self) -> None:
        for by in (BY_BOB, BY_ALICE, BY_ALICE):
            did(by)
        AuditName.objects.filter(name=ALICE).update(name="eve@saltmarsh.example")
        report = trail.verify()
        assert (report.ok, report.first_bad_seq) == (False, 2)
        assert "the name shown" in report.reason

    def test_a_changed_text_is_found_with_its_event(self) -> None:
        did(BY_BOB)
        did(BY_BOB, private={"reason": "I broke it."})
        AuditPrivate.objects.update(value="Alice broke it.")
        report = trail.verify()
        assert (report.ok, report.first_bad_seq) == (False, 2)
        assert "the private value shown" in report.reason

    def test_two_names_that_changed_places_are_found(self) -> None:
        did(BY_ALICE)
        did(BY_BOB)
        one, other = AuditName.objects.order_by("pk")
        AuditName.objects.filter(pk=other.pk).update(name="x")
        AuditName.objects.filter(pk=one.pk).update(name=BOB)
        AuditName.objects.filter(pk=other.pk).update(name=ALICE)
        assert not trail.verify().ok

    def test_erased_values_are_no_fault(self) -> None:
        did(BY_ALICE, private={"reason": "x"})
        AuditName.objects.all().delete()
        AuditPrivate.objects.all().delete()
        assert trail.verify().ok


class TestTheMemoryOfNames:
    """A process looks each name up once in a while, not each time."""

    def asked(self, django_assert_num_queries: Any, count: int) -> None:
        with django_assert_num_queries(count):
            commitments._committed({ALICE})

    def test_a_known_name_is_not_looked_up_again(self, django_assert_num_queries: Any) -> None:
        did(BY_ALICE)
        self.asked(django_assert_num_queries, 1)
        self.asked(django_assert_num_queries, 0)

    def test_a_name_this_transaction_made_is_looked_up_once_more(self, django_assert_num_queries: Any) -> None:
        """What was made may yet be taken back."""
        did(BY_ALICE)
        assert ALICE not in commitments._names.known

    def test_it_is_forgotten_after_a_while(self, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        did(BY_ALICE)
        self.asked(django_assert_num_queries, 1)
        monkeypatch.setattr(limits, "AUDIT_NAMES_SECONDS", -1.0)
        self.asked(django_assert_num_queries, 1)

    def test_it_does_not_grow_for_ever(self, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        did(BY_ALICE)
        self.asked(django_assert_num_queries, 1)
        monkeypatch.setattr(limits, "AUDIT_NAMES_KEPT", 0)
        self.asked(django_assert_num_queries, 1)

    def test_erasing_empties_it(self, django_assert_num_queries: Any) -> None:
        did(BY_ALICE)
        self.asked(django_assert_num_queries, 1)
        trail.erase_person(ALICE, SYSTEM)
        assert commitments._names.known == {}


class TestSeveralAtOnce:
    """Threads, or processes on PostgreSQL, that write of the same new name at the same moment."""

    def test_agree_on_one_commitment(self, file_database: Path) -> None:
        names = [f"p{number}@saltmarsh.example" for number in range(5)]
        gate = threading.Barrier(4)

        def work() -> None:
            try:
                for name in names:
                    gate.wait(10)
                    did(Actor("person", name, "web"))
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert AuditName.objects.count() == len(names)
        assert {event.actor for event in trail.events()} == set(names)
        assert len(set(AuditEvent.objects.values_list("actor", flat=True))) == len(names)
        assert trail.verify().ok
