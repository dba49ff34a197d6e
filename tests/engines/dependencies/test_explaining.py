"""An explanation tells each step in words, and comes to what the matcher comes to, always."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import as_bytes, osv, package
from tests.engines.dependencies.version_samples import GRAMMARS, noise
from watchbill.engines.dependencies.advisory import Advisory, Affected, Event, EventKind, Range, RangeKind
from watchbill.engines.dependencies.explaining import MOST_EVENTS, Explanation, ecosystems_naming, explain
from watchbill.engines.dependencies.matching import is_affected
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.store import AdvisoryStore


def advisory(*documents: dict[str, Any], **more: Any) -> Advisory:
    """One advisory with the entries of all these documents."""
    found = parse_osv(as_bytes(documents[0] | {"affected": [one for document in documents for one in document["affected"]]} | more), "here")
    assert isinstance(found, Advisory), found
    return found


def texts(told: Explanation, kind: str) -> list[str]:
    return [step.text for step in told.steps if step.kind == kind]


def test_each_edge_of_a_range_is_compared_in_words() -> None:
    told = explain(advisory(osv(events=[{"introduced": "1.0"}, {"fixed": "1.4.0"}])), "PyPI", "hawser", "1.2")
    assert texts(told, "event") == [
        "introduced 1.0: 1.2 is newer than 1.0, affected from here on.",
        "fixed 1.4.0: 1.2 is older than 1.4.0, before the fix.",
    ]
    assert texts(told, "inside") == ["Version 1.2 is inside range 1."]
    assert told.steps[-1].text == "Affected: in a range. Fixed in 1.4.0."


def test_edges_are_told_in_the_order_they_are_walked_in() -> None:
    told = explain(advisory(osv(events=[{"fixed": "2.0"}, {"introduced": "1.0"}])), "PyPI", "hawser", "3.0")
    assert [text.split(":")[0] for text in texts(told, "event")] == ["introduced 1.0", "fixed 2.0"]
    assert told.steps[-1].answer == "no"


def test_a_version_that_is_an_edge_is_said_to_be_the_same() -> None:
    told = explain(advisory(osv(events=[{"introduced": "0"}, {"last_affected": "1.4.0"}])), "PyPI", "hawser", "1.4")
    assert texts(told, "event")[1] == "last affected 1.4.0: 1.4 is the same as 1.4.0, the last affected version itself."
    assert told.state == "affected"


def test_a_limit_is_told_as_one() -> None:
    told = explain(advisory(osv(events=[{"introduced": "0"}, {"limit": "2.0"}])), "PyPI", "hawser", "2.0")
    assert "at the limit" in texts(told, "event")[1]
    assert told.state == "not_affected"


def test_an_open_limit_is_told_as_none() -> None:
    told = explain(advisory(osv(events=[{"introduced": "1.0"}, {"limit": "*"}])), "PyPI", "hawser", "2.0")
    assert texts(told, "event")[-1] == "limit *: the range has no limit."
    assert told.state == "affected"


def test_the_normalised_name_is_told() -> None:
    told = explain(advisory(osv(package="Salt.Json", ecosystem="NuGet")), "NuGet", "SALT.json", "1.0.0")
    assert texts(told, "name") == ["In NuGet SALT.json is the same name as salt.json, which is looked for."]
    assert told.state == "affected"


def test_a_listed_version_is_told_as_listed() -> None:
    told = explain(advisory(osv(versions=["3.0"])), "PyPI", "hawser", "3.0.0")
    assert [step.answer for step in told.steps if step.kind == "listed"] == ["yes"]
    assert (told.state, told.reason) == ("affected", "listed")


def test_a_version_not_in_the_list_is_told_so() -> None:
    told = explain(advisory(osv(versions=["3.0"])), "PyPI", "hawser", "2.5")
    assert texts(told, "listed") == ["Version 2.5 is not in the list."]


def test_a_version_that_cannot_be_ordered_is_named_as_the_unknown() -> None:
    told = explain(advisory(osv(ecosystem="Packagist", package="salt/hawser")), "Packagist", "salt/hawser", "dev-main")
    assert "dev-main can't be ordered" in texts(told, "version")[0]
    assert (told.state, told.steps[-1].answer) == ("unknown", "unknown")


def test_an_edge_that_cannot_be_ordered_is_named_as_the_unknown() -> None:
    told = explain(advisory(osv(events=[{"introduced": "0"}, {"fixed": "the next one"}])), "PyPI", "hawser", "1.0")
    assert [step.answer for step in told.steps if step.kind == "event"] == ["", "unknown"]
    assert told.state == "unknown"


def test_a_release_that_is_not_told_is_named_as_the_unknown() -> None:
    told = explain(advisory(osv(ecosystem="Debian:12")), "Debian", "hawser", "1.0-1")
    assert texts(told, "release") == ["The entry is about Debian:12; which release of Debian the package is of isn't told."]
    assert told.state == "unknown"


def test_a_package_that_is_not_pinned_is_unknown() -> None:
    assert explain(advisory(osv()), "PyPI", "hawser", "").state == "unknown"


def test_a_range_without_an_end_needs_no_version() -> None:
    told = explain(advisory(osv(events=[{"introduced": "0"}])), "PyPI", "hawser", "")
    assert told.state == "affected"
    assert "every version is in it" in texts(told, "range")[0]


def test_a_withdrawn_advisory_affects_nothing_and_says_since_when() -> None:
    told = explain(advisory(osv(withdrawn="2026-11-02T08:00:00Z")), "PyPI", "hawser", "1.0")
    assert "withdrawn on 2026-11-02" in told.steps[0].text
    assert (told.state, told.steps[-1].text) == ("not_affected", "Not affected: the advisory was withdrawn.")


def test_a_package_that_is_not_named_is_told_whom_it_is_about() -> None:
    told = explain(advisory(osv()), "PyPI", "bollard", "1.0")
    assert (told.named, told.state) == (False, "not_affected")
    assert texts(told, "entry") == ["No entry of it names this package; it is about hawser (PyPI)."]


def test_ranges_of_commits_are_told_as_not_looked_at() -> None:
    told = explain(advisory(osv(range_type="GIT", events=[{"introduced": "0"}, {"fixed": "c0ffee"}])), "PyPI", "hawser", "1.0")
    assert "1 range of commits, not looked at" in texts(told, "entry")[0]
    assert told.state == "unknown"


def test_of_several_entries_the_worst_counts_and_each_is_told() -> None:
    early = osv(events=[{"introduced": "0"}, {"fixed": "1.0"}])
    late = osv(events=[{"introduced": "2.0"}, {"fixed": "2.5"}])
    told = explain(advisory(early, late), "PyPI", "hawser", "2.1")
    assert [step.answer for step in told.steps if step.kind == "entry_verdict"] == ["no", "yes"]
    assert told.fixed == ("2.5",)


def test_the_ecosystems_that_name_a_package_are_found() -> None:
    both = advisory(osv(ecosystem="npm"), osv(ecosystem="PyPI"), osv(package="bollard", ecosystem="Go"))
    assert ecosystems_naming(both, "Hawser") == ("PyPI",)
    assert ecosystems_naming(both, "hawser") == ("npm", "PyPI")


def test_a_very_long_range_is_told_in_part_and_judged_whole() -> None:
    events = [{kind: f"1.{number}.{patch}"} for number in range(MOST_EVENTS) for patch, kind in enumerate(("introduced", "fixed"))]
    told = explain(advisory(osv(events=events)), "PyPI", "hawser", f"1.{MOST_EVENTS - 1}.0")
    assert len(texts(told, "event")) == MOST_EVENTS
    assert told.state == "affected"


def test_a_name_that_would_act_on_a_terminal_is_made_visible() -> None:
    told = explain(advisory(osv()), "PyPI", "haw\x1b[2Jser", "1\u202e.0")
    assert all(step.text.isprintable() for step in told.steps)


KINDS: list[EventKind] = ["introduced", "fixed", "last_affected", "limit"]
RANGES: list[RangeKind] = ["ECOSYSTEM", "SEMVER", "GIT"]
SPELLINGS = {
    "Debian:12": ["Debian:12", "Debian:11", "Debian"],
    "NuGet": ["NuGet"],
    "PyPI": ["PyPI"],
    "Packagist": ["Packagist"],
    "npm": ["npm"],
}
NAMES = ["hawser", "Hawser", "haw_ser"]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Advisory, str, str, str]:
    """An advisory with some entries, near which a package is asked about: other releases, other spellings, odd versions."""
    ecosystem = draw(st.sampled_from(sorted(SPELLINGS)))
    versions = st.one_of(GRAMMARS[ecosystem], st.sampled_from(["0", "1", "1.0", "1.0.0", "2.0.0"]), noise.filter(_fit_for_osv))
    events = st.lists(st.builds(Event, st.sampled_from(KINDS), st.one_of(versions, st.just("*"), st.just("0"))), max_size=4)
    spans = st.builds(lambda kind, more, first: Range(kind, (Event("introduced", first), *more)), st.sampled_from(RANGES), events, versions)
    entry = st.builds(
        Affected,
        st.sampled_from(SPELLINGS[ecosystem]),
        st.sampled_from(NAMES),
        st.lists(versions, max_size=3).map(tuple),
        st.lists(spans, max_size=2).map(tuple),
    )
    made = Advisory("SALT-1", "", "", (), "2026-11-01T08:00:00Z", "", "", (), (), (), tuple(draw(st.lists(entry, max_size=3))))
    withdrawn = draw(st.sampled_from(["", "", "", "2026-11-02T08:00:00Z"]))
    asked = draw(st.sampled_from(SPELLINGS[ecosystem])), draw(st.sampled_from(NAMES)), draw(st.one_of(versions, st.just("")))
    return replace(made, withdrawn=withdrawn), *asked


def _fit_for_osv(version: str) -> bool:
    return bool(version) and version.isprintable()


def _as_osv(made: Advisory) -> dict[str, Any]:
    entries = [
        {
            "package": {"ecosystem": item.ecosystem, "name": item.package},
            "versions": list(item.versions),
            "ranges": [{"type": span.kind, "events": [{event.kind: event.version} for event in span.events]} for span in item.ranges],
        }
        for item in made.affected
    ]
    return {"id": made.id, "modified": made.modified, "affected": entries} | ({"withdrawn": made.withdrawn} if made.withdrawn else {})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    path: Path = tmp_path_factory.mktemp("store") / "advisories.db"
    with AdvisoryStore.open(path) as opened:
        yield opened


@given(question=questions())
def test_an_explanation_comes_to_what_the_store_matches(store: AdvisoryStore, question: tuple[Advisory, str, str, str]) -> None:
    made, ecosystem, name, version = question
    report = store.load_advisories([("here", as_bytes(_as_osv(made)))])
    assert not report.refused
    found = store.match_advisory("SALT-1", [package(name, version, ecosystem)])
    matched = "affected" if found.hits else "unknown" if found.unknown else "not_affected"
    told = explain(made, ecosystem, name, version)
    assert told.state == matched
    if found.hits:
        assert (told.reason, told.fixed) == (found.hits[0].reason, found.hits[0].fixed)


@given(question=questions())
def test_the_steps_themselves_lead_to_the_verdict(question: tuple[Advisory, str, str, str]) -> None:
    made, ecosystem, name, version = question
    told = explain(made, ecosystem, name, version)
    for number, item in enumerate(made.affected, 1):
        mine = [step for step in told.steps if step.entry == number]
        reached = any(step.answer == "yes" for step in mine if step.kind in ("listed", "range", "inside"))
        if mine:
            assert reached == (is_affected(version, item).state == "affected")
            assert mine[-1].kind == "entry_verdict"
    assert told.steps[-1].answer == {"affected": "yes", "not_affected": "no", "unknown": "unknown"}[told.state]


@given(question=questions())
def test_every_unknown_is_named_by_a_step(question: tuple[Advisory, str, str, str]) -> None:
    told = explain(*question)
    if told.state == "unknown":
        assert any(step.answer == "unknown" for step in told.steps[:-1])
