"""What a finding's own story says: one event one line, no fact twice, names and no addresses, and proofs that nobody but Watchbill made."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.cases.company import ALICE, BOB, JUN, MIRA, Company, person, seen
from watchbill.base.loop import run_turns
from watchbill.base.trail import TrailEvent, events, events_for
from watchbill.cases.decisions.sentences import after_colon, decided_line, reach_words
from watchbill.cases.findings import people, services
from watchbill.cases.findings import queries as findings
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.roster import queries as roster


def story(finding: int) -> list[TrailEvent]:
    return events_for([f"finding:{finding}"], 1000)


@pytest.fixture
def fixed(saltmarsh: Company) -> int:
    """Found, answered by Bob, said to be fixed by Alice, and proven by the look that Alice asked for."""
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    alert = paging.alert_for(f"finding:{finding}")
    assert alert is not None
    bell.acknowledge(alert.id, by=person(BOB), person_id=roster.person(BOB).id, channel="web")
    run_turns()
    services.claim_fix(finding, by=person(ALICE))
    saltmarsh.later(minutes=10).scan(by=person(ALICE), versions={"react-server-dom-webpack": "19.1.2"})
    return finding


def test_the_whole_story_is_one_line_for_each_event(saltmarsh: Company, fixed: int) -> None:
    assert saltmarsh.texts(fixed) == [
        "Opened, decided now: exploited in the wild, open to the internet, very high harm to people",
        "Bob Lindqvist acknowledged on this site",
        "Alice Duarte says that it is fixed; a newer scan has to prove it",
        "Proven fixed: a complete, newer scan read package-lock.json (100 packages); react-server-dom-webpack is at 19.1.2 now",
    ]


def test_a_proof_is_watchbills_and_the_claim_is_alices(fixed: int) -> None:
    by = {event.action: (event.actor, event.actor_kind, event.source) for event in story(fixed)}
    assert by["finding.fixed"] == ("watchbill", "system", "web")
    assert by["finding.fix_claimed"] == (ALICE, "person", "web")


def test_who_asked_for_the_look_stands_at_the_scan(fixed: int) -> None:
    assert [event.actor for event in events(action="scan.recorded")] == [ALICE, "watchbill"]


def test_what_ends_an_alert_by_proof_is_watchbills_too(fixed: int) -> None:
    (event,) = events(action="alert.resolved")
    assert (event.actor, event.body["why"]) == ("watchbill", "Fixed, and proven by a newer scan.")


def test_the_whole_why_stands_beside_the_line(fixed: int) -> None:
    assert story(fixed)[0].body["why"] == (
        "Exploited in the wild, open to the internet, very high harm to people. It may wake people at any hour."
    )


def test_lines_end_without_a_full_stop_and_name_no_address_and_no_scan(saltmarsh: Company, fixed: int) -> None:
    services.reopen(fixed, "It is back on the kiosk branch.", by=person(BOB))
    services.assign(fixed, "platform", by=person(BOB), reason="The kiosk is theirs.")
    request = services.accept_risk(
        fixed, "Nobody reaches the kiosk from outside.", saltmarsh.clock.now() + timedelta(days=9), by=person(JUN)
    )
    services.sign_acceptance(request, by=person(BOB))
    for line in saltmarsh.texts(fixed):
        assert not line.endswith("."), line
        assert "@" not in line
        assert "scan-" not in line


def test_an_alert_for_one_finding_adds_no_line(saltmarsh: Company) -> None:
    saltmarsh.scan(seen())
    assert saltmarsh.story(saltmarsh.only().id) == ["finding.opened"]


def test_an_alert_for_many_says_so_at_each(saltmarsh: Company) -> None:
    saltmarsh.scan(*(seen(f"package-{n}", advisory=f"CVE-2025-{n:05}", kev=None, exploit=True) for n in range(1, 4)))
    first = saltmarsh.rings()[0]
    told = min(row.id for row in findings.search("is:all").rows)
    assert saltmarsh.texts(told)[-1] == f"Alert {first.id} speaks for it, together with 2 others"


def test_why_now_names_people(saltmarsh: Company) -> None:
    from_roster = roster.service("berth-board")
    assert from_roster.exposure_set_by
    saltmarsh.scan(seen())
    assert all("@" not in one.source for one in saltmarsh.only().inputs)


def test_an_alert_speaks_in_sentences(saltmarsh: Company) -> None:
    saltmarsh.scan(seen())
    (alert,) = saltmarsh.rings()
    assert alert.where == "Service berth-board, team Berths, open to the internet."
    assert alert.title == "react-server-dom-webpack 19.1.1 lets a stranger run code, in berth-board"
    for line in (*alert.why, *alert.guidance, alert.where):
        assert re.fullmatch(r"[A-Z`].*\.", line), line


def test_a_place_that_nobody_knows_is_said_as_far_as_it_is_known(saltmarsh: Company) -> None:
    saltmarsh.scan(seen(), service="", repo="saltmarsh/unknown")
    wheres = {alert.subject: alert.where for alert in saltmarsh.rings()}
    assert wheres["place:saltmarsh/unknown"] == "Repository saltmarsh/unknown."


def test_one_finding_without_an_owner_is_not_said_as_many(saltmarsh: Company) -> None:
    saltmarsh.scan(seen(), service="", repo="saltmarsh/unknown")
    (alert,) = [alert for alert in saltmarsh.rings() if alert.subject.startswith("place:")]
    assert alert.why[0] == "1 finding there has no owner, so security has it until one is named."


def test_a_risk_is_accepted_until_a_day_by_names(saltmarsh: Company) -> None:
    saltmarsh.scan(seen())
    finding = saltmarsh.only().id
    until = datetime(2026, 12, 3, 12, tzinfo=UTC)
    request = services.accept_risk(finding, "Nobody reaches it from outside.", until, by=person(ALICE))
    services.sign_acceptance(request, by=person(BOB))
    assert saltmarsh.texts(finding)[-2:] == [
        "Alice Duarte asks to accept the risk until 3 Dec 2026: Nobody reaches it from outside",
        "Accepted until 3 Dec 2026, asked by Alice Duarte and signed by Bob Lindqvist: Nobody reaches it from outside",
    ]


def test_securitys_own_word_is_told_as_one_persons(saltmarsh: Company) -> None:
    saltmarsh.scan(seen())
    services.not_affected(saltmarsh.only().id, "The server half is never started.", by=person(MIRA))
    assert saltmarsh.only().closed_why == "Not affected, says Mira Solberg: The server half is never started."


def test_a_scan_tells_only_what_it_changed(saltmarsh: Company) -> None:
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan(seen())
    lines = [str(event.body["text"]) for event in reversed(events(action="scan.recorded"))]
    assert lines == [
        "Looked at berth-board: 1 file, 100 packages; 1 opened",
        "Looked at berth-board: 1 file, 100 packages; nothing changed",
    ]


def test_a_match_of_new_advisories_is_no_look(saltmarsh: Company) -> None:
    saltmarsh.scan(seen(), complete=False, read=(), inputs=("package-lock.json",), packages=1)
    assert events(action="scan.recorded")[0].body["text"] == "New advisories matched against berth-board; 1 opened"


def test_what_was_not_seen_has_one_small_beginning(saltmarsh: Company) -> None:
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan(complete=False)
    finding = saltmarsh.only()
    assert saltmarsh.texts(finding.id)[-1] == "Not seen: the last scan was not complete"
    assert finding.proof[0].text == "Not seen, and not proven gone: the last scan was not complete."


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("Exploited in the wild, open", "exploited in the wild, open"),
        ("The last scan looked at nothing", "the last scan looked at nothing"),
        ("Pipfile could not be read", "Pipfile could not be read"),
        ("Bob Lindqvist says so", "Bob Lindqvist says so"),
    ],
)
def test_only_our_own_openings_begin_small_after_a_colon(line: str, after: str) -> None:
    assert after_colon(line) == after


def test_a_decision_as_a_line() -> None:
    assert (
        decided_line("silent", "No exploit known, out of reach from outside")
        == "decided silent: no exploit known, out of reach from outside"
    )


def test_who_can_reach_it_is_said_where_somebody_said_it() -> None:
    assert (reach_words("open"), reach_words("")) == ("open to the internet", "")


def test_who_it_is_is_said_by_name(saltmarsh: Company) -> None:
    assert people.called(person(ALICE)) == "Alice Duarte"
    assert people.called(person("stranger@saltmarsh.example")) == "stranger@saltmarsh.example"
    assert people.team_called("berths") == "Berths"
    assert people.team_called("gone") == "gone"


def test_a_day_is_the_teams_own(saltmarsh: Company) -> None:
    assert people.day(datetime(2026, 12, 3, 23, tzinfo=UTC), "berths") == "3 Dec 2026"
    assert people.day(datetime(2026, 12, 3, 23, tzinfo=UTC), "gone") == "3 Dec 2026"
