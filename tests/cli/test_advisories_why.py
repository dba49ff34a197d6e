"""`watchbill advisories why`: the steps to a verdict in words, with an exit code that a script can use; no server."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import osv
from watchbill.engines.dependencies.store import AdvisoryStore

TREE = Path(__file__).resolve().parents[2]
Load = Callable[..., None]


@pytest.fixture
def load(home: Path) -> Load:
    """Put advisories into the home's store."""

    def into(*documents: dict[str, Any]) -> None:
        home.mkdir(exist_ok=True)
        with AdvisoryStore.open(home / "advisories.db") as store:
            store.load_advisories((f"{place}.json", json.dumps(document).encode()) for place, document in enumerate(documents))

    return into


def in_ecosystem(ecosystem: str, **more: Any) -> dict[str, Any]:
    document = osv(**more)
    document["affected"][0]["package"]["ecosystem"] = ecosystem
    document["affected"][0]["ranges"][0]["type"] = "ECOSYSTEM"
    return document


def test_an_affected_version_is_explained_step_by_step(here, load: Load) -> None:
    load(osv())
    ran = here("advisories", "why", "TEST-1", "left-pad", "1.2.0")
    assert ran.code == 1
    assert [line.strip() for line in ran.out.splitlines()] == [
        "Is left-pad 1.2.0 (npm) affected by TEST-1?",
        "yes  TEST-1 was not withdrawn.",
        "In npm the package's name is left-pad, as written.",
        "yes  Entry 1 names it, as left-pad in npm: no listed version, 1 range of versions.",
        "yes  Version 1.2.0 has a place among the versions of npm.",
        "Range 1 has 2 edges, taken in order of their versions.",
        "introduced 0: every version, affected from here on.",
        "fixed 1.3.0: 1.2.0 is older than 1.3.0, before the fix.",
        "yes  Version 1.2.0 is inside range 1.",
        "yes  So entry 1 says: affected, because it is in a range.",
        "yes  Affected: in a range. Fixed in 1.3.0.",
    ]


def test_a_fixed_version_ends_with_zero(here, load: Load) -> None:
    load(osv())
    ran = here("advisories", "why", "TEST-1", "left-pad", "1.3.0")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "  no  Not affected: the version is neither listed nor in a range.")


def test_a_version_that_cannot_be_ordered_ends_with_two_and_is_named(here, load: Load) -> None:
    load(osv())
    ran = here("advisories", "why", "TEST-1", "left-pad", "main")
    assert ran.code == 2
    assert "?  Version main can't be ordered among the versions of npm" in ran.out


def test_a_version_not_pinned_is_unknown(here, load: Load) -> None:
    load(osv())
    assert here("advisories", "why", "TEST-1", "left-pad", "").code == 2


def test_an_alias_leads_to_its_advisories(here, load: Load) -> None:
    load(osv("TEST-1", aliases=["CVE-2026-1111"]), osv("TEST-2", fixed="1.0.0", aliases=["CVE-2026-1111"]))
    ran = here("advisories", "why", "CVE-2026-1111", "left-pad", "1.2.0")
    assert ran.code == 1
    assert [line for line in ran.out.splitlines() if line.startswith("Is ")] == [
        "Is left-pad 1.2.0 (npm) affected by TEST-1?",
        "Is left-pad 1.2.0 (npm) affected by TEST-2?",
    ]


def test_a_withdrawn_advisory_is_said_to_be(here, load: Load) -> None:
    load(osv(withdrawn="2026-05-02T00:00:00Z"))
    ran = here("advisories", "why", "TEST-1", "left-pad", "1.2.0")
    assert ran.code == 0
    assert "withdrawn on 2026-05-02" in ran.out


def test_a_package_that_is_not_named_is_said_to_be(here, load: Load) -> None:
    load(osv())
    ran = here("advisories", "why", "TEST-1", "right-pad", "1.0.0")
    assert ran.code == 0
    assert "No entry of it names this package; it is about left-pad (npm)." in ran.out


def test_json_holds_every_step(here, load: Load) -> None:
    load(osv())
    (told,) = here("advisories", "why", "TEST-1", "left-pad", "1.2.0", "--json").json()["explanations"]
    assert (told["state"], told["fixed"]) == ("affected", ["1.3.0"])
    assert {step["kind"] for step in told["steps"]} >= {"name", "entry", "version", "event", "inside", "verdict"}


def test_an_advisory_that_names_it_in_two_ecosystems_asks_which(here, load: Load) -> None:
    both = osv()
    both["affected"] += in_ecosystem("PyPI")["affected"]
    load(both)
    ran = here("advisories", "why", "TEST-1", "left-pad", "1.2.0")
    assert ran.code == 2
    assert "npm, PyPI" in ran.err
    assert here("advisories", "why", "TEST-1", "left-pad", "1.2.0", "--ecosystem", "PyPI").code == 1


@pytest.mark.parametrize(("ecosystem", "code"), [("Debian:12", 1), ("Debian:11", 0), ("Debian", 2)])
def test_the_release_of_a_distribution_counts(here, load: Load, ecosystem: str, code: int) -> None:
    load(in_ecosystem("Debian:12"))
    assert here("advisories", "why", "TEST-1", "left-pad", "1.2.0-1", "--ecosystem", ecosystem).code == code


def test_an_unknown_advisory_is_a_problem(here, load: Load) -> None:
    load(osv())
    ran = here("advisories", "why", "TEST-9", "left-pad", "1.2.0")
    assert ran.code == 2
    assert "TEST-9" in ran.err


def test_without_any_advisories_the_remedy_is_told(here) -> None:
    ran = here("advisories", "why", "TEST-1", "left-pad", "1.2.0")
    assert ran.code == 2
    assert "watchbill advisories load" in ran.err


def test_it_never_loads_django(home: Path, load: Load) -> None:
    load(osv())
    words = ["advisories", "why", "TEST-1", "left-pad", "1.2.0"]
    code = f"import sys; from watchbill.cli.main import main; main({words!r}); print('django' in sys.modules)"
    environment = {"WATCHBILL_DATA": str(home), "PYTHONPATH": str(TREE), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "False"
