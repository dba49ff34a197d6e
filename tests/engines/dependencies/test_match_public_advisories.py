"""The evaluator against the advisories' own lists: what they list as affected, we call affected."""

import zipfile
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.shared_data import shared_data
from watchbill.engines.dependencies.advisory import Advisory, Affected
from watchbill.engines.dependencies.matching import is_affected
from watchbill.engines.dependencies.osv import parse_osv


def advisories() -> Iterator[Advisory]:
    for path in sorted(shared_data("vulnerabilities", "osv").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                found = parse_osv(archive.read(name), name)
                assert isinstance(found, Advisory), found
                yield found


@pytest.fixture(scope="module")
def public() -> list[Advisory]:
    return list(advisories())


def test_every_public_advisory_is_read(public: list[Advisory]) -> None:
    assert len(public) == 8158
    assert sum(bool(advisory.withdrawn) for advisory in public) == 40


def test_every_listed_version_is_affected(public: list[Advisory]) -> None:
    states = Counter(is_affected(version, item).state for advisory in public for item in advisory.affected for version in item.versions)
    assert states.total() > 100_000
    assert states["affected"] / states.total() >= 0.999


def test_ranges_alone_reproduce_the_lists_and_doubt_only_what_cannot_be_ordered(public: list[Advisory]) -> None:
    states: Counter[str] = Counter()
    for item in (item for advisory in public for item in advisory.affected if item.versions and item.ranges):
        alone = Affected(item.ecosystem, item.package, (), item.ranges)
        states.update(is_affected(version, alone).state for version in item.versions)
    assert states["not_affected"] <= 14
    assert states["affected"] / states.total() >= 0.999


def test_no_fix_is_affected_by_the_range_it_ends(public: list[Advisory]) -> None:
    """A fix may be listed or lie in another branch's range; both are rare, and then the fix is not offered."""
    states: Counter[str] = Counter()
    for item in (item for advisory in public for item in advisory.affected):
        states.update(is_affected(version, item).state for version in item.fixed)
    assert states["affected"] / states.total() < 0.005
