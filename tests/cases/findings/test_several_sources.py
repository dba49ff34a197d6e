"""One problem told by several sources and under several names: one finding, joined facts, and open until the last of them is shown gone."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cases.company import KEV, LOCK, Company, quiet, seen
from watchbill.cases.findings import queries
from watchbill.cases.findings.facts import Facts, facts_hash, facts_of, from_json, joined, threat_of, to_json, upgrade_to
from watchbill.cases.findings.rules import KevFact, Sighting, same_problem

GHSA, CVE = "GHSA-fv66-9v8q-g76r", "CVE-2025-55182"
ONE, TWO, THREE = "watched path", "another scanner", "a third"


def test_three_sources_make_one_finding_and_page_once(saltmarsh: Company):
    outcomes = [saltmarsh.scan(seen(), source=source) for source in (ONE, TWO, THREE)]

    assert [len(outcome.opened) for outcome in outcomes] == [1, 0, 0]
    assert [len(outcome.paged) for outcome in outcomes] == [1, 0, 0]
    assert len(saltmarsh.rings()) == 1


def test_it_closes_with_the_last_of_three_and_tells_how_many_still_see_it(saltmarsh: Company):
    for source in (ONE, TWO, THREE):
        saltmarsh.scan(seen(), source=source)
    number = saltmarsh.only().id

    states = []
    for source in (THREE, ONE, TWO):
        saltmarsh.later(minutes=5).scan(source=source)
        states.append(saltmarsh.state(number))

    assert states == ["open", "open", "fixed"]
    assert saltmarsh.story(number).count("finding.partly_proven") == 2
    assert [line.state for line in queries.finding(number).proof] == ["pass"] * 3


def test_a_source_that_never_saw_it_closes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen(), source=ONE)

    outcome = saltmarsh.later(minutes=5).scan(source=TWO)

    assert (outcome.fixed, outcome.not_seen, saltmarsh.only().state) == ((), (), "open")


def test_one_source_that_can_not_read_it_marks_it_while_the_other_sees_it(saltmarsh: Company):
    saltmarsh.scan(seen(), source=ONE)
    saltmarsh.scan(seen(), source=TWO)

    saltmarsh.later(minutes=5).scan(source=ONE, complete=False)
    assert "not_seen" in saltmarsh.only().marks

    saltmarsh.later(minutes=5).scan(seen(), source=TWO)
    assert "not_seen" in saltmarsh.only().marks  # the first source still can't tell

    saltmarsh.later(minutes=5).scan(seen(), source=ONE)
    assert "not_seen" not in saltmarsh.only().marks


def test_an_exploitation_that_one_source_knows_holds_though_the_other_does_not(saltmarsh: Company):
    saltmarsh.scan(seen(kev=KEV), source=ONE)

    outcome = saltmarsh.later(minutes=5).scan(seen(kev=None), source=TWO)

    assert (saltmarsh.only().decision, outcome.paged) == ("now", ())


def test_when_the_source_that_knew_is_shown_gone_the_others_word_counts_at_its_next_look(saltmarsh: Company):
    saltmarsh.scan(seen(kev=KEV), source=ONE)
    saltmarsh.scan(seen(kev=None), source=TWO)
    saltmarsh.later(minutes=5).scan(source=ONE)

    saltmarsh.later(minutes=5).scan(seen(kev=None), source=TWO)

    assert saltmarsh.only().decision == "hours"


def test_the_other_source_reopens_what_was_fixed_for_both(saltmarsh: Company):
    saltmarsh.scan(seen(), source=ONE)
    saltmarsh.scan(seen(), source=TWO)
    saltmarsh.later(minutes=5).scan(source=ONE)
    saltmarsh.later(minutes=5).scan(source=TWO)
    number = saltmarsh.only().id
    assert saltmarsh.state(number) == "fixed"

    outcome = saltmarsh.later(minutes=5).scan(seen(), source=TWO)

    assert (outcome.reopened, saltmarsh.only().reopened_count) == ((number,), 1)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"service": "tide-feed"},
        {"repo": "saltmarsh/other"},
        {"branch": "release"},
    ],
)
def test_the_same_hole_in_another_place_is_a_finding_of_its_own(saltmarsh: Company, elsewhere: dict[str, str]):
    saltmarsh.scan(seen())
    saltmarsh.scan(seen(), **elsewhere)

    assert queries.search("is:all").total == 2


def test_the_same_hole_in_another_file_is_a_finding_of_its_own(saltmarsh: Company):
    saltmarsh.scan(seen(), seen(manifest="kiosk/package-lock.json"), inputs=(LOCK, "kiosk/package-lock.json"))

    assert queries.search("is:all").total == 2


def test_the_same_sighting_twice_in_one_scan_is_one(saltmarsh: Company):
    outcome = saltmarsh.scan(seen(), seen())

    assert len(outcome.opened) == 1


@pytest.mark.parametrize("first", [GHSA, CVE])
def test_whichever_name_comes_first_the_other_is_a_merge(saltmarsh: Company, first: str):
    second = CVE if first == GHSA else GHSA
    saltmarsh.scan(seen(advisory=first, aliases=(second,)), source=ONE)

    outcome = saltmarsh.scan(seen(advisory=second, aliases=(first,)), source=TWO)

    assert (outcome.opened, outcome.unchanged) == ((), True)
    assert saltmarsh.only().advisory == first
    assert second in saltmarsh.only().aliases
    assert saltmarsh.story(saltmarsh.only().id).count("finding.merged") == 1


def test_a_merged_finding_is_fixed_when_both_names_are_gone(saltmarsh: Company):
    saltmarsh.scan(seen(advisory=GHSA, aliases=(CVE,)), source=ONE)
    saltmarsh.scan(seen(advisory=CVE, aliases=(GHSA,)), source=TWO)
    number = saltmarsh.only().id

    saltmarsh.later(minutes=5).scan(source=ONE)
    assert saltmarsh.state(number) == "open"
    saltmarsh.later(minutes=5).scan(source=TWO)

    assert saltmarsh.state(number) == "fixed"


def test_one_source_that_changes_the_name_opens_and_fixes_nothing(saltmarsh: Company):
    saltmarsh.scan(seen(advisory=GHSA, aliases=(CVE,)))
    number = saltmarsh.only().id

    outcome = saltmarsh.later(minutes=5).scan(seen(advisory=CVE, aliases=(GHSA,)))

    assert (outcome.opened, outcome.fixed, saltmarsh.state(number)) == ((), (), "open")
    assert saltmarsh.later(minutes=5).scan().fixed == (number,)


def test_an_advisory_for_two_cves_is_not_merged_with_either(saltmarsh: Company):
    saltmarsh.scan(seen(advisory="GHSA-two", aliases=("CVE-2025-0001", "CVE-2025-0002")), seen(advisory="CVE-2025-0001"))

    assert queries.search("is:all").total == 2


def test_the_same_alias_on_another_package_is_not_merged(saltmarsh: Company):
    saltmarsh.scan(seen(advisory=GHSA, aliases=(CVE,)), seen("react-server-dom-parcel", advisory=CVE, aliases=(GHSA,)))

    assert queries.search("is:all").total == 2


def test_a_merge_may_be_found_by_either_name(saltmarsh: Company):
    saltmarsh.scan(seen(advisory=GHSA, aliases=(CVE,)))
    saltmarsh.scan(seen(advisory=CVE, aliases=(GHSA,)), source=TWO)

    assert queries.search(f"advisory:{GHSA}").total == queries.search(f"advisory:{CVE}").total == 1


def test_names_are_never_chained_through_a_third(saltmarsh: Company):
    saltmarsh.scan(seen(advisory="A-1", aliases=("B-1",)), seen(advisory="C-1", aliases=("B-1",)))

    assert queries.search("is:all").total == 2


names = st.sampled_from(["GHSA-a", "GHSA-b", "CVE-2025-0001", "CVE-2025-0002", "PYSEC-1"])
aliases = st.lists(names, max_size=3).map(tuple)


@given(names, aliases)
def test_an_advisory_is_the_same_problem_as_itself(name: str, others: tuple[str, ...]):
    assert same_problem(name, others, name, ())


@given(names, aliases, names, aliases)
def test_advisories_for_different_cves_are_never_merged(one: str, one_also: tuple[str, ...], two: str, two_also: tuple[str, ...]):
    mine = {name for name in (one, *one_also) if name.startswith("CVE")}
    theirs = {name for name in (two, *two_also) if name.startswith("CVE")}
    if one != two and mine and theirs and mine != theirs:
        assert not same_problem(one, one_also, two, two_also)


# -- joined facts, pure -------------------------------------------------------------------------------------------------------------


def told(**changes: object) -> Facts:
    return msgspec.structs.replace(facts_of(seen()), **changes)


def kev(cve: str, day: str) -> KevFact:
    return KevFact(cve, day)


def test_the_first_that_tells_of_the_findings_own_advisory_speaks():
    facts = joined([told(advisory=GHSA, title="Other words"), told(title="Own words")], CVE)

    assert (facts.advisory, facts.title) == (CVE, "Own words")


def test_where_none_tells_of_it_the_first_of_all_speaks():
    assert joined([told(advisory=GHSA, title="First"), told(advisory="X-1", title="Second")], CVE).title == "First"


def test_the_earliest_listing_counts():
    facts = joined([told(kev=kev("CVE-2", "2025-12-09")), told(kev=kev("CVE-1", "2025-12-05")), told(kev=None)], CVE)

    assert facts.kev == kev("CVE-1", "2025-12-05")


@pytest.mark.parametrize(("one", "two", "expected"), [(False, False, False), (True, False, True), (False, True, True)])
def test_a_public_exploit_that_anybody_knows_is_known(one: bool, two: bool, expected: bool):
    assert joined([told(exploit_refs=one), told(exploit_refs=two)], CVE).exploit_refs is expected


def test_a_vector_comes_from_whoever_has_one():
    assert joined([told(vector=""), told(vector="CVSS:3.1/AV:N")], CVE).vector == "CVSS:3.1/AV:N"
    assert joined([told(vector="mine"), told(vector="theirs")], CVE).vector == "mine"


def test_a_pinned_version_that_anybody_saw_is_pinned():
    facts = joined([told(pin="not_pinned", installed=""), told(pin="pinned", installed="19.1.0")], CVE)

    assert (facts.pin, facts.installed) == ("pinned", "19.1.0")


def test_other_names_are_gathered_once_each_without_its_own():
    facts = joined([told(aliases=("A-1", "B-1")), told(advisory=GHSA, aliases=(CVE, "A-1"))], CVE)

    assert sorted(facts.aliases) == sorted(["A-1", "B-1", GHSA])


@given(st.permutations(["A-1", "B-1", "C-1"]))
def test_the_order_of_sources_changes_no_name_and_no_exploitation(order: list[str]):
    facts = joined([told(advisory=CVE, aliases=(name,), exploit_refs=name == "C-1") for name in order], CVE)

    assert (set(facts.aliases), facts.exploit_refs) == ({"A-1", "B-1", "C-1"}, True)


@pytest.mark.parametrize(
    ("fixed", "commands", "expected"),
    [
        ((), (), ""),
        (("1.2", "2.0"), (), "1.2"),
        (("1.2", "2.0"), ("npm install x@2.0",), "2.0"),
        (("1.2",), ("apt upgrade",), "1.2"),
    ],
)
def test_the_version_to_raise_to(fixed: tuple[str, ...], commands: tuple[str, ...], expected: str):
    assert upgrade_to(told(fixed=fixed, upgrade=commands)) == expected


@pytest.mark.parametrize("day", ["2025-12-05", "2025-12-05T00:00:00Z", "2025-12-05T02:00:00+02:00"])
def test_a_listing_is_an_instant_in_utc(day: str):
    listed = threat_of(told(kev=kev("CVE-1", day))).kev_listed

    assert listed is not None
    assert listed.utcoffset() == timedelta(0)
    assert listed.isoformat() == "2025-12-05T00:00:00+00:00"


@pytest.mark.parametrize("day", ["", "soon", "0001-01-01", "1969-12-31", "2025-13-01", "2025-12-05T99:00"])
def test_a_date_that_is_none_is_no_date_and_breaks_nothing(day: str):
    assert threat_of(told(modified=day)).facts_as_of is None


@given(
    st.builds(
        Sighting, advisory=st.text(min_size=1, max_size=30), title=st.text(max_size=400), aliases=st.lists(st.text(max_size=10)).map(tuple)
    )
)
def test_what_is_kept_of_a_sighting_comes_back_as_it_was(sighting: Sighting):
    facts = facts_of(sighting)

    assert from_json(to_json(facts)) == facts
    assert facts_hash(from_json(to_json(facts))) == facts_hash(facts)


@example("", "left\npad")
@given(st.text(max_size=600), st.text(max_size=40))
def test_a_title_is_one_printable_line_within_its_limit_and_never_empty(title: str, package: str):
    facts = facts_of(Sighting(advisory=CVE, package=package, title=title))

    assert 0 < len(facts.title) <= 300
    assert "\n" not in facts.title
    assert all(letter.isprintable() for letter in facts.title)


def test_references_that_are_no_web_addresses_are_dropped():
    hostile = ("javascript:alert(1)", "https://example.org/a", "data:text/html,x", "http://example.org/b", "file:///etc/passwd")

    assert facts_of(Sighting(advisory=CVE, references=hostile)).references == ("https://example.org/a", "http://example.org/b")


def test_a_hundred_references_are_kept_and_no_more():
    many = tuple(f"https://example.org/{number}" for number in range(150))

    assert len(facts_of(Sighting(advisory=CVE, references=many)).references) == 100


def test_a_fact_of_a_later_version_is_passed_over():
    assert from_json({**to_json(told()), "colour": "red"}) == told()


def test_quiet_ones_from_two_sources_ring_nobody_and_are_one(saltmarsh: Company):
    saltmarsh.scan(quiet(1), service="tide-feed", repo="", source=ONE)
    saltmarsh.scan(quiet(1), service="tide-feed", repo="", source=TWO)

    assert (queries.search("is:all").total, saltmarsh.rings()) == (1, [])
