"""What people do with a finding: take it, claim the fix, hand it on, retire it; and that the story says who."""

from datetime import timedelta

import pytest

from tests.cases.company import ALICE, BOB, CHARLIE, JUN, Company, person, quiet, seen
from watchbill.base import newsroom, subscriptions
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.loop import run_turns
from watchbill.base.newsroom import NewsItem
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.roster import queries as roster
from watchbill.roster.services import set_service_context


@pytest.fixture
def heard():
    items: list[NewsItem] = []
    newsroom.subscribe("*", "tests.cases.heard", items.append)
    yield items
    subscriptions.remove("tests.cases.heard")


def test_alice_takes_it(saltmarsh: Company):
    saltmarsh.scan(seen())

    services.take(saltmarsh.only().id, by=person(ALICE), person=roster.person(ALICE))

    finding = saltmarsh.only()
    assert (finding.taken_by, finding.taken_at) == (ALICE, saltmarsh.clock.now())
    assert saltmarsh.texts(finding.id)[-1] == "Alice Duarte is on it"


def test_taking_it_acknowledges_its_own_alert(saltmarsh: Company):
    saltmarsh.scan(seen())

    services.take(saltmarsh.only().id, by=person(ALICE))

    (alert,) = saltmarsh.rings()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "Alice Duarte")


def test_taking_one_of_many_leaves_the_others_ringing(saltmarsh: Company):
    saltmarsh.scan(*[seen(f"library-{n}", advisory=f"CVE-2025-1{n:04}", kev=None, exploit=True) for n in range(3)])
    (alert,) = saltmarsh.rings()

    services.take(queries.findings_for_alert(alert.id)[0].id, by=person(ALICE))

    assert saltmarsh.rings()[0].state == "triggered"


