"""`watchbill roster import-catalog`: which files are found, at which place, and what is asked of the server."""

import json
from pathlib import Path
from typing import Any

import pytest

from watchbill.cli import server

TEXT = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: board}\nspec: {owner: berths}\n"
ANSWER: dict[str, Any] = {
    "lines": ["+ catalog x"],
    "notes": ["a note"],
    "strangers": ["group:default/crew"],
    "changed": 1,
    "dry_run": False,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the server was asked; it answers that one thing changed."""
    payloads: list[dict[str, Any]] = []

    def call(_verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        payloads.append(payload)
        return ANSWER

    monkeypatch.setattr(server, "call", call)
    return payloads


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a catalog file at its top and in apps, one in an installed tree, and one that is a link."""
    top = tmp_path / "repo"
    for folder in (".git", "apps", "node_modules/x", "linked"):
        (top / folder).mkdir(parents=True)
    for folder in (".", "apps", "node_modules/x"):
        (top / folder / "catalog-info.yaml").write_text(TEXT)
    (top / "linked" / "catalog-info.yaml").symlink_to(top / "catalog-info.yaml")
    return top


def places(asked: list[dict[str, Any]]) -> list[str]:
    return [file["place"] for file in asked[0]["files"]]


def test_a_folder_is_searched_and_installed_trees_and_links_are_passed_by(here, tree: Path, asked: list[dict[str, Any]]) -> None:
    assert here("roster", "import-catalog", tree).code == 0
    assert places(asked) == ["catalog-info.yaml", "apps/catalog-info.yaml"]


def test_a_place_is_told_from_the_repositorys_top(here, tree: Path, asked: list[dict[str, Any]]) -> None:
    here("roster", "import-catalog", tree / "apps")
    assert places(asked) == ["apps/catalog-info.yaml"]


def test_a_file_is_named_by_itself(here, tree: Path, asked: list[dict[str, Any]]) -> None:
    here("roster", "import-catalog", tree / "apps" / "catalog-info.yaml", "--repo", "saltmarsh/board", "--prune", "--dry-run")
    assert places(asked) == ["apps/catalog-info.yaml"]
    assert {name: asked[0][name] for name in ("repo", "prune", "dry_run")} == {"repo": "saltmarsh/board", "prune": True, "dry_run": True}


def test_what_changed_what_was_noted_and_who_is_unknown_is_said(here, tree: Path, asked: list[dict[str, Any]]) -> None:
    told = here("roster", "import-catalog", tree).out.splitlines()
    assert told == [
        "+ catalog x",
        "Note: a note",
        "The roster doesn't know group:default/crew: what it owns goes to the next step.",
        "1 changed.",
    ]


def test_a_dry_run_with_something_to_change_ends_with_one(here, tree: Path, asked: list[dict[str, Any]]) -> None:
    assert here("roster", "import-catalog", tree, "--dry-run").code == 1


def test_scripts_get_json(here, tree: Path, asked: list[dict[str, Any]]) -> None:
    assert json.loads(here("roster", "import-catalog", tree, "--json").out) == ANSWER


def test_a_folder_without_one_asks_nothing(here, tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    (tmp_path / "empty").mkdir()
    ran = here("roster", "import-catalog", tmp_path / "empty")
    assert (ran.code, asked) == (2, [])
    assert "There is no catalog-info.yaml" in ran.err


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x" * (1024 * 1024 + 1)])
def test_a_file_that_can_not_be_one_asks_nothing(here, tree: Path, asked: list[dict[str, Any]], data: bytes) -> None:
    (tree / "catalog-info.yaml").write_bytes(data)
    assert here("roster", "import-catalog", tree).code == 2
    assert asked == []


def test_a_path_that_is_not_there_is_said_so(here, tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    assert "There is nothing at" in here("roster", "import-catalog", tmp_path / "gone").err
