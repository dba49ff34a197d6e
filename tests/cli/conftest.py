"""What the tests of the server's commands share: a home of their own, running a command here or as a process, small samples."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from watchbill.base import settings
from watchbill.cli.main import main

TREE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory that does not exist yet, and on PostgreSQL a database of its own; the environment is put back afterwards."""
    before = dict(os.environ)
    path = tmp_path / "home"
    monkeypatch.setenv("WATCHBILL_DATA", str(path))
    if databases.postgres():
        databases.create(path)
        monkeypatch.setenv("WATCHBILL_DATABASE_URL", databases.url_of(path))
    settings.forget()
    yield path
    os.environ.clear()
    os.environ.update(before)
    settings.forget()
    if databases.postgres():
        databases.drop(path)


@pytest.fixture
def here(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: for those that need neither Django nor a standard input."""

    def run(*words: object) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def process(home: Path) -> Run:
    """Run a command as a process of its own, as a person does."""

    def run(*words: object, stdin: str = "", **variables: str) -> Ran:
        environment = {**os.environ, "PYTHONPATH": str(TREE), **variables}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        words = (sys.executable, "-m", "watchbill.cli.main", *map(str, words))
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, env=environment, timeout=120, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def osv(ident: str = "TEST-1", package: str = "left-pad", fixed: str = "1.3.0", **more: Any) -> dict[str, Any]:
    """An advisory of our own in OSV's form: everything before `fixed` is affected."""
    span = {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}
    affected = [{"package": {"ecosystem": "npm", "name": package}, "ranges": [span]}]
    return {"id": ident, "modified": "2026-05-01T00:00:00Z", "summary": "pads too far", "affected": affected, **more}


def lockfile(**packages: str) -> str:
    """A package-lock.json that pins these; an underscore stands for a dash."""
    pinned = {f"node_modules/{name.replace('_', '-')}": {"version": version} for name, version in packages.items()}
    return json.dumps({"name": "berth-board", "lockfileVersion": 3, "packages": {"": {"name": "berth-board"}, **pinned}})


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    """A folder with one advisory, against left-pad before 1.3.0."""
    folder = tmp_path / "osv"
    folder.mkdir()
    (folder / "TEST-1.json").write_text(json.dumps(osv(aliases=["CVE-2026-1111"])))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose lockfile pins a vulnerable left-pad and a harmless right-pad."""
    folder = tmp_path / "berth-board"
    folder.mkdir()
    (folder / "package-lock.json").write_text(lockfile(left_pad="1.2.0", right_pad="1.0.0"))
    return folder
