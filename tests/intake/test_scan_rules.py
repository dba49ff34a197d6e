"""What a match becomes: one finding's worth of sighting per package and problem, under the name every tool shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cases.findings.rules import KevFact, ScanOutcome
from watchbill.engines.dependencies.advisory import Advisory, Affected, Event, Range
from watchbill.engines.dependencies.packages import Package
from watchbill.engines.dependencies.results import Hit, UnknownMatch
from watchbill.intake.scans.rules import UNJUDGED, canonical_id, outcome_sentence, sightings_of, summarise, versions_standing
from watchbill.intake.scans.values import AdvisoryFacts, Look, ReadManifest, UnreadManifest

AT = datetime(2026, 11, 23, 15, 52, tzinfo=UTC)


def advisory(ident: str = "GHSA-aaaa-bbbb-cccc", *aliases: str, fixed: str = "19.1.2") -> Advisory:
    affected = Affected("npm", "left-shelf", ranges=(Range("SEMVER", (Event("introduced", "0"), Event("fixed", fixed))),))
    return Advisory(
        id=ident,
        summary="A stranger can run code",
        details="One request runs the sender's code.",
        aliases=aliases,
        modified="2025-12-05T00:00:00Z",
        published="2025-12-03T00:00:00Z",
        withdrawn="",
        severity=(("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"),),
        cwes=("CWE-502",),
        references=(("ADVISORY", "https://example.org/a"),),
        affected=(affected,),
    )


def facts_of(*known: Advisory, kev: KevFact | None = None) -> dict[str, AdvisoryFacts]:
    return {
        each.id: AdvisoryFacts(each, canonical_id((each.id, *each.aliases)), tuple(sorted({each.id, *each.aliases})), kev) for each in known
    }


def hit(version: str, known: Advisory, fixed: tuple[str, ...] = ("19.1.2",)) -> Hit:
    package = Package("npm", "left-shelf", version, f"pkg:npm/left-shelf@{version}")
    return Hit(package, known.id, fixed, "range", known.affected[0])


def look(read: tuple[ReadManifest, ...] = (), unread: tuple[UnreadManifest, ...] = (), *, complete: bool = True) -> Look:
    inputs = tuple(sorted({each.manifest for each in (*read, *unread)}))
    return Look("look-1", "path:berth-board", "berth-board", "saltmarsh/berth-board", "main", inputs, AT, AT, complete, read, unread)


class TestTheNameAProblemIsKeptUnder:
    def test_a_cve_wins_over_what_a_database_calls_it(self) -> None:
        assert canonical_id(["GHSA-aaaa-bbbb-cccc", "CVE-2025-55182", "PYSEC-2025-1"]) == "CVE-2025-55182"

    def test_of_several_cves_the_lowest_by_number_not_by_letters(self) -> None:
        assert canonical_id(["CVE-2024-10001", "CVE-2024-9999"]) == "CVE-2024-9999"

    def test_without_a_cve_the_lowest_name(self) -> None:
        assert canonical_id(["RUSTSEC-2024-0002", "GHSA-zzzz"]) == "GHSA-zzzz"

    def test_no_names_have_no_name(self) -> None:
        assert canonical_id([]) == ""

    @pytest.mark.parametrize("odd", ["CVE-2024", "CVE-20x4-1", "CVE-2024-", "CVE--1"])
    def test_something_that_only_begins_like_a_cve_is_no_cve(self, odd: str) -> None:
        assert canonical_id([odd, "CVE-2024-1"]) == "CVE-2024-1"

    @given(st.lists(st.sampled_from(["CVE-2024-1", "CVE-2023-99999", "GHSA-a", "PYSEC-1", "GO-2024-1"]), min_size=1))
    def test_the_order_and_repeats_of_the_names_do_not_matter(self, names: list[str]) -> None:
        assert canonical_id(names) == canonical_id(sorted(set(names), reverse=True))


class TestSightings:
    def test_two_advisories_for_one_cve_are_one_sighting(self) -> None:
        ghsa, pysec = advisory("GHSA-a", "CVE-2025-1"), advisory("PYSEC-1", "CVE-2025-1")
        made = sightings_of(
            "package-lock.json", "package-lock-v3", [hit("19.1.1", ghsa), hit("19.1.1", pysec)], [], facts_of(ghsa, pysec).get
        )
        assert [sighting.advisory for sighting in made] == ["CVE-2025-1"]

    def test_the_command_raises_to_the_nearest_version_that_mends_all_of_them(self) -> None:
        first, second = advisory("GHSA-a", "CVE-2025-1", fixed="19.1.2"), advisory("GHSA-b", "CVE-2025-2", fixed="19.1.5")
        hits = [hit("19.1.1", first, ("19.1.2",)), hit("19.1.1", second, ("19.1.5",))]
        made = sightings_of("package-lock.json", "package-lock-v3", hits, [], facts_of(first, second).get)
        assert all("left-shelf@19.1.5" in sighting.upgrade[0] for sighting in made)

    def test_what_the_catalogue_of_exploited_ones_says_comes_along(self) -> None:
        known, kev = advisory("GHSA-a", "CVE-2025-1"), KevFact("CVE-2025-1", "2025-12-05")
        (made,) = sightings_of("package-lock.json", "package-lock-v3", [hit("19.1.1", known)], [], facts_of(known, kev=kev).get)
        assert made.kev == kev

    def test_vector_weakness_and_references_are_the_advisorys(self) -> None:
        known = advisory("GHSA-a", "CVE-2025-1")
        (made,) = sightings_of("package-lock.json", "package-lock-v3", [hit("19.1.1", known)], [], facts_of(known).get)
        assert (made.severity[:8], made.cwes, made.references) == ("CVSS:3.1", ("CWE-502",), ("https://example.org/a",))

    def test_an_advisory_that_vanished_meanwhile_is_left_out(self) -> None:
        known = advisory("GHSA-a", "CVE-2025-1")
        assert sightings_of("package-lock.json", "package-lock-v3", [hit("19.1.1", known)], [], {}.get) == ()

    def test_a_version_nobody_can_order_is_said_to_be_unknown_and_names_no_fix(self) -> None:
        known = advisory("GHSA-a", "CVE-2025-1")
        odd = UnknownMatch(Package("npm", "left-shelf", "nineteen", ""), known.id, "nineteen is no version")
        (made,) = sightings_of("package-lock.json", "package-lock-v3", [], [odd], facts_of(known).get)
        assert (made.pin, made.upgrade, made.version_unknown) == ("unknown", (), "nineteen is no version")

    def test_a_package_that_is_not_pinned_keeps_its_bound(self) -> None:
        known = advisory("GHSA-a", "CVE-2025-1")
        loose = UnknownMatch(Package("npm", "left-shelf", "", "", bound=">=19"), known.id, "not pinned")
        (made,) = sightings_of("package-lock.json", "package-lock-v3", [], [loose], facts_of(known).get)
        assert (made.pin, made.unpinned_bound) == ("not_pinned", ">=19")

    def test_a_package_nobody_can_judge_is_a_sighting_of_its_own_and_never_clean(self) -> None:
        loose = UnknownMatch(Package("npm", "left-shelf", "", "", bound=">=19"), "", "not pinned", candidates=3)
        (made,) = sightings_of("package-lock.json", "package-lock-v3", [], [loose], {}.get)
        assert (made.advisory, made.pin, made.unpinned_bound) == (UNJUDGED, "not_pinned", ">=19")
        assert "3 known problems" in made.title

    def test_a_version_nobody_can_order_is_a_sighting_of_its_own(self) -> None:
        odd = UnknownMatch(Package("npm", "left-shelf", "nineteen", ""), "", "nineteen is no version", candidates=1)
        (made,) = sightings_of("package-lock.json", "package-lock-v3", [], [odd], {}.get)
        assert (made.pin, made.version_unknown) == ("unknown", "nineteen is no version")
        assert "1 known problem " in made.title


class TestWhatStandsThereNow:
    standing = staticmethod(
        versions_standing(
            [
                ReadManifest(
                    "a.lock", "x", (Package("npm", "p", "2.0", ""), Package("npm", "p", "1.0", ""), Package("npm", "q", "", "", bound=">1"))
                )
            ]
        )
    )

    def test_every_version_of_a_package_is_named(self) -> None:
        assert self.standing("a.lock", "npm", "p") == "1.0, 2.0"

    def test_an_open_bound_is_named_as_it_is_written(self) -> None:
        assert self.standing("a.lock", "npm", "q") == ">1"

    def test_what_is_not_there_is_nothing(self) -> None:
        assert self.standing("a.lock", "PyPI", "p") == ""


class TestTheLookInWords:
    def test_the_summary_counts_what_each_manifest_pinned(self) -> None:
        package = Package("npm", "left-shelf", "1.0.0", "")
        read = (ReadManifest("a/package-lock.json", "package-lock-v3", (package, package)), ReadManifest("b/go.mod", "gomod", ()))
        summary = summarise(look(read, (UnreadManifest("c/poetry.lock", "cut short"),)))
        assert summary.packages_by_input == {"a/package-lock.json": 2, "b/go.mod": 0}
        assert summary.inputs_read == ("a/package-lock.json", "b/go.mod")
        assert summary.inputs_unreadable == (("c/poetry.lock", "cut short"),)

    def test_nothing_changed_is_said(self) -> None:
        assert outcome_sentence(look((ReadManifest("go.mod", "gomod", ()),)), ScanOutcome()) == "1 file read, 0 packages; nothing changed."

    def test_what_changed_is_counted(self) -> None:
        outcome = ScanOutcome(opened=(1, 2), fixed=(3,), unchanged=False)
        assert outcome_sentence(look(), outcome).endswith("; 2 new findings, 1 proven fixed.")

    def test_one_finding_is_said_as_one(self) -> None:
        assert outcome_sentence(look(), ScanOutcome(fixed=(3,), unchanged=False)).endswith("; 1 finding proven fixed.")

    def test_what_could_not_be_read_is_counted_among_all(self) -> None:
        read, unread = ReadManifest("go.mod", "gomod", ()), UnreadManifest("yarn.lock", "no lockfile")
        assert outcome_sentence(replace(look((read,)), unread=(unread,)), ScanOutcome()).startswith("1 of 2 files read, ")

    def test_an_ignored_scan_says_why(self) -> None:
        told = outcome_sentence(look(), ScanOutcome(ignored="Older than what was looked at since; nothing was changed"))
        assert told.endswith("; older than what was looked at since; nothing was changed.")

    def test_a_held_scan_says_why(self) -> None:
        assert "; it waits for a person: it read nothing." in outcome_sentence(
            look(), ScanOutcome(held=True, held_reason="it read nothing")
        )
