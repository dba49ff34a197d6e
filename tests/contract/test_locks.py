"""The locked sets: every package pinned with its hashes, no address to download from, larger sets agreeing with smaller ones."""

import re

import pytest

from scripts.write_rooms import TREE

SETS = ["run", "dev", "browser", "uv"]
PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z0-9,-]+\])?==([^ ]+)", flags=re.MULTILINE)


def lock(name: str) -> str:
    return (TREE / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall(lock(name)))


@pytest.mark.parametrize("name", SETS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^ *#.*\n", "", lock(name), flags=re.MULTILINE).strip())
    assert blocks
    assert [block for block in blocks if not PIN.match(block) or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", SETS)
def test_a_lock_names_no_address_and_no_index(name: str) -> None:
    assert re.search(r"://|--index-url|--extra-index|--find-links|^ *-[fi] |@ ", lock(name), flags=re.MULTILINE) is None


@pytest.mark.parametrize(("smaller", "larger"), [("run", "dev"), ("dev", "browser")])
def test_a_larger_set_holds_the_smaller_one_at_the_same_versions(smaller: str, larger: str) -> None:
    assert pins(smaller).items() <= pins(larger).items()


def test_what_only_tests_need_is_not_installed_to_run() -> None:
    assert not {"pytest", "mypy", "playwright", "pymerkle", "uv"} & pins("run").keys()
