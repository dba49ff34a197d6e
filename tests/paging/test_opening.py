"""Opening an alert: who is paged, by what, when, and why; and what a second opening does."""

import pytest

from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, ROSTER
from watchbill.base.acting import SYSTEM
from watchbill.base.problem import Problem
from watchbill.base.writer import write
from watchbill.paging import queries
from watchbill.paging.services import resolve_alert
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster


def test_the_person_on_watch_is_paged_at_the_desk_and_by_mail(bell: Bell) -> None:
    assert bell.rung(bell.ring()) == [("Alice", "desk"), ("Alice", "email")]


def test_the_mail_says_why_her(bell: Bell) -> None:
    bell.ring()
    assert "You are on watch in Berths at 10:00 CET." in bell.mail.taken[0].get_content()


def test_the_mail_says_who_is_next_and_when(bell: Bell) -> None:
    bell.ring()
    assert "Bob Lindqvist at 10:05 CET" in bell.mail.taken[0].get_content()


def test_an_alert_knows_its_next_step(bell: Bell) -> None:
    alert = bell.alert(bell.ring())
    assert alert.next_targets == ("Bob Lindqvist",)
    assert alert.next_step_at is not None
    assert (alert.next_step_at - alert.opened_at).total_seconds() == 300


def test_all_pages_of_a_step_stand_before_any_is_sent(bell: Bell) -> None:
    ref = bell.open()
    assert [(page.channel, page.state) for page in bell.pages(ref)] == [("desk", "planned"), ("email", "planned")]


def test_without_a_mail_server_the_mail_is_skipped_and_says_why(saltmarsh: Bell) -> None:
    ref = saltmarsh.ring()
    (page,) = saltmarsh.pages(ref, channel="email")
    assert page.state == "skipped"
    assert "no mail server is set up" in page.why
    assert "only at the desk" in saltmarsh.log(ref)


def test_without_a_mail_server_the_desk_still_rings_and_takes_its_time(saltmarsh: Bell) -> None:
    ref = saltmarsh.ring()
    assert saltmarsh.rung(ref) == [("Alice", "desk")]
    assert saltmarsh.alert(ref).step == 0


def test_opening_writes_an_audit_event(bell: Bell) -> None:
    ref = bell.ring()
    assert bell.actions(f"alert:{ref.id}") == ["alert.opened"]


def test_every_page_that_went_writes_an_audit_event(bell: Bell) -> None:
    bell.ring()
    assert bell.actions().count("page.sent") == 2


def test_the_same_key_again_pages_nobody_and_says_so(bell: Bell) -> None:
    first = bell.ring()
    second = bell.ring(title="lodash again")
    assert (second.id, second.created) == (first.id, False)
    assert len(bell.rung(first)) == 2
    assert "Reported again (lodash again)" in bell.log(first)


def test_the_same_key_after_it_was_acknowledged_pages_nobody(bell: Bell) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    assert not bell.ring().created
    assert len(bell.rung(ref)) == 2


def test_another_key_is_another_alert(bell: Bell) -> None:
    assert bell.ring().id != bell.ring(dedup_key="finding:413").id


def test_an_alert_may_be_opened_inside_a_write(bell: Bell) -> None:
    ref = write(bell.open)
    bell.settle()
    assert bell.rung(ref) == [("Alice", "desk"), ("Alice", "email")]


def test_a_write_that_fails_leaves_no_alert(bell: Bell) -> None:
    def half_done() -> None:
        bell.open()
        raise RuntimeError("the rest failed")

    with pytest.raises(RuntimeError):
        write(half_done)
    assert queries.open_alerts() == ()


def test_a_policy_that_does_not_exist_leads_to_the_security_watch(bell: Bell) -> None:
    ref = bell.ring(policy="gone")
    assert bell.rung(ref) == [("Bob", "desk"), ("Bob", "email")]
    assert "There is no policy gone" in bell.log(ref)


def test_a_team_that_does_not_exist_still_pages(bell: Bell) -> None:
    assert bell.rung(bell.ring(team="gone"))


def test_a_policy_changed_later_does_not_move_an_alert_that_rings(bell: Bell) -> None:
    ref = bell.ring()
    apply_roster(
        ROSTER.replace('notify = ["schedule:security"]\nwait = "5m"', 'notify = ["person:charlie@saltmarsh.example"]\nwait = "5m"'),
        by=SYSTEM,
    )
    bell.wait(minutes=5)
    assert ("Bob", "email") in bell.rung(ref)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision", "digest"),
        ("subject", ""),
        ("dedup_key", " "),
        ("dedup_key", "k" * 256),
        ("title", ""),
        ("link", "https://evil.example/"),
        ("link", "//evil.example/"),
        ("link", "/" * 501),
    ],
)
def test_what_cannot_ring_is_refused_by_name(bell: Bell, field: str, value: str) -> None:
    with pytest.raises(Problem) as caught:
        bell.open(**{field: value})
    assert caught.value.field == field


def test_a_key_of_just_255_letters_is_taken(bell: Bell) -> None:
    assert bell.open(dedup_key="k" * 255).created


def test_hostile_text_is_stored_inert_on_one_line(bell: Bell) -> None:
    ref = bell.ring(title="x\r\nBcc: eve@evil.example\x1b[31m\u202e", why=("a\n\nb",))
    alert = bell.alert(ref)
    assert alert.title == "x Bcc: eve@evil.example[31m"
    assert alert.why == ("a b",)


def test_a_very_long_title_is_cut_to_what_a_page_holds(bell: Bell) -> None:
    assert len(bell.alert(bell.ring(title="a" * 2400)).title) == 300


def test_the_alert_about_a_subject_is_the_open_one(bell: Bell) -> None:
    first = bell.ring()
    resolve_alert(first.id, SCANNER, "fixed")
    second = bell.ring()
    found = queries.alert_for("finding:412")
    assert found is not None
    assert found.id == second.id


def test_a_subject_without_an_alert_has_none(bell: Bell) -> None:
    assert queries.alert_for("finding:1") is None


def test_what_rings_for_somebody_is_at_their_desk(bell: Bell) -> None:
    ref = bell.ring()
    assert [ringing.alert.id for ringing in queries.my_pages(person(ALICE).id)] == [ref.id]
    assert queries.my_pages(person(BOB).id) == ()
    bell.acknowledge(ref, ALICE)
    assert queries.my_pages(person(ALICE).id) == ()
