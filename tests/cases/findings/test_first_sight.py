"""A scan shows a hole: it is a finding with an owner, a decision with its reasons, and a ringing bell where the decision says so."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cases.company import ALICE, KEV, Company, person, quiet, seen
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.cases.limits import SIGHTINGS_PER_SCAN
from watchbill.paging import queries as paging


def test_an_exploited_hole_on_an_open_service_is_open_now_and_rings(saltmarsh: Company):
    outcome = saltmarsh.scan(seen())

    finding = saltmarsh.only()
    assert (finding.state, finding.decision, finding.outcome) == ("open", "now", "immediate")
    assert outcome.opened == outcome.paged == (finding.id,)
    alert = paging.alert_for(f"finding:{finding.id}")
    assert alert is not None
    assert (alert.decision, alert.team, alert.policy, alert.link) == ("now", "berths", alert.policy, f"/findings/{finding.id}/")
    assert alert.why[0] == (
        "Decided now: exploited in the wild, open to the internet, very high harm to people. It may wake people at any hour."
    )
    assert alert.where == "Service berth-board, team Berths, open to the internet."


def test_a_finding_says_what_where_and_whose(saltmarsh: Company):
    saltmarsh.scan(seen())

    finding = saltmarsh.only()
    assert finding.what == "The server half of React reads data without checking it."
    assert (finding.place.manifest, finding.place.repo, finding.place.branch) == ("package-lock.json", "saltmarsh/berth-board", "main")
    assert finding.team == "berths"
    assert "Berths" in finding.ownership
    assert (finding.upgrade_to, finding.upgrade) == ("19.1.2", ("npm install --save-exact react-server-dom-webpack@19.1.2",))


def test_every_answer_stands_with_its_source_and_date(saltmarsh: Company):
    saltmarsh.scan(seen())

    answers = {item.name: item for item in saltmarsh.only().inputs}
    assert answers["exploitation"].as_of == datetime(2025, 12, 5, tzinfo=UTC)
    assert answers["exposure"].value == "open"
    assert answers["exposure"].source.startswith("Service berth-board")
    assert answers["exposure"].as_of is not None
    assert answers["human_impact"].value == "very_high"
    assert not any(item.assumed for item in answers.values())


def test_doing_nothing_and_the_other_way_round_are_told(saltmarsh: Company):
    saltmarsh.scan(seen())

    finding = saltmarsh.only()
    assert finding.if_not_done.startswith("Somebody who reaches berth-board could run code of their own.")
    assert finding.counterfactual == "Were it out of reach from outside, it would be hours."


def test_now_is_due_in_a_day_and_digest_has_no_date(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1))

    due = {row.decision: row.due for row in queries.search("is:open").rows}
    assert due["now"] == saltmarsh.clock.now() + timedelta(hours=24)


def test_hours_is_due_after_three_working_days(saltmarsh: Company):
    saltmarsh.scan(seen(kev=None, exploit=True))

    finding = saltmarsh.only()
    assert finding.decision == "hours"
    assert finding.due == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


def test_a_digest_finding_rings_nobody(saltmarsh: Company):
    outcome = saltmarsh.scan(seen(kev=None), service="tide-feed", repo="")

    assert saltmarsh.only().decision in ("digest", "silent")
    assert outcome.paged == ()
    assert saltmarsh.rings() == []


def test_the_trail_tells_the_opening_in_words(saltmarsh: Company):
    saltmarsh.scan(seen())

    finding = saltmarsh.only()
    assert saltmarsh.story(finding.id) == ["finding.opened"]
    assert saltmarsh.texts(finding.id)[0] == ("Opened, decided now: exploited in the wild, open to the internet, very high harm to people")


def test_an_unknown_service_is_assumed_in_the_middle_and_goes_to_triage(saltmarsh: Company):
    saltmarsh.scan(seen(), service="crane-gateway", repo="")

    finding = saltmarsh.only()
    assert (finding.state, finding.decision) == ("new", "hours")
    assert "triage" in finding.marks
    assert [item.name for item in finding.inputs if item.assumed] == ["exposure", "human_impact"]


def test_what_was_assumed_rings_at_security_in_working_hours_and_wakes_nobody(saltmarsh: Company):
    saltmarsh.scan(seen(), service="crane-gateway", repo="")

    (alert,) = saltmarsh.rings()
    assert (alert.decision, alert.team) == ("hours", "security")


def test_security_settles_what_was_assumed_and_it_is_decided_again(saltmarsh: Company):
    saltmarsh.scan(seen(), service="berth-board")
    services.redecide("berth-board", by=person(ALICE))

    assert saltmarsh.only().decision == "now"


def test_an_unpinned_version_waits_for_triage_and_never_pages(saltmarsh: Company):
    outcome = saltmarsh.scan(seen(installed="", unpinned=">=19.0"))

    finding = saltmarsh.only()
    assert finding.state == "new"
    assert "not_pinned" in finding.marks
    assert finding.decision not in ("now", "hours")
    assert outcome.paged == ()
    assert saltmarsh.rings() == []
    assert ">=19.0" in finding.what


def test_a_version_that_can_not_be_compared_is_unknown_and_never_clean(saltmarsh: Company):
    outcome = saltmarsh.scan(seen(installed="latest", unknown="version 'latest' can't be ordered"))

    finding = saltmarsh.only()
    assert (finding.state, "unknown_version" in finding.marks, outcome.paged) == ("new", True, ())


def test_once_a_version_is_pinned_it_is_decided_and_rings(saltmarsh: Company):
    saltmarsh.scan(seen(installed="", unpinned=">=19.0"))

    outcome = saltmarsh.later(minutes=5).scan(seen())

    finding = saltmarsh.only()
    assert (finding.state, finding.decision, outcome.paged) == ("open", "now", (finding.id,))


def test_what_nobody_owns_is_securitys_and_is_told_once(saltmarsh: Company):
    saltmarsh.scan(quiet(1), quiet(2), service="", repo="saltmarsh/orphan")

    rows = queries.search("is:unowned").rows
    assert {row.team for row in rows} == {"security"}
    assert len(rows) == 2
    assert [alert.title for alert in saltmarsh.rings()] == ["Nobody owns package-lock.json"]


def test_many_findings_for_working_hours_ring_once(saltmarsh: Company):
    many = [seen(f"library-{n}", advisory=f"CVE-2025-1{n:04}", kev=None, exploit=True) for n in range(20)]

    outcome = saltmarsh.scan(*many)

    assert len(outcome.paged) == 20
    (alert,) = saltmarsh.rings()
    assert alert.title == "20 findings on berth-board need working hours"
    assert len(queries.findings_for_alert(alert.id)) == 20


def test_an_alert_for_many_ends_with_the_last_of_them(saltmarsh: Company):
    many = [seen(f"library-{n}", advisory=f"CVE-2025-1{n:04}", kev=None, exploit=True) for n in range(3)]
    saltmarsh.scan(*many)

    saltmarsh.later(minutes=5).scan(many[0])
    assert len(saltmarsh.rings()) == 1
    saltmarsh.later(minutes=5).scan()
    assert saltmarsh.rings() == []


def test_one_of_many_that_gets_worse_gets_an_alert_of_its_own(saltmarsh: Company):
    many = [seen(f"library-{n}", advisory=f"CVE-2025-1{n:04}", kev=None, exploit=True) for n in range(3)]
    saltmarsh.scan(*many)

    saltmarsh.later(minutes=5).scan(seen("library-0", advisory="CVE-2025-10000", kev=KEV), *many[1:])

    assert sorted(alert.decision for alert in saltmarsh.rings()) == ["hours", "now"]


def test_a_scan_over_the_limit_is_refused_whole(saltmarsh: Company):
    with pytest.raises(Problem, match="at most"):
        saltmarsh.scan(*[quiet(1)] * (SIGHTINGS_PER_SCAN + 1))

    assert queries.search("is:all").total == 0


def test_hostile_text_is_stored_without_control_characters(saltmarsh: Company):
    saltmarsh.scan(seen(title="<script>\x1b[31m\u202eevil\r\nX-Header: 1"))

    assert saltmarsh.only().title == "<script> [31m evil X-Header: 1"
