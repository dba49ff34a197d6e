"""What a scan may bring: every limit at its edge, every refusal with its field, nothing half-recorded, and text that means harm."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.company import BOB, KEV, LOCK, Company, person, quiet, seen
from watchbill.base.acting import SYSTEM
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.models import Feed, InputLook, RecordedScan
from watchbill.cases.findings.recording import _check
from watchbill.cases.findings.rules import ScanSummary, Scope, Sighting, clean_text, package_name
from watchbill.cases.limits import INPUTS_PER_SCAN, NAME_CHARS, PATH_CHARS, SCAN_KEY_CHARS, SIGHTINGS_PER_SCAN

T0 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def summary(**changes: object) -> ScanSummary:
    scope = Scope("watched path", "berth-board", "saltmarsh/berth-board", "main", (LOCK,))
    whole = ScanSummary("k", scope, T0, T0, True, (LOCK,), (), 1, "reader", {LOCK: 1})
    return msgspec.structs.replace(whole, **changes)


def scope(**changes: str) -> Scope:
    return msgspec.structs.replace(summary().scope, **changes)


REFUSED = [
    ("key", lambda: (summary(key=""), ())),
    ("key", lambda: (summary(key="x" * (SCAN_KEY_CHARS + 1)), ())),
    ("sightings", lambda: (summary(), (seen(),) * (SIGHTINGS_PER_SCAN + 1))),
    ("inputs", lambda: (summary(inputs_read=tuple(map(str, range(INPUTS_PER_SCAN)))), ())),
    ("source", lambda: (summary(scope=scope(source="x" * (NAME_CHARS + 1))), ())),
    ("service", lambda: (summary(scope=scope(service="x" * (NAME_CHARS + 1))), ())),
    ("repo", lambda: (summary(scope=scope(repo="x" * (NAME_CHARS + 1))), ())),
    ("branch", lambda: (summary(scope=scope(branch="x" * (NAME_CHARS + 1))), ())),
    ("sightings", lambda: (summary(), (seen(manifest="x" * (PATH_CHARS + 1)),))),
    ("sightings", lambda: (summary(), (seen(advisory=""),))),
    ("finished_at", lambda: (summary(finished_at=T0.replace(tzinfo=None)), ())),
    ("finished_at", lambda: (summary(started_at=T0.replace(tzinfo=None)), ())),
]
TAKEN = [
    lambda: (summary(key="x" * SCAN_KEY_CHARS), ()),
    lambda: (summary(inputs_read=tuple(map(str, range(INPUTS_PER_SCAN - 1)))), ()),
    lambda: (summary(scope=scope(source="x" * NAME_CHARS, service="y" * NAME_CHARS, repo="z" * NAME_CHARS, branch="w" * NAME_CHARS)), ()),
    lambda: (summary(), (seen(manifest="x" * PATH_CHARS),)),
    lambda: (summary(), ()),
]


@pytest.mark.parametrize(("field", "make"), REFUSED)
def test_over_a_limit_it_is_refused_at_its_field(field: str, make):
    with pytest.raises(Problem) as caught:
        _check(*make())
    assert (caught.value.code, caught.value.field, caught.value.status) == ("invalid", field, 422)


@pytest.mark.parametrize("make", TAKEN)
def test_at_a_limit_it_is_taken(make):
    _check(*make())


@pytest.mark.parametrize(("field", "make"), [one for one in REFUSED if one[0] != "inputs"][:1] + REFUSED[4:10])
def test_what_is_refused_leaves_no_row_and_no_event(saltmarsh: Company, field: str, make):
    events = saltmarsh.trail()

    with pytest.raises(Problem):
        services.record_scan(*make(), SYSTEM)

    assert saltmarsh.trail() == events
    assert not Feed.objects.exists()
    assert not RecordedScan.objects.exists()


def test_one_bad_sighting_refuses_the_good_ones_with_it(saltmarsh: Company):
    with pytest.raises(Problem):
        saltmarsh.scan(seen(), quiet(1), seen(advisory=""))

    assert queries.search("is:all").total == 0


def test_a_scan_refused_may_be_sent_again_under_the_same_key(saltmarsh: Company):
    with pytest.raises(Problem):
        saltmarsh.scan(seen(advisory=""), key="nightly")

    assert len(saltmarsh.scan(seen(), key="nightly").opened) == 1


def test_the_same_key_from_another_place_is_the_same_scan(saltmarsh: Company):
    saltmarsh.scan(seen(), key="nightly")

    outcome = saltmarsh.scan(quiet(1), key="nightly", service="tide-feed", repo="")

    assert (outcome.unchanged, outcome.opened) == (True, ())


def test_a_scan_without_a_single_sighting_of_a_new_place_opens_and_holds_nothing(saltmarsh: Company):
    outcome = saltmarsh.scan()

    assert (outcome.opened, outcome.held, outcome.unchanged) == ((), False, True)
    assert saltmarsh.rings() == []


def test_times_with_another_offset_are_the_same_instants(saltmarsh: Company):
    saltmarsh.scan(seen())
    elsewhere = timezone(timedelta(hours=9))
    at = (saltmarsh.clock.now() + timedelta(minutes=10)).astimezone(elsewhere)
    saltmarsh.later(minutes=10)

    outcome = services.record_scan(summary(key="tokyo", started_at=at, finished_at=at, scope=scope()), (), SYSTEM)

    assert len(outcome.fixed) == 1


def test_an_older_scan_with_a_younger_looking_local_time_is_still_older(saltmarsh: Company):
    saltmarsh.scan(seen())
    at = (saltmarsh.clock.now() - timedelta(minutes=10)).astimezone(timezone(timedelta(hours=14)))

    outcome = services.record_scan(summary(key="kiritimati", started_at=at, finished_at=at), (), SYSTEM)

    assert outcome.ignored
    assert saltmarsh.only().state == "open"


def test_a_look_remembers_its_last_good_count_through_an_empty_one(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(packages=0)

    (look,) = InputLook.objects.all()
    assert look.packages == 100


def test_a_scan_that_only_adds_is_no_look(saltmarsh: Company):
    saltmarsh.scan(seen())
    before = InputLook.objects.get().finished_at

    saltmarsh.later(minutes=10).scan(quiet(1), read=(), complete=False, packages=1)

    assert InputLook.objects.get().finished_at == before


# -- text that means harm -----------------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE findings_finding; --",
    "{{ 7*7 }}{% include 'x' %}",
    "\x1b[2Jgone",
    "\u202efixed\u202c",
    "a\x00b",
    "line\r\nSubject: forged",
    "\ufeff\u200bzero",
    "%s%n%x" * 20,
    "\U0001f4a3" * 100,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_in_a_title_a_summary_and_a_package_it_stays_harmless_text(saltmarsh: Company, text: str):
    sighting = msgspec.structs.replace(seen(), title=text, summary=text, package=text, purl="", cwes=(text,), severity=text)

    saltmarsh.scan(sighting)

    finding = saltmarsh.only()
    assert all(letter.isprintable() for letter in finding.title)
    assert all(letter.isprintable() or letter in "\n\t" for letter in f"{finding.summary}{finding.package}{finding.what}")
    assert finding.state in ("new", "open")


@pytest.mark.parametrize("text", HOSTILE)
def test_in_aliases_references_and_commands_it_stays_harmless_text(saltmarsh: Company, text: str):
    saltmarsh.scan(msgspec.structs.replace(seen(), aliases=(text,), references=(f"https://{text}",), upgrade=(text,), fixed=(text,)))

    finding = saltmarsh.only()
    for kept in (*finding.aliases, *finding.references, *finding.upgrade, *finding.fixed):
        assert all(letter.isprintable() or letter in "\n\t" for letter in kept)


@pytest.mark.parametrize("text", HOSTILE)
def test_in_the_reason_why_a_file_could_not_be_read_it_stays_harmless_text(saltmarsh: Company, text: str):
    saltmarsh.scan(seen())

    saltmarsh.later(minutes=5).scan(read=(), unreadable=((LOCK, text),))

    assert "not_seen" in saltmarsh.only().marks
    assert saltmarsh.only().state == "open"


@pytest.mark.parametrize("name", ["CVE-2025-1\x1b[31m", "CVE-2025-1\r\nSubject: forged", "A" * (NAME_CHARS + 1)])
def test_an_advisorys_name_is_clean_and_within_its_limit_or_refused(saltmarsh: Company, name: str):
    try:
        saltmarsh.scan(seen(advisory=name))
    except Problem:
        return

    kept = saltmarsh.only().advisory
    assert len(kept) <= NAME_CHARS
    assert all(letter.isprintable() for letter in kept)


def test_a_manifests_name_has_no_control_characters_or_is_refused(saltmarsh: Company):
    manifest = "a\x1b[2J/package-lock.json"
    try:
        saltmarsh.scan(seen(manifest=manifest), inputs=(manifest,))
    except Problem:
        return

    assert all(letter.isprintable() for letter in saltmarsh.only().place.manifest)


@given(st.text(max_size=200), st.integers(0, 50))
def test_stored_text_is_never_longer_than_its_limit_nor_unprintable(text: str, limit: int):
    kept = clean_text(text, limit)

    assert len(kept) <= limit
    assert all(letter.isprintable() or letter in "\n\t" for letter in kept)


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str):
    once = clean_text(text, 40)

    assert clean_text(once, 40) == once


@pytest.mark.parametrize(
    ("ecosystem", "name", "purl", "expected"),
    [
        ("npm", "Left-Pad", "", ("npm", "", "left-pad")),
        ("npm", "@Scope/Name", "", ("npm", "@scope", "name")),
        ("npm", "x", "pkg:npm/%40scope/name@1.0", ("npm", "@scope", "name")),
        ("PyPI", "Zope.Interface", "", ("pypi", "", "zope-interface")),
        ("PyPI", "a__b", "pkg:pypi/A--b@1", ("pypi", "", "a-b")),
        ("Go", "golang.org/x/crypto", "", ("golang", "golang.org/x", "crypto")),
        ("crates.io", "serde", "", ("cargo", "", "serde")),
        ("RubyGems", "Rails", "", ("gem", "", "Rails")),
        ("Packagist", "Vendor/Name", "", ("composer", "vendor", "name")),
        ("Maven", "org.x:y", "pkg:maven/org.x/y@1?type=jar#sub", ("maven", "org.x", "y")),
        ("", "", "", ("", "", "")),
        ("npm", "x", "not-a-purl", ("npm", "", "x")),
        ("npm", "x", "pkg:", ("npm", "", "x")),
    ],
)
def test_a_package_is_spelt_one_way(ecosystem: str, name: str, purl: str, expected: tuple[str, str, str]):
    found = package_name(ecosystem, name, purl)

    assert (found.type, found.namespace, found.name) == expected


@pytest.mark.parametrize(
    ("installed", "bound", "unknown", "pin"),
    [
        ("1.0", "", "", "pinned"),
        ("", "", "", "not_pinned"),
        ("", ">=1", "", "not_pinned"),
        ("1.0", ">=1", "", "not_pinned"),
        ("weird", "", "no order", "unknown"),
        ("", ">=1", "no order", "unknown"),
    ],
)
def test_whether_a_version_could_be_judged_as_a_table(installed: str, bound: str, unknown: str, pin: str):
    assert Sighting(advisory="A", installed=installed, unpinned_bound=bound, version_unknown=unknown).pin == pin


@pytest.mark.parametrize(("unpinned", "unknown"), [(">=19", ""), ("", "no order for this version")])
def test_what_can_not_be_judged_pages_nobody_however_bad_and_waits_for_triage(saltmarsh: Company, unpinned: str, unknown: str):
    outcome = saltmarsh.scan(seen(installed="" if unpinned else "?", unpinned=unpinned, unknown=unknown, kev=KEV))

    assert (outcome.paged, saltmarsh.rings()) == ((), [])
    assert saltmarsh.only().state == "new"
    assert "triage" in saltmarsh.only().marks


def test_once_it_is_triaged_it_stays_so_when_it_is_seen_again(saltmarsh: Company):
    saltmarsh.scan(seen(installed="", unpinned=">=19"))
    services.triage(saltmarsh.only().id, by=person(BOB))

    saltmarsh.later(minutes=5).scan(seen(installed="", unpinned=">=19"))

    assert saltmarsh.only().state == "triaged"
