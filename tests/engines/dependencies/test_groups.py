"""Alias groups, for display only: joined names, the order they are shown in, and groups that span several CVEs."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import as_bytes, osv
from tests.shared_data import shared_data
from watchbill.engines.dependencies.groups import AliasGroup, GroupCounts, by_name, count_groups
from watchbill.engines.dependencies.store import AdvisoryStore


@pytest.fixture
def store(tmp_path: Path) -> AdvisoryStore:
    return AdvisoryStore.open(tmp_path / "advisories.db")


def take(store: AdvisoryStore, **aliases: list[str]) -> None:
    store.load_advisories([(name, as_bytes(osv(name.replace("_", "-"), aliases=others))) for name, others in aliases.items()])


def test_advisories_that_share_a_name_are_one_group(store: AdvisoryStore) -> None:
    take(store, GHSA_a=["CVE-2026-1001"], PYSEC_1=["CVE-2026-1001"], SALT_9=[])
    assert store.groups() == GroupCounts(2, 1, 0)
    assert store.group("PYSEC-1") == AliasGroup(("CVE-2026-1001", "GHSA-a", "PYSEC-1"), ("GHSA-a", "PYSEC-1"))


def test_a_group_is_found_by_any_of_its_names(store: AdvisoryStore) -> None:
    take(store, GHSA_a=["CVE-2026-1001"], PYSEC_1=["CVE-2026-1001"])
    assert store.group("CVE-2026-1001") == store.group("GHSA-a") == store.group("PYSEC-1")


def test_a_group_of_two_cves_says_so(store: AdvisoryStore) -> None:
    take(store, GHSA_a=["CVE-2026-1001"], PYSEC_1=["GHSA-a", "CVE-2026-1002"])
    assert store.group("GHSA-a").spans_cves
    assert store.groups().span_cves == 1


def test_a_name_nobody_knows_is_alone(store: AdvisoryStore) -> None:
    assert store.group("CVE-1999-1") == AliasGroup(("CVE-1999-1",), ())


def test_names_come_cves_first_by_year_and_number() -> None:
    assert by_name(["PYSEC-2", "CVE-2026-10000", "GHSA-a", "CVE-2026-9999", "CVE-2025-99999"]) == (
        "CVE-2025-99999", "CVE-2026-9999", "CVE-2026-10000", "GHSA-a", "PYSEC-2",
    )  # fmt: skip


def test_the_public_advisories_make_the_groups_that_were_counted_by_hand(store: AdvisoryStore) -> None:
    store.load(sorted(shared_data("vulnerabilities", "osv").glob("*.zip")))
    assert store.groups() == GroupCounts(7518, 379, 52)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30))
def test_groups_are_what_a_slow_search_finds(edges: list[tuple[int, int]]) -> None:
    names = [f"CVE-2026-{1000 + number}" if number % 3 else f"GHSA-{number}" for number in range(13)]
    ids = sorted({names[one] for one, _ in edges})
    pairs = [(names[one], names[other]) for one, other in edges]
    assert count_groups(ids, pairs) == slowly(ids, pairs)


def slowly(ids: list[str], pairs: list[tuple[str, str]]) -> GroupCounts:
    """Merge sets until none overlap."""
    groups = [{one} for one in ids] + [set(pair) for pair in pairs]
    while touching := next(((a, b) for a, b in combinations(groups, 2) if a & b), None):
        groups.remove(touching[0])
        groups.remove(touching[1])
        groups.append(touching[0] | touching[1])
    cves = [sum(name.startswith("CVE") for name in group) for group in groups]
    held = [len(group & set(ids)) for group in groups]
    return GroupCounts(len(groups), sum(count > 1 for count in held), sum(count > 1 for count in cves))
