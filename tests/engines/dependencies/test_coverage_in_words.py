"""Which versions an advisory covers, as a person would say it."""

import pytest

from tests.engines.dependencies.osv_samples import Edges, affected
from watchbill.engines.dependencies.coverage import versions_covered


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([[("introduced", "0"), ("fixed", "1.2.0")]], "versions before 1.2.0"),
        ([[("introduced", "1.0.0"), ("fixed", "1.2.0")]], "versions from 1.0.0 before 1.2.0"),
        ([[("introduced", "0"), ("last_affected", "1.2.0")]], "versions up to and including 1.2.0"),
        ([[("introduced", "1.0.0")]], "versions from 1.0.0 on"),
        ([[("introduced", "0")]], "every version"),
        (
            [[("introduced", "0"), ("fixed", "1.2.0"), ("introduced", "2.0.0"), ("fixed", "2.0.4")]],
            "versions before 1.2.0, and from 2.0.0 before 2.0.4",
        ),
        (
            [[("fixed", "2.0.4"), ("introduced", "2.0.0"), ("fixed", "1.2.0"), ("introduced", "0")]],
            "versions before 1.2.0, and from 2.0.0 before 2.0.4",
        ),
        ([[("introduced", "0"), ("limit", "3.0.0")]], "versions before 3.0.0"),
        ([[("introduced", "0"), ("limit", "*")]], "every version"),
        ([[("introduced", "0"), ("fixed", "not-a-version")]], "versions before not-a-version"),
    ],
)
def test_ranges(spans: list[Edges], words: str) -> None:
    assert versions_covered(affected(*spans)) == words


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ((), "no version by its number"),
        (("1.0.0",), "the version 1.0.0"),
        (("1.0.0", "1.1.0"), "the versions 1.0.0, 1.1.0"),
        (tuple(f"1.{minor}.0" for minor in range(9)), "the versions 1.0.0, 1.1.0, 1.2.0, 1.3.0 and 5 more"),
    ],
)
def test_listed_versions(versions: tuple[str, ...], words: str) -> None:
    assert versions_covered(affected(versions=versions)) == words


def test_many_ranges_are_counted() -> None:
    spans: list[Edges] = [[("introduced", f"{major}.0.0"), ("fixed", f"{major}.1.0")] for major in range(1, 8)]
    assert versions_covered(affected(*spans)).endswith("from 4.0.0 before 4.1.0, and 3 more ranges")


def test_commits_are_not_told() -> None:
    assert versions_covered(affected([("introduced", "0")], kind="GIT")) == "no version by its number"
