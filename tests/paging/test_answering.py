"""Somebody has it: by web, by link, by command; once is enough, and twice does no harm."""

from datetime import timedelta

import pytest

from tests import databases
from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, CHARLIE, ROSTER
from watchbill.base import control
from watchbill.base.acting import Actor
from watchbill.base.keys import sign
from watchbill.base.newsroom import NewsItem
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.paging import links, queries, services
from watchbill.paging.services import AlertRef
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster


def test_an_acknowledged_alert_escalates_no_more(bell: Bell) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    bell.wait(hours=2)
    assert len(bell.rung(ref)) == 2


def test_an_acknowledgement_names_who_and_when(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=2)
    bell.acknowledge(ref, ALICE)
    alert = bell.alert(ref)
    assert (alert.state, alert.acknowledged_by, alert.acknowledged_at) == ("acknowledged", "Alice Duarte", bell.clock.now())


def test_acknowledging_calls_off_every_page_that_waits(bell: Bell) -> None:
    ref = bell.open()
    bell.acknowledge(ref, ALICE)
    bell.settle()
    assert {(page.state, page.why) for page in bell.pages(ref)} == {("cancelled", "Called off: Alice Duarte acknowledged at 10:00 CET.")}
    assert bell.mail.taken == []


def test_acknowledging_calls_off_in_one_statement(bell: Bell, django_assert_max_num_queries: object) -> None:
    refs = [bell.open(dedup_key=f"k{number}", subject="finding:412") for number in range(3)]
    with django_assert_max_num_queries(26 if databases.postgres() else 20):  # type: ignore[operator] - pytest-django's own
        bell.acknowledge(refs[0], ALICE)


def test_acknowledging_twice_is_once(bell: Bell) -> None:
    ref = bell.ring()
    assert bell.acknowledge(ref, ALICE) is False
    assert bell.acknowledge(ref, BOB) is True
    assert bell.alert(ref).acknowledged_by == "Alice Duarte"
    assert bell.actions(f"alert:{ref.id}").count("alert.acknowledged") == 1


def test_an_acknowledgement_is_news_about_the_subject(bell: Bell, heard: list[NewsItem]) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    bell.everything()
    (told,) = [item for item in heard if item.topic == "paging.acknowledged"]
    assert (told.subject, told.body["alert"], told.body["person"]) == ("finding:412", ref.id, ALICE)


def test_an_alert_that_never_was_cannot_be_acknowledged(bell: Bell) -> None:
    with pytest.raises(Problem) as caught:
        services.acknowledge(77, by=SCANNER, person_id=None, channel="cli")
    assert caught.value.status == 404


def test_a_resolved_alert_needs_no_acknowledging(bell: Bell) -> None:
    ref = bell.ring()
    services.resolve_alert(ref.id, SCANNER, "The re-scan proves it.")
    assert bell.acknowledge(ref, ALICE) is True
    assert bell.alert(ref).state == "resolved"


def test_resolving_ends_the_ringing_and_says_why(bell: Bell) -> None:
    ref = bell.ring()
    assert services.resolve_alert(ref.id, SCANNER, "The re-scan proves it.") is True
    bell.wait(hours=2)
    assert len(bell.rung(ref)) == 2
    assert "Over: the re-scan proves it." in bell.log(ref)


def test_resolving_by_key_ends_the_open_alert(bell: Bell) -> None:
    ref = bell.ring()
    assert services.resolve_alert("finding:412", SCANNER, "fixed") is True
    assert bell.alert(ref).state == "resolved"


def test_resolving_twice_is_once(bell: Bell, heard: list[NewsItem]) -> None:
    ref = bell.ring()
    services.resolve_alert(ref.id, SCANNER, "fixed")
    assert services.resolve_alert(ref.id, SCANNER, "fixed") is False
    assert services.resolve_alert("finding:412", SCANNER, "fixed") is False
    bell.everything()
    assert [item.topic for item in heard].count("paging.resolved") == 1


def test_resolving_a_key_nobody_opened_does_nothing(bell: Bell) -> None:
    assert services.resolve_alert("finding:1", SCANNER, "fixed") is False


def test_resolving_an_id_that_never_was_is_a_problem(bell: Bell) -> None:
    with pytest.raises(Problem):
        services.resolve_alert(77, SCANNER, "fixed")


def test_after_a_resolve_the_same_key_rings_anew(bell: Bell) -> None:
    first = bell.ring()
    services.resolve_alert(first.id, SCANNER, "fixed")
    second = bell.ring()
    assert second.created
    assert len(bell.rung(second)) == 2


def token_of(bell: Bell, ref: AlertRef, email: str = ALICE) -> str:
    page = bell.pages(ref, email, "email")[0]
    return links.ack_link(page.id).removeprefix("/p/")


def test_the_link_in_the_mail_is_the_one_that_works(bell: Bell) -> None:
    ref = bell.ring()
    (line,) = [line for line in bell.mail.taken[0].get_content().splitlines() if "/p/" in line]
    link = links.read_ack_link(line.rpartition("/p/")[2], bell.clock.now())
    assert (link.alert.id, link.person.email, link.page.channel) == (ref.id, ALICE, "email")


def test_reading_a_link_changes_nothing(bell: Bell) -> None:
    ref = bell.ring()
    before = bell.log(ref)
    links.read_ack_link(token_of(bell, ref), bell.clock.now())
    assert (bell.alert(ref).state, bell.log(ref)) == ("triggered", before)


def test_a_link_acknowledges_for_its_person(bell: Bell) -> None:
    ref = bell.ring()
    done = services.ack_by_link(token_of(bell, ref))
    assert (done.already, done.link.alert.state, done.link.alert.acknowledged_by) == (False, "acknowledged", "Alice Duarte")


