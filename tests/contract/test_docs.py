"""Docs that can be false are tested: the map of rooms, the dependencies, the decisions, the commands in the README, the changelog."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.write_rooms import PAGE, TREE, page
from watchbill.base import settings, witness

PROJECT = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))
DECISIONS = sorted((TREE / "docs" / "decisions").glob("0*.md"))
MOST_DIRECT_DEPENDENCIES = 25


def read(name: str) -> str:
    return (TREE / name).read_text(encoding="utf-8")


def bare(requirement: str) -> str:
    """The name in a requirement: `django-allauth` of `django-allauth[mfa]~=65.21`."""
    return re.split(r"[\[~=<>! ]", requirement, maxsplit=1)[0]


def listed(section: str) -> list[str]:
    """The packages in one table of docs/dependencies.md."""
    body = read("docs/dependencies.md").split(f"## {section}\n")[1].split("\n## ")[0]
    return [name for name in re.findall(r"^\| ([a-z0-9-]+) \|", body, flags=re.MULTILINE) if name not in ("package", "---")]


def test_the_map_of_rooms_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"


def test_every_room_says_what_it_is_for() -> None:
    assert "|  |" not in page()


def test_every_direct_dependency_has_its_line() -> None:
    assert listed("Run time") == sorted(bare(r) for r in PROJECT["project"]["dependencies"])


def test_every_extra_has_its_line() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    assert listed("Extras") == sorted({bare(r) for wanted in extras.values() for r in wanted})


@pytest.mark.parametrize(("group", "section"), [("dev", "Development"), ("browser", "Browser tests")])
def test_every_tool_has_its_line(group: str, section: str) -> None:
    assert listed(section) == sorted(bare(r) for r in PROJECT["dependency-groups"][group] if isinstance(r, str))


def test_a_line_about_a_dependency_leaves_no_cell_empty() -> None:
    rows = [line for line in read("docs/dependencies.md").splitlines() if line.startswith("| ")]
    assert [row for row in rows if row.count("|") != 6 or any(not cell.strip() for cell in row.split("|")[1:-1])] == []


def test_there_are_few_direct_dependencies() -> None:
    assert len(PROJECT["project"]["dependencies"]) <= MOST_DIRECT_DEPENDENCIES


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_context_figures_and_what_would_change_it(path: Path) -> None:
    headings = re.findall(r"^## (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings == ["Context", "Decision", "Figures", "What would change our mind"]


def test_every_decision_is_in_the_list_of_decisions() -> None:
    assert re.findall(r"\((0\d+-[a-z0-9-]+\.md)\)", read("docs/decisions/README.md")) == [path.name for path in DECISIONS]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.MULTILINE))


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "SECURITY.md", *(str(p.relative_to(TREE)) for p in TREE.glob("docs/**/*.md"))]
)
def test_a_make_command_in_the_docs_exists(name: str) -> None:
    commands = re.findall(r"(?:`|^    )make ([a-z-]+)", read(name), flags=re.MULTILINE)
    assert set(commands) <= targets()


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "SECURITY.md", *(str(p.relative_to(TREE)) for p in TREE.glob("docs/**/*.md"))]
)
def test_a_link_in_the_docs_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", read(name))
    assert [link for link in links if not ((TREE / name).parent / link).exists()] == []


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "-s", "help"], cwd=TREE, capture_output=True, text=True, timeout=20, check=True).stdout
    assert set(re.findall(r"^make ([a-z-]+)", shown, flags=re.MULTILINE)) == targets()


def test_the_changelog_keeps_its_form() -> None:
    headings = re.findall(r"^#+ .*$", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert headings[:2] == ["# Changelog", "## [Unreleased]"]
    kinds = {heading.removeprefix("### ") for heading in headings if heading.startswith("### ")}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("name", settings.names())
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in read("docs/running.md")


def test_no_setting_is_explained_that_is_not_there() -> None:
    told = re.findall(r"^\| (`[a-z_.`, ]+`) \|", read("docs/running.md"), flags=re.MULTILINE)
    names = {name for cell in told for name in re.findall(r"`([a-z_.]+)`", cell)}
    assert names - set(settings.names()) <= {"watchbill.db", "advisories.db", "watchbill.toml"}


@pytest.mark.parametrize("name", sorted(witness.all_witnesses()))
def test_each_witness_stands_in_the_page_about_the_trail_with_its_line(name: str) -> None:
    assert f"`{witness.all_witnesses()[name].INFO.example}`" in read("docs/trail.md")
