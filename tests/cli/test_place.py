"""A command means the data directory that `watchbill up` serves."""

import os
from pathlib import Path

import pytest

from tests.databases import sqlite_only
from watchbill.base import settings
from watchbill.cli import place
from watchbill.sample import mark


def test_a_directory_without_a_sample_is_meant_itself(home: Path) -> None:
    assert place.enter() == home


@sqlite_only
def test_the_sample_is_meant_once_it_was_set_up(home: Path) -> None:
    (home / "sample").mkdir(parents=True)
    assert place.enter() == home / "sample"


def test_a_company_of_ones_own_is_meant_once_it_has_begun(home: Path) -> None:
    (home / "sample").mkdir(parents=True)
    (home / "watchbill.db").touch()
    assert place.enter() == home


def test_a_promised_company_is_meant_before_its_first_start(home: Path) -> None:
    (home / "sample").mkdir(parents=True)
    mark.promise(home / "sample", "token")
    assert place.enter() == home


def test_the_sample_named_directly_is_meant(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = home / "sample"
    sample.mkdir(parents=True)
    (sample / "watchbill.db").touch()
    monkeypatch.setenv("WATCHBILL_DATA", str(sample))
    settings.forget()
    assert place.enter() == sample


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("set_up", [False, True])
def test_a_command_chooses_what_a_start_with_the_sample_chooses(home: Path, own: bool, set_up: bool) -> None:
    home.mkdir()
    if set_up:
        (home / "sample").mkdir()
    if own:
        (home / "watchbill.db").touch()
    started = mark.data_for(home, with_sample=True)
    assert place.choose(home) == (started if started.exists() else home)


@sqlite_only
def test_the_choice_is_what_this_process_and_its_children_use(home: Path) -> None:
    (home / "sample").mkdir(parents=True)
    place.enter()
    assert settings.settings().data == home / "sample"
    assert os.environ["WATCHBILL_DATA"] == str(home / "sample")


def test_the_settings_beside_the_sample_count_for_the_sample(home: Path) -> None:
    (home / "sample").mkdir(parents=True)
    (home / "watchbill.toml").write_text('timezone = "Europe/Amsterdam"\n')
    place.enter()
    assert settings.settings().timezone == "Europe/Amsterdam"


def test_a_start_without_the_sample_takes_the_directory_itself(home: Path) -> None:
    (home / "sample").mkdir(parents=True)
    assert place.enter_for_start(with_sample=False) == home
    assert settings.settings().data == home


@sqlite_only
def test_a_start_with_the_sample_takes_its_folder(home: Path) -> None:
    assert place.enter_for_start(with_sample=True) == home
    assert settings.settings().data == home / "sample"
