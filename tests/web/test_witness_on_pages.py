"""Where it is said that nobody outside keeps the trail's checkpoints, that the keeper is behind, and how each one fares."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.web.conftest import BY, Company
from watchbill.base import clock, settings, trail, witness
from watchbill.base.models import WitnessState
from watchbill.base.writer import audit, write

ALONE, BEHIND = "No witness configured.", "No witness is up to date."


def html_of(company: Company, path: str, role: str = "viewer") -> str:
    return company.visit(role).get(path).content.decode()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file witness."""
    monkeypatch.setenv("WATCHBILL_WITNESS_FILE", str(tmp_path / "kept"))
    settings.forget()
    yield tmp_path / "kept"
    monkeypatch.undo()
    settings.forget()


class TestWithoutAWitness:
    """Loud where it matters, silent elsewhere."""

    @pytest.mark.parametrize("path", ["/trail/", "/setup/"])
    def test_everybody_reads_it_on_the_trail_and_in_set_up(self, empty: Company, path: str) -> None:
        assert ALONE in html_of(empty, path)

    def test_administrators_read_it_where_they_begin(self, empty: Company) -> None:
        assert ALONE in html_of(empty, "/", "admin")

    @pytest.mark.parametrize("role", ["viewer", "engineer", "security"])
    def test_nobody_else_does(self, empty: Company, role: str) -> None:
        assert ALONE not in html_of(empty, "/", role)

    @pytest.mark.parametrize("path", ["/findings/", "/on-call/", "/services/"])
    def test_no_other_page_nags(self, empty: Company, path: str) -> None:
        assert ALONE not in html_of(empty, path, "admin")

    def test_the_banner_names_the_exact_remedy(self, empty: Company) -> None:
        html = html_of(empty, "/trail/")
        assert "One line below [witness] in watchbill.toml" in html
        assert "/setup/#witness" in html

    def test_the_sample_says_it_as_honestly(self, saltmarsh: Company) -> None:
        assert ALONE in html_of(saltmarsh, "/trail/")

    def test_set_up_shows_a_line_for_each_kind(self, empty: Company) -> None:
        html = html_of(empty, "/setup/")
        for one in witness.all_witnesses().values():
            assert one.INFO.example.replace('"', "&quot;") in html


class TestWithAWitness:
    """What it has, and when it is behind."""

    def test_no_banner_says_there_is_none(self, empty: Company, kept: Path) -> None:
        assert ALONE not in html_of(empty, "/trail/")
        assert ALONE not in html_of(empty, "/", "admin")

    def test_set_up_says_what_it_has(self, saltmarsh: Company, kept: Path) -> None:
        made = trail.checkpoint_now()
        assert made is not None
        html = html_of(saltmarsh, "/setup/")
        assert str(kept) in html
        assert f"has {made.size:,} events".replace(",", "&thinsp;") in html or f"has {made.size}" in html

    def test_the_trail_counts_those_that_hold_a_copy(self, saltmarsh: Company, kept: Path) -> None:
        trail.checkpoint_now()
        assert "witness holds a copy" in html_of(saltmarsh, "/trail/")

    def test_one_that_fails_shows_why(self, saltmarsh: Company, kept: Path) -> None:
        kept.mkdir()
        trail.checkpoint_now()
        assert "Is a directory" in html_of(saltmarsh, "/setup/")
        assert "Is a directory" in html_of(saltmarsh, "/trail/")

    def test_one_that_is_behind_is_said_with_the_reason(self, saltmarsh: Company, kept: Path) -> None:
        kept.mkdir()
        trail.checkpoint_now()
        write(lambda: audit(BY, "finding.opened", "finding:1"))
        limit = timedelta(minutes=settings.settings().witness.late_minutes)
        assert trail.witness_status().each[0].behind_since is not None
        late = clock.now() - min(one.behind_since for one in trail.witness_status().each if one.behind_since) > limit
        html = html_of(saltmarsh, "/trail/")
        assert (BEHIND in html) is late
        assert not late or "The last attempt failed: Is a directory." in html

    def test_one_that_is_up_to_date_needs_no_banner(self, saltmarsh: Company, kept: Path) -> None:
        trail.checkpoint_now()
        assert WitnessState.objects.get().size == trail.size()
        assert BEHIND not in html_of(saltmarsh, "/trail/")