def test_a_link_used_twice_acknowledges_once(bell: Bell) -> None:
    ref = bell.ring()
    token = token_of(bell, ref)
    services.ack_by_link(token)
    assert services.ack_by_link(token).already is True


def test_an_acknowledgement_by_link_is_audited_as_such(bell: Bell) -> None:
    ref = bell.ring()
    services.ack_by_link(token_of(bell, ref))
    (event,) = events(action="alert.acknowledged")
    assert (event.actor_kind, event.actor, event.body["channel"]) == ("link", ALICE, "link")


def test_a_link_escalates_once_however_often_it_is_pressed(bell: Bell) -> None:
    ref = bell.ring()
    token = token_of(bell, ref)
    assert services.ack_by_link(token, "escalate").already is False
    assert services.ack_by_link(token, "escalate").already is True
    assert bell.alert(ref).step == 1


def test_a_link_can_do_nothing_else(bell: Bell) -> None:
    ref = bell.ring()
    with pytest.raises(Problem):
        services.ack_by_link(token_of(bell, ref), "resolve")


def test_a_link_works_for_a_day(bell: Bell) -> None:
    ref = bell.ring()
    token = token_of(bell, ref)
    assert links.read_ack_link(token, bell.clock.now() + timedelta(hours=23, minutes=59))
    with pytest.raises(Problem) as caught:
        links.read_ack_link(token, bell.clock.now() + timedelta(hours=24))
    assert caught.value.code == "link_expired"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-2],
        lambda token: token[:20] + ("B" if token[20] == "A" else "A") + token[21:],
        lambda token: token + "AA",
        lambda _: "",
        lambda _: "x" * 9000,
    ],
)
def test_a_spoilt_link_opens_nothing(bell: Bell, spoil: object) -> None:
    ref = bell.ring()
    with pytest.raises(Problem) as caught:
        services.ack_by_link(spoil(token_of(bell, ref)))  # type: ignore[operator] - a function of text
    assert caught.value.status == 404
    assert bell.alert(ref).state == "triggered"


def test_a_link_signed_for_something_else_opens_nothing(bell: Bell) -> None:
    ref = bell.ring()
    token = sign("sign_in", f"1.{ref.id}.1", bell.clock.now() + timedelta(hours=1))
    with pytest.raises(Problem):
        services.ack_by_link(token)


def test_a_link_whose_page_is_of_another_alert_opens_nothing(bell: Bell) -> None:
    ref = bell.ring()
    page = bell.pages(ref, ALICE, "email")[0]
    token = sign(links.PURPOSE, f"{page.id}.{ref.id + 1}.{page.person_id}", bell.clock.now() + timedelta(hours=1))
    with pytest.raises(Problem) as caught:
        links.read_ack_link(token, bell.clock.now())
    assert caught.value.code == "link_invalid"


def test_a_link_of_somebody_whose_account_was_closed_opens_nothing(bell: Bell) -> None:
    ref = bell.ring()
    token = token_of(bell, ref)
    apply_roster(ROSTER.replace('name = "Alice Duarte"', 'name = "Alice Duarte"\nactive = false'), by=SCANNER)
    with pytest.raises(Problem) as caught:
        services.ack_by_link(token)
    assert caught.value.status == 404
    assert bell.alert(ref).state == "triggered"


def test_there_is_no_link_for_a_page_that_never_was(bell: Bell) -> None:
    with pytest.raises(Problem):
        links.ack_link(999)


def run(verb: str, payload: dict[str, object], email: str = ALICE) -> dict[str, object]:
    return control.run(verb, payload, Actor("person", email, "cli"))


def test_wb_ack_acknowledges_in_the_persons_name(bell: Bell) -> None:
    ref = bell.ring()
    told = run("alert.ack", {"id": f"#{ref.id}"})
    assert told == {
        "id": ref.id,
        "already": False,
        "title": "lodash 4.17.20 in board is exploited",
        "state": "acknowledged",
        "by": "Alice Duarte",
    }


def test_wb_ack_by_somebody_the_roster_does_not_know_names_them(bell: Bell) -> None:
    ref = bell.ring()
    assert run("alert.ack", {"id": ref.id}, "root")["by"] == "root"


@pytest.mark.parametrize("given", [None, "", "x", "-1", "1e3", "9" * 30, [1]])
def test_wb_ack_of_no_number_says_so(bell: Bell, given: object) -> None:
    with pytest.raises(Problem) as caught:
        run("alert.ack", {"id": given})
    assert caught.value.field == "id"


def test_wb_status_lists_what_is_open_newest_first(bell: Bell) -> None:
    first, second = bell.ring(), bell.ring(dedup_key="other")
    services.resolve_alert(bell.ring(dedup_key="third").id, SCANNER, "fixed")
    told = run("alerts", {})["alerts"]
    assert [alert["id"] for alert in told] == [second.id, first.id]  # type: ignore[index,union-attr] - a list of objects
    assert told[0]["next"] == ["Bob Lindqvist"]  # type: ignore[index] - as above


def test_open_alerts_of_a_person_are_those_they_were_paged_for(bell: Bell) -> None:
    ref = bell.ring()
    assert [alert.id for alert in queries.open_alerts(person(ALICE).id)] == [ref.id]
    assert queries.open_alerts(person(CHARLIE).id) == ()


def test_open_alerts_by_subject_come_in_one_question(bell: Bell, django_assert_num_queries: object) -> None:
    bell.ring()
    with django_assert_num_queries(1):  # type: ignore[operator] - pytest-django's own
        assert set(queries.alerts_for(["finding:412", "finding:1"])) == {"finding:412"}
