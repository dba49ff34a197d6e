"""Calls go down: the import contract holds, covers every room's tables, and really bites when a fault is planted."""

import fnmatch
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.write_rooms import TREE, contracts, layers

LINT = Path(sys.executable).with_name("lint-imports")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache", "--no-logo"], cwd=tree, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A tree with our contract where every package, models module and module named in the contract is empty, to plant one fault in."""
    shutil.copy(TREE / "pyproject.toml", tmp_path)
    named = [TREE / (name.replace(".", "/") + ".py") for contract in contracts() for name in contract.get("source_modules", [])]
    exist = [source for source in named if source.is_file()]
    for source in [*TREE.glob("watchbill/**/__init__.py"), *TREE.glob("watchbill/**/models.py"), *exist]:
        copy = tmp_path / source.relative_to(TREE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text('"""Empty."""\n')
    return tmp_path


def plant(tree: Path, module: str, line: str) -> None:
    path = tree / (module.replace(".", "/") + ".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(line + "\n")


def test_every_import_keeps_the_contract() -> None:
    result = lint(TREE)
    assert result.returncode == 0, result.stdout


def test_an_empty_tree_keeps_the_contract(planted: Path) -> None:
    result = lint(planted)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "named"),
    [
        ("watchbill.base.bell", "import watchbill.roster", "watchbill.base is not allowed to import watchbill.roster"),
        ("watchbill.intake.hosts", "import watchbill.watch", "watchbill.intake is not allowed to import watchbill.watch"),
        ("watchbill.web.door", "import watchbill.cli", "watchbill.web is not allowed to import watchbill.cli"),
        ("watchbill.cases.rules", "import django.db", "watchbill.cases.rules is not allowed to import django"),
        ("watchbill.cases.new.rules", "import urllib3", "watchbill.cases.new.rules is not allowed to import urllib3"),
        ("watchbill.engines.merkle.tree", "import http.client", "watchbill.engines is not allowed to import http"),
        ("watchbill.engines.merkle.tree", "import sqlite3", "watchbill.engines.merkle is not allowed to import sqlite3"),
        ("watchbill.engines.merkle.tree", "import watchbill.engines.calendar", "watchbill.engines.calendar"),
        ("watchbill.roster.rules", "import random", "watchbill.roster.rules is not allowed to import random"),
        ("watchbill.client.wb", "import watchbill.base", "watchbill.client is not allowed to import watchbill.base"),
        ("watchbill.cli.main", "import watchbill.client", "Illegal imports of protected package watchbill.client"),
    ],
)
def test_a_planted_fault_is_named(planted: Path, module: str, line: str, named: str) -> None:
    plant(planted, module, line)
    result = lint(planted)
    assert result.returncode == 1
    assert named in " ".join(result.stdout.split())


def test_django_reached_through_another_module_is_named_with_its_chain(planted: Path) -> None:
    plant(planted, "watchbill.base.settings_of_django", "import django.conf")
    plant(planted, "watchbill.cases.rules", "import watchbill.base.settings_of_django")
    result = lint(planted)
    assert result.returncode == 1
    assert "watchbill.base.settings_of_django -> django" in result.stdout


def test_a_ring_inside_a_room_is_named(planted: Path) -> None:
    plant(planted, "watchbill.base.ring_left", "import watchbill.base.ring_right")
    plant(planted, "watchbill.base.ring_right", "import watchbill.base.ring_left")
    result = lint(planted)
    assert result.returncode == 1
    assert "ring_left" in result.stdout


def room_of(models: Path) -> str:
    """The room a models module is private to: `watchbill.cases` for watchbill/cases/findings/models.py."""
    return ".".join(models.relative_to(TREE).parts[:2])


def allowed_importers(module: str) -> list[object]:
    """Who may import a module, by the contracts that protect it; empty when none does."""
    protecting = [contract for contract in contracts() if contract["type"] == "protected"]
    return [c["allowed_importers"] for c in protecting if any(fnmatch.fnmatch(module, name) for name in names(c))]


def test_every_models_module_is_private_to_its_room() -> None:
    modules = {".".join(path.relative_to(TREE).with_suffix("").parts): room_of(path) for path in TREE.glob("watchbill/**/models.py")}
    assert {module: allowed_importers(module) for module in modules} == {module: [[room]] for module, room in modules.items()}


def names(contract: dict[str, object]) -> list[str]:
    found = contract["protected_modules"]
    assert isinstance(found, list)
    return found


def test_another_rooms_tables_cannot_be_imported(planted: Path) -> None:
    models = sorted(TREE.glob("watchbill/**/models.py"))
    if not models:
        pytest.skip("no room has tables yet")
    module = ".".join(models[0].relative_to(TREE).with_suffix("").parts)
    plant(planted, "watchbill.web.pages.curious", f"import {module}")
    result = lint(planted)
    assert result.returncode == 1
    assert f"watchbill.web.pages.curious -> {module}" in result.stdout


def test_every_package_is_a_room_of_the_contract() -> None:
    packages = {path.parent.name for path in TREE.glob("watchbill/*/__init__.py")}
    assert packages == {name for line in layers() for name in line} | {"client"}
