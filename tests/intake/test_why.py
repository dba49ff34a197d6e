"""Why a package matches: told from the node's own advisories, and nothing where they have nothing to tell."""

import json
from pathlib import Path

import pytest

from watchbill.base.acting import SYSTEM
from watchbill.intake.scans import advisories
from watchbill.intake.scans.why import MOST_ADVISORIES, why

pytestmark = pytest.mark.django_db(transaction=True)


def advisory(ident: str, package: str = "hawser", fixed: str = "2.0.0") -> dict[str, object]:
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}
    affected = [{"package": {"ecosystem": "RubyGems", "name": package}, "ranges": [span]}]
    return {"id": ident, "modified": "2026-11-01T08:00:00Z", "aliases": ["CVE-2026-7007"], "affected": affected}


@pytest.fixture
def known(tmp_path: Path) -> None:
    """Two advisories of one CVE, of which one is about an older fix, and one about another package."""
    folder = tmp_path / "osv"
    folder.mkdir()
    for one in (advisory("SALT-1", fixed="1.0.0"), advisory("SALT-2"), advisory("SALT-3", "bollard")):
        (folder / f"{one['id']}.json").write_text(json.dumps(one))
    advisories.load([folder], by=SYSTEM)


@pytest.mark.usefixtures("known")
def test_each_advisory_of_the_problem_is_told_the_worst_first() -> None:
    told = why("CVE-2026-7007", "RubyGems", "hawser", "1.5.0")
    assert [(one.advisory_id, one.state) for one in told] == [("SALT-2", "affected"), ("SALT-1", "not_affected")]


@pytest.mark.usefixtures("known")
def test_an_advisory_that_does_not_name_the_package_is_left_out() -> None:
    assert "SALT-3" not in {one.advisory_id for one in why("CVE-2026-7007", "RubyGems", "hawser", "1.5.0")}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("asked", [("CVE-1999-0001", "RubyGems", "hawser"), ("CVE-2026-7007", "", "hawser"), ("", "RubyGems", "hawser")])
def test_what_the_advisories_do_not_know_is_not_told(asked: tuple[str, str, str]) -> None:
    assert why(*asked, "1.0.0") == ()


def test_only_a_few_advisories_are_told(tmp_path: Path) -> None:
    for number in range(MOST_ADVISORIES + 2):
        (tmp_path / f"{number}.json").write_text(json.dumps(advisory(f"SALT-{number}")))
    advisories.load([tmp_path], by=SYSTEM)
    assert len(why("CVE-2026-7007", "RubyGems", "hawser", "1.5.0")) == MOST_ADVISORIES
