"""What closes a finding, and all that doesn't: empty, truncated, older, smaller and differently scoped scans close nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cases.company import BOB, CHARLIE, LOCK, Company, person, quiet, seen
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services


def test_a_newer_complete_scan_without_it_proves_it_fixed(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only()

    outcome = saltmarsh.later(minutes=10).scan(versions={"react-server-dom-webpack": "19.1.2"})

    assert outcome.fixed == (finding.id,)
    after = saltmarsh.only()
    assert after.state == "fixed"
    assert after.proof_sentence == (
        "A complete, newer scan read package-lock.json (100 packages); react-server-dom-webpack is at 19.1.2 now."
    )
    assert [(line.state, line.at, line.scan) for line in after.proof] == [("pass", saltmarsh.clock.now(), "scan-2")]


def test_being_fixed_ends_the_ringing(saltmarsh: Company):
    saltmarsh.scan(seen())

    saltmarsh.later(minutes=10).scan()

    assert saltmarsh.rings() == []


def test_an_empty_scan_after_a_full_one_closes_nothing_and_waits_for_a_person(saltmarsh: Company):
    saltmarsh.scan(seen())

    outcome = saltmarsh.later(minutes=10).scan(read=(), packages=0)

    assert (outcome.fixed, outcome.held) == ((), True)
    assert saltmarsh.only().state == "open"
    assert "not_seen" in saltmarsh.only().marks
    assert [held.key for held in queries.held_scans()] == ["scan-2"]


def test_a_scan_that_reads_the_file_but_finds_no_package_closes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    outcome = saltmarsh.later(minutes=10).scan(packages=0)

    assert (outcome.fixed, outcome.held, saltmarsh.only().state) == ((), True, "open")


def test_one_emptied_manifest_among_full_ones_closes_nothing_of_its_own(saltmarsh: Company):
    saltmarsh.scan(seen(), inputs=(LOCK, "go.sum"), counts={LOCK: 50, "go.sum": 50})

    outcome = saltmarsh.later(minutes=10).scan(inputs=(LOCK, "go.sum"), counts={LOCK: 0, "go.sum": 50}, packages=50)

    assert (outcome.fixed, outcome.held, saltmarsh.only().state) == ((), False, "open")
    assert saltmarsh.only().not_seen_why == "package-lock.json was read, but held no packages"


def test_a_scan_that_was_cut_short_closes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    outcome = saltmarsh.later(minutes=10).scan(complete=False)

    assert (outcome.fixed, saltmarsh.only().state, saltmarsh.only().not_seen_why) == ((), "open", "The last scan was not complete")


def test_a_manifest_that_can_not_be_read_closes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    outcome = saltmarsh.later(minutes=10).scan(read=(), unreadable=((LOCK, "cut off at byte 512"),), packages=0, complete=False)

    assert (outcome.fixed, saltmarsh.only().state) == ((), "open")
    assert saltmarsh.only().not_seen_why == "The last scan looked at nothing"


def test_an_older_scan_is_recorded_and_applied_to_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only()

    outcome = saltmarsh.later(minutes=10).scan(ago=timedelta(hours=1))

    assert outcome.ignored == "Older than what was looked at since; nothing was changed"
    assert (saltmarsh.state(finding.id), outcome.fixed, outcome.unchanged) == ("open", (), True)
    assert saltmarsh.story(finding.id) == ["finding.opened"]


def test_an_older_scan_reopens_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan()

    outcome = saltmarsh.scan(seen(), ago=timedelta(minutes=5))

    assert (outcome.reopened, saltmarsh.only().state) == ((), "fixed")


def test_a_scan_of_the_same_instant_closes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    assert saltmarsh.scan().fixed == ()
    assert saltmarsh.only().state == "open"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"service": "tide-feed"},
        {"branch": "release"},
        {"repo": "saltmarsh/other"},
        {"source": "another scanner"},
        {"inputs": ("apps/kiosk/package-lock.json",)},
    ],
    ids=["service", "branch", "repo", "source", "inputs"],
)
def test_a_scan_of_another_scope_closes_nothing(saltmarsh: Company, elsewhere: dict[str, object]):
    saltmarsh.scan(seen())

    outcome = saltmarsh.later(minutes=10).scan(**elsewhere)

    assert (outcome.fixed, outcome.not_seen, saltmarsh.only().state, saltmarsh.only().marks) == ((), (), "open", ())


def test_a_scan_that_reads_fewer_files_waits_for_a_person(saltmarsh: Company):
    saltmarsh.scan(seen(), inputs=(LOCK, "go.sum"))

    outcome = saltmarsh.later(minutes=10).scan()

    assert outcome.fixed == ()
    assert outcome.held_reason == "it read fewer files than the scan before it; missing: go.sum."


def test_the_same_scan_told_twice_changes_nothing_and_pages_nobody(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1), key="nightly")
    events, rings, before = saltmarsh.trail(), saltmarsh.rings(), saltmarsh.states()

    outcome = saltmarsh.later(minutes=10).scan(seen(), quiet(1), key="nightly")

    assert (outcome.unchanged, outcome.opened, outcome.paged, outcome.fixed) == (True, (), (), ())
    assert (saltmarsh.trail(), saltmarsh.rings(), saltmarsh.states()) == (events, rings, before)


def test_an_identical_later_scan_changes_no_state_pages_nobody_and_leaves_one_event(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1))
    events, rings, before = saltmarsh.trail(), saltmarsh.rings(), saltmarsh.states()

    outcome = saltmarsh.later(minutes=10).scan(seen(), quiet(1))

    assert (outcome.unchanged, outcome.paged, len(outcome.seen_again)) == (True, (), 2)
    assert (saltmarsh.rings(), saltmarsh.states()) == (rings, before)
    assert saltmarsh.trail() == events + 1  # that somebody looked


def test_being_seen_again_moves_last_seen_and_the_picture_of_days(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(days=3).scan(seen())

    row = queries.search("is:open").rows[0]
    assert row.last_seen == saltmarsh.clock.now()
    assert row.seen_days == (0,) * 10 + (1, 0, 0, 1)


def test_a_title_and_severity_that_change_make_nothing_new(saltmarsh: Company):
    saltmarsh.scan(quiet(1))
    finding = saltmarsh.only()

    outcome = saltmarsh.later(minutes=10).scan(
        seen("package-1", "1.0.0", advisory="CVE-2024-00001", kev=None, fixed=("1.0.1",), title="Re-worded")
    )

    assert (outcome.opened, outcome.fixed, saltmarsh.only().id, saltmarsh.only().title) == ((), (), finding.id, "Re-worded")


def test_an_upgrade_that_stays_vulnerable_is_the_same_finding(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only()

    saltmarsh.later(minutes=10).scan(seen(installed="19.1.0"))

    assert (saltmarsh.only().id, saltmarsh.only().installed, saltmarsh.only().state) == (finding.id, "19.1.0", "open")


def test_what_comes_back_is_reopened_counted_and_rings(saltmarsh: Company):
    saltmarsh.scan(seen())
    finding = saltmarsh.only()
    saltmarsh.later(minutes=10).scan()

    outcome = saltmarsh.later(minutes=10).scan(seen())

    assert outcome.reopened == outcome.paged == (finding.id,)
    after = saltmarsh.only()
    assert (after.state, after.reopened_count, after.opened_at) == ("open", 1, saltmarsh.clock.now())
    (alert,) = saltmarsh.rings()
    assert "It came back after it was closed (1 so far)." in alert.why


def test_what_two_sources_see_is_fixed_only_when_both_no_longer_do(saltmarsh: Company):
    saltmarsh.scan(seen(), source="watched path")
    saltmarsh.scan(seen(), source="another scanner")
    finding = saltmarsh.only()

    first = saltmarsh.later(minutes=10).scan(source="watched path")
    assert (first.fixed, saltmarsh.state(finding.id)) == ((), "open")
    assert saltmarsh.texts(finding.id)[-1].endswith("1 other source still sees it, so it stays open")

    second = saltmarsh.later(minutes=10).scan(source="another scanner")
    assert (second.fixed, saltmarsh.state(finding.id)) == ((finding.id,), "fixed")


def test_a_package_still_at_its_affected_version_is_not_fixed_by_a_source_that_forgot_it(saltmarsh: Company):
    saltmarsh.scan(seen())

    outcome = saltmarsh.later(minutes=10).scan(versions={"react-server-dom-webpack": "19.1.1"})

    assert (outcome.fixed, saltmarsh.only().state) == ((), "open")
    assert "still installed" in saltmarsh.only().not_seen_why


def test_an_alias_is_a_merge_and_no_new_finding(saltmarsh: Company):
    saltmarsh.scan(seen(advisory="GHSA-fv66-9v8q-g76r", aliases=("CVE-2025-55182",)))
    finding = saltmarsh.only()

    outcome = saltmarsh.later(minutes=10).scan(seen(advisory="CVE-2025-55182", aliases=("GHSA-fv66-9v8q-g76r",)))

    assert (outcome.opened, outcome.fixed, saltmarsh.only().id, saltmarsh.only().state) == ((), (), finding.id, "open")
    assert "finding.merged" in saltmarsh.story(finding.id)


def test_a_merged_name_leads_to_its_finding_for_ever_after(saltmarsh: Company):
    saltmarsh.scan(seen(advisory="GHSA-fv66-9v8q-g76r", aliases=("CVE-2025-55182",)))
    saltmarsh.later(minutes=10).scan(seen(advisory="CVE-2025-55182", aliases=("GHSA-fv66-9v8q-g76r",)))

    saltmarsh.later(minutes=10).scan(seen(advisory="CVE-2025-55182", aliases=()))

    assert saltmarsh.only().state == "open"
    assert queries.search("advisory:cve-2025-55182").total == 1


def test_two_names_in_one_scan_are_one_finding(saltmarsh: Company):
    saltmarsh.scan(seen(advisory="GHSA-a", aliases=("CVE-2025-0001",)), seen(advisory="PYSEC-1", aliases=("CVE-2025-0001",)))

    assert "CVE-2025-0001" in saltmarsh.only().aliases


def test_new_advisories_against_the_inventory_open_and_mark_nothing_else(saltmarsh: Company):
    saltmarsh.scan(quiet(1), quiet(2))

    outcome = saltmarsh.later(minutes=10).scan(seen(), read=(), complete=False, packages=1)

    assert (len(outcome.opened), outcome.not_seen, outcome.held, len(outcome.paged)) == (1, (), False, 1)


def test_after_a_look_through_the_inventory_the_next_scan_still_closes(saltmarsh: Company):
    saltmarsh.scan(quiet(1))
    saltmarsh.later(minutes=10).scan(seen(), read=(), complete=False, packages=1)

    outcome = saltmarsh.later(minutes=10).scan(quiet(1))

    assert len(outcome.fixed) == 1


def test_a_mark_goes_when_it_is_seen_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(complete=False)
    assert "not_seen" in saltmarsh.only().marks

    saltmarsh.later(minutes=10).scan(seen())

    assert "not_seen" not in saltmarsh.only().marks


def test_marking_twice_tells_it_once(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(complete=False)
    saltmarsh.later(minutes=10).scan(complete=False)

    assert saltmarsh.story(saltmarsh.only().id).count("finding.not_seen") == 1


def many(count: int):
    return [quiet(number) for number in range(count)]


def test_closing_more_than_half_and_at_least_ten_waits_for_a_person(saltmarsh: Company):
    saltmarsh.scan(*many(15))

    outcome = saltmarsh.later(minutes=10).scan(*many(5))

    assert (outcome.fixed, outcome.held) == ((), True)
    assert outcome.held_reason == "it would close 10 of the 15 open findings it covers."
    assert set(saltmarsh.states().values()) == {"open"}


def test_closing_nine_is_let_through(saltmarsh: Company):
    saltmarsh.scan(*many(9))

    assert len(saltmarsh.later(minutes=10).scan().fixed) == 9


def test_closing_exactly_half_is_let_through(saltmarsh: Company):
    saltmarsh.scan(*many(20))

    assert len(saltmarsh.later(minutes=10).scan(*many(10)).fixed) == 10


def test_a_held_scan_still_opens_what_it_shows(saltmarsh: Company):
    saltmarsh.scan(*many(15))

    outcome = saltmarsh.later(minutes=10).scan(seen())

    assert (outcome.held, len(outcome.opened), len(outcome.paged)) == (True, 1, 1)


def test_security_releases_a_held_scan_and_it_closes_what_it_proves(saltmarsh: Company):
    saltmarsh.scan(*many(15))
    saltmarsh.later(minutes=10).scan(*many(5))

    outcome = services.release_held_scan("scan-2", by=person(BOB), reason="We removed the build tools.")

    assert len(outcome.fixed) == 10
    assert sorted(saltmarsh.states().values()) == ["fixed"] * 10 + ["open"] * 5
    assert queries.held_scans() == ()


def test_security_throws_a_held_scan_away_and_nothing_closes(saltmarsh: Company):
    saltmarsh.scan(*many(15))
    saltmarsh.later(minutes=10).scan()

    services.reject_held_scan("scan-2", by=person(BOB))

    assert set(saltmarsh.states().values()) == {"open"}
    assert queries.held_scans() == ()


def test_a_viewer_may_not_release(saltmarsh: Company):
    saltmarsh.scan(*many(15))
    saltmarsh.later(minutes=10).scan()

    with pytest.raises(Problem, match="Not allowed"):
        services.release_held_scan("scan-2", by=person(CHARLIE))


def test_a_scan_is_released_only_once(saltmarsh: Company):
    saltmarsh.scan(*many(15))
    saltmarsh.later(minutes=10).scan()
    services.release_held_scan("scan-2", by=person(BOB))

    with pytest.raises(Problem, match="No such held scan"):
        services.release_held_scan("scan-2", by=person(BOB))


def test_a_release_closes_nothing_that_was_seen_since(saltmarsh: Company):
    saltmarsh.scan(*many(15))
    saltmarsh.later(minutes=10).scan(inputs=(LOCK,))
    saltmarsh.later(minutes=10).scan(quiet(0), complete=False, inputs=("other",), read=("other",))

    outcome = services.release_held_scan("scan-2", by=person(BOB))

    assert saltmarsh.states()["package-0"] == "open"
    assert len(outcome.fixed) == 14


def test_a_newer_scan_overtakes_one_that_waits(saltmarsh: Company):
    saltmarsh.scan(*many(15))
    saltmarsh.later(minutes=10).scan()
    saltmarsh.later(minutes=10).scan(*many(15))

    assert queries.held_scans() == ()
    assert set(saltmarsh.states().values()) == {"open"}


def test_releasing_an_empty_scan_retires_and_never_calls_it_fixed(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(packages=0)

    services.release_held_scan("scan-2", by=person(BOB), reason="The kiosk app was deleted.")

    assert saltmarsh.only().state == "retired"
    assert saltmarsh.rings() == []


def test_releasing_a_scan_that_could_not_read_a_file_leaves_its_findings_open(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1, manifest="go.sum"), inputs=(LOCK, "go.sum"))
    saltmarsh.later(minutes=10).scan(inputs=(LOCK, "go.sum"), read=(LOCK,), unreadable=(("go.sum", "not there any more"),))

    outcome = services.release_held_scan("scan-2", by=person(BOB))

    assert len(outcome.fixed) == 1
    assert saltmarsh.states() == {"react-server-dom-webpack": "fixed", "package-1": "open"}


def statements(captured: CaptureQueriesContext) -> int:
    """How many statements, but for the news, of which each finding has its own."""
    return sum(1 for query in captured.captured_queries if "base_news" not in query["sql"])


def test_two_thousand_sightings_are_recorded_in_few_statements(saltmarsh: Company):
    some = many(2_000)

    with CaptureQueriesContext(connection) as first:
        saltmarsh.scan(*some)
    with CaptureQueriesContext(connection) as again:
        saltmarsh.later(minutes=10).scan(*some)

    assert statements(first) < 300
    assert statements(again) < 60
    assert not any('INSERT INTO "findings_finding"' in query["sql"] for query in again.captured_queries)