def test_taking_twice_tells_it_once(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id

    services.take(finding, by=person(ALICE))
    services.take(finding, by=person(ALICE))

    assert saltmarsh.story(finding).count("finding.taken") == 1


def test_a_viewer_takes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    with pytest.raises(Problem, match="Not allowed"):
        services.take(saltmarsh.only().id, by=person(CHARLIE))


def test_what_is_fixed_can_not_be_taken(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan()

    with pytest.raises(Problem, match="fixed"):
        services.take(saltmarsh.only().id, by=person(ALICE))


def test_a_finding_that_does_not_exist_is_no_finding(saltmarsh: Company):
    with pytest.raises(Problem, match="No such finding"):
        services.take(4711, by=person(ALICE))


def test_a_claimed_fix_asks_for_a_newer_look_and_closes_nothing(saltmarsh: Company, heard: list[NewsItem]):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id

    services.claim_fix(finding, by=person(ALICE))
    run_turns()

    assert saltmarsh.state(finding) == "fix_claimed"
    (asked,) = [item for item in heard if item.topic == "verification_wanted"]
    assert (asked.subject, asked.body["service"], asked.body["manifest"]) == (f"finding:{finding}", "berth-board", "package-lock.json")
    assert [row.id for row in queries.wanting_verification()] == [finding]


def test_claiming_twice_asks_once(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id

    services.claim_fix(finding, by=person(ALICE))
    services.claim_fix(finding, by=person(ALICE))

    assert saltmarsh.story(finding).count("finding.fix_claimed") == 1


def test_the_re_scan_proves_the_claim(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    services.claim_fix(finding, by=person(ALICE))
    services.verification_began(finding, by=SYSTEM)
    assert saltmarsh.state(finding) == "verifying"

    outcome = saltmarsh.later(minutes=1).scan()

    assert outcome.fixed == (finding,)


def test_the_re_scan_refutes_the_claim_and_pages_nobody_anew(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    services.claim_fix(finding, by=person(ALICE))

    outcome = saltmarsh.later(minutes=1).scan(seen())

    assert (saltmarsh.state(finding), outcome.paged, saltmarsh.only().claimed_by) == ("open", (), "")
    assert saltmarsh.story(finding)[-1] == "finding.refuted"


def test_a_scan_that_began_before_the_claim_leaves_it_standing(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    saltmarsh.later(minutes=5)
    services.claim_fix(finding, by=person(ALICE))

    saltmarsh.scan(seen(), ago=timedelta(minutes=1))

    assert saltmarsh.state(finding) == "fix_claimed"


def test_handing_on_pages_the_new_owner_and_ends_the_old_alert(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    before = saltmarsh.rings()[0].id

    services.assign(finding, "platform", by=person(ALICE), reason="The kiosk is theirs")

    (alert,) = saltmarsh.rings()
    assert (alert.team, alert.id != before) == ("platform", True)
    assert saltmarsh.only().ownership == "Alice Duarte handed it on to Platform: The kiosk is theirs."


def test_a_hand_on_stays_when_it_is_scanned_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.assign(saltmarsh.only().id, "platform", by=person(ALICE))

    saltmarsh.later(minutes=5).scan(seen())

    assert saltmarsh.only().team == "platform"


def test_naming_an_owner_ends_the_alert_about_having_none(saltmarsh: Company):
    saltmarsh.scan(quiet(1), service="", repo="saltmarsh/orphan")
    assert len(saltmarsh.rings()) == 1

    services.assign(saltmarsh.only().id, "platform", by=person(BOB))

    assert saltmarsh.rings() == []
    assert "unowned" not in saltmarsh.only().marks


def test_an_unknown_team_is_a_problem(saltmarsh: Company):
    saltmarsh.scan(seen())

    with pytest.raises(Problem):
        services.assign(saltmarsh.only().id, "nobody-such", by=person(ALICE))


def test_security_triages_what_was_assumed(saltmarsh: Company):
    saltmarsh.scan(seen(), service="crane-gateway", repo="")
    finding = saltmarsh.only().id

    services.triage(finding, by=person(BOB))

    assert saltmarsh.state(finding) == "triaged"


def test_an_engineer_does_not_triage(saltmarsh: Company):
    saltmarsh.scan(seen(), service="crane-gateway", repo="")

    with pytest.raises(Problem, match="Not allowed"):
        services.triage(saltmarsh.only().id, by=person(ALICE))


def test_answering_for_the_service_decides_again_opens_and_pages_the_worsening(saltmarsh: Company):
    saltmarsh.scan(seen(), service="crane-gateway", repo="")
    assert saltmarsh.only().decision == "hours"

    set_service_context("crane-gateway", "open", 1, by=person(BOB))
    run_turns()

    finding = saltmarsh.only()
    assert (finding.state, finding.decision) == ("open", "now")
    (alert,) = saltmarsh.rings()
    assert alert.decision == "now"


def test_deciding_again_without_a_change_leaves_no_trace(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1))
    before = saltmarsh.trail()

    assert services.redecide("berth-board", by=SYSTEM) == ()
    assert saltmarsh.trail() == before


def test_a_relief_is_told_and_pages_nobody(saltmarsh: Company):
    saltmarsh.scan(seen())
    rings = len(saltmarsh.rings())

    set_service_context("berth-board", "small", 4, by=person(BOB))
    run_turns()

    assert saltmarsh.only().decision == "digest"
    assert len(saltmarsh.rings()) == rings


def test_security_retires_what_is_gone(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id

    services.retire(finding, "The kiosk app was deleted.", by=person(BOB))

    assert (saltmarsh.state(finding), saltmarsh.rings()) == ("retired", [])


def test_what_was_retired_and_is_seen_again_comes_back(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    services.retire(finding, "The kiosk app was deleted.", by=person(BOB))

    outcome = saltmarsh.later(minutes=5).scan(seen())

    assert (outcome.reopened, saltmarsh.state(finding)) == ((finding,), "open")


def test_a_person_takes_a_closing_back_and_it_rings_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan()
    finding = saltmarsh.only().id

    services.reopen(finding, "It still answers like a vulnerable server.", by=person(ALICE))

    assert (saltmarsh.state(finding), saltmarsh.only().reopened_count, len(saltmarsh.rings())) == ("open", 1, 1)


def test_a_withdrawn_advisory_withdraws_its_findings(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1))

    gone = services.withdraw_advisories(["CVE-2025-55182"], by=SYSTEM)

    assert len(gone) == 1
    (left,) = (row.id for row in queries.search("is:open").rows)
    assert saltmarsh.states() == {"react-server-dom-webpack": "withdrawn", "package-1": "open"}
    assert [alert.subject for alert in saltmarsh.rings()] == [f"finding:{left}"]


def test_an_acknowledged_page_is_a_line_of_the_story_and_no_state(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    alert = paging.alert_for(f"finding:{finding}")
    assert alert is not None

    bell.acknowledge(alert.id, by=person(ALICE), person_id=roster.person(ALICE).id, channel="desk")
    run_turns()

    assert saltmarsh.state(finding) == "open"
    assert saltmarsh.texts(finding)[-1] == "Alice Duarte acknowledged at the desk"


def test_the_same_news_twice_is_one_line(saltmarsh: Company, heard: list[NewsItem]):
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    alert = paging.alert_for(f"finding:{finding}")
    assert alert is not None
    bell.acknowledge(alert.id, by=person(ALICE), person_id=roster.person(ALICE).id, channel="desk")
    run_turns()

    told = next(item for item in heard if item.topic == "paging.acknowledged")
    subscription = subscriptions.named("findings.acknowledged")
    assert subscription is not None
    subscription.handler(told)

    assert saltmarsh.story(finding).count("finding.acknowledged") == 1


def test_acknowledging_an_alert_for_many_stands_in_each_story(saltmarsh: Company):
    saltmarsh.scan(*[seen(f"library-{n}", advisory=f"CVE-2025-1{n:04}", kev=None, exploit=True) for n in range(3)])
    (alert,) = saltmarsh.rings()

    bell.acknowledge(alert.id, by=person(JUN), person_id=roster.person(JUN).id, channel="desk")
    run_turns()

    assert all("finding.acknowledged" in saltmarsh.story(row.id) for row in queries.findings_for_alert(alert.id))


def test_somebody_from_outside_without_a_name_here_does_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    with pytest.raises(Problem, match="Not allowed"):
        services.claim_fix(saltmarsh.only().id, by=Actor("reporter", "x@elsewhere.example", "web"))
