"""scripts/venv.sh on machines that lack something: it says what, and which package brings it. Nothing is installed here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.write_rooms import TREE

NEEDED = ["sh", "dirname", "cut", "sed", "cat", "cmp"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a fresh clone has of the bootstrap, and a PATH that holds only the tools we allow it."""
    tree = tmp_path / "a clone"
    (tree / "scripts").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    shutil.copy(TREE / "scripts" / "venv.sh", tree / "scripts")
    shutil.copytree(TREE / "requirements", tree / "requirements")
    for tool in NEEDED:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "missing")
    return tree


def pretend(clone: Path, name: str, says: str) -> None:
    """Put a Python on the PATH that answers the probe with these words, or fails like a version manager's shim."""
    shim = clone.parent / "bin" / name
    shim.write_text(f"#!/bin/sh\n{says}\n")
    shim.chmod(0o755)


def bootstrap(clone: Path, wanted: str = "run") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(clone.parent / "bin"), "HOME": str(clone.parent)}
    command = [str(clone.parent / "bin" / "sh"), "scripts/venv.sh", wanted]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_without_any_python_it_says_what_to_install(clone: Path) -> None:
    result = bootstrap(clone)
    assert result.returncode == 1
    assert "No Python 3.11 or newer was found" in result.stderr
    assert "apt-get install python3 python3-venv" in result.stderr


def test_without_ensurepip_it_names_the_debian_package(clone: Path) -> None:
    pretend(clone, "python3", "echo no-venv 3.11")
    result = bootstrap(clone)
    assert result.returncode == 1
    assert "apt-get install python3.11-venv" in result.stderr


def test_a_shim_that_fails_is_passed_over(clone: Path) -> None:
    pretend(clone, "python3.13", "echo 'version 3.13 is not installed' >&2; exit 127")
    pretend(clone, "python3.11", "echo no-venv 3.11")
    assert "Python 3.11 is here" in bootstrap(clone).stderr


def test_an_old_python_is_passed_over(clone: Path) -> None:
    pretend(clone, "python3", "echo old")
    assert "No Python 3.11 or newer was found" in bootstrap(clone).stderr


def test_the_first_python_that_works_is_taken(clone: Path) -> None:
    pretend(clone, "python3.12", "echo no-venv 3.12")
    pretend(
        clone, "python3", 'case "$1" in -c) echo ready ;; --version) echo Python 3.11.2 ;; *) echo "made by python3" >&2; exit 9 ;; esac'
    )
    result = bootstrap(clone)
    assert "Making .venv with Python 3.11.2" in result.stderr
    assert "made by python3" in result.stderr


def test_an_unknown_set_is_refused_before_anything_is_made(clone: Path) -> None:
    result = bootstrap(clone, "everything")
    assert result.returncode == 2
    assert "no set of packages named 'everything'" in result.stderr
    assert not (clone / ".venv").exists()


def test_a_set_already_installed_is_left_alone(clone: Path) -> None:
    venv = clone / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(shutil.which("true") or os.devnull)
    (venv / "made-for").write_text(f"{clone}\n")
    shutil.copy(clone / "requirements" / "run.txt", venv / "installed-run.txt")
    result = bootstrap(clone)
    assert (result.returncode, result.stderr) == (0, "")
