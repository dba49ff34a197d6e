"""The guard itself, tried with thousands of scans: whatever silence looks like, it closes nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.cases.findings.closing import LastLook, OpenSighting, adds_only, ignored_reason, judge_scan, stale_inputs
from watchbill.cases.findings.rules import ScanSummary, Scope

T0 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FILES = ("a.lock", "b.lock", "c.lock")
names = st.lists(st.sampled_from(FILES), unique=True, max_size=3).map(tuple)
minutes = st.integers(-120, 120).map(lambda n: T0 + timedelta(minutes=n))


@st.composite
def scans(draw: st.DrawFn) -> ScanSummary:
    inputs = draw(names)
    read = tuple(name for name in (inputs or draw(names)) if draw(st.booleans()))
    counts = {name: draw(st.integers(0, 50)) for name in read}
    unreadable = tuple((name, "cut off") for name in inputs if name not in read and draw(st.booleans()))
    at = draw(minutes)
    return ScanSummary("k", Scope("s", "v", inputs=inputs), at, at, draw(st.booleans()), read, unreadable, sum(counts.values()), "", counts)


looks = st.dictionaries(st.sampled_from(FILES), st.builds(LastLook, minutes, st.integers(0, 50)))
sightings = st.lists(
    st.builds(OpenSighting, st.integers(1, 10_000), st.sampled_from(FILES), minutes, names, st.booleans()),
    max_size=30,
    unique_by=lambda one: one.id,
)


@settings(max_examples=600)
@given(scans(), looks, sightings)
def test_what_closes_was_looked_at_by_a_complete_newer_scan_that_found_packages(scan, known, unseen):
    verdict = judge_scan(scan, known, unseen, len(unseen))

    by_id = {item.id: item for item in unseen}
    for pk in verdict.close:
        item = by_id[pk]
        assert scan.complete
        assert item.manifest in scan.inputs_read
        assert scan.packages_by_input[item.manifest] > 0
        assert item.last_seen_at < scan.finished_at
        assert item.manifest not in known or known[item.manifest].finished_at < scan.finished_at
        assert set(item.inputs_then) <= set(scan.inputs_read)
        assert not item.unmoved


@settings(max_examples=300)
@given(scans(), looks, sightings)
def test_a_held_scan_closes_nothing_and_says_why(scan, known, unseen):
    verdict = judge_scan(scan, known, unseen, len(unseen))

    if verdict.held_reason:
        assert verdict.close == ()
        assert {item.id for item in verdict.not_seen} >= set(verdict.would_close)


@settings(max_examples=300)
@given(scans(), looks, sightings)
def test_nothing_is_both_closed_and_not_seen(scan, known, unseen):
    verdict = judge_scan(scan, known, unseen, len(unseen))

    assert not set(verdict.close) & {item.id for item in verdict.not_seen}


@settings(max_examples=200)
@given(st.lists(scans(), max_size=8), sightings)
def test_no_sequence_of_empty_cut_short_older_or_smaller_scans_ever_closes_anything(told, unseen):
    state = dict.fromkeys(FILES, LastLook(T0, 20))
    seen_then = [OpenSighting(item.id, item.manifest, T0, FILES, item.unmoved) for item in unseen]
    for scan in told:
        says_too_little = not scan.complete or scan.packages == 0 or scan.finished_at <= T0 or set(scan.inputs_read) != set(FILES)
        if says_too_little:
            assert judge_scan(scan, state, seen_then, len(seen_then)).close == ()


@given(scans(), sightings)
def test_closing_more_than_half_and_at_least_ten_always_waits(scan, unseen):
    verdict = judge_scan(scan, {}, unseen, len(unseen))

    if len(verdict.would_close) >= 10 and len(verdict.would_close) > len(unseen) / 2:
        assert verdict.held_reason


@given(scans(), looks)
def test_a_scan_is_history_only_if_all_it_speaks_for_was_looked_at_since(scan, known):
    if ignored_reason(scan, known) and (scan.scope.inputs or scan.inputs_read):
        assert stale_inputs(scan, known) == set(scan.scope.inputs or scan.inputs_read) | set(scan.inputs_read)


@given(scans(), looks, sightings)
def test_what_only_adds_neither_closes_nor_marks_nor_holds(scan, known, unseen):
    verdict = judge_scan(scan, known, unseen, len(unseen))

    if adds_only(scan):
        assert (verdict.close, verdict.not_seen, verdict.held_reason) == ((), (), "")
