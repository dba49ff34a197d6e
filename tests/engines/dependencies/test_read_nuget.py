"""packages.lock.json: packages over all frameworks, and the way to those that others need."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies.packages import Inventory, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for


def locked(version: Any = 1, **frameworks: Any) -> Inventory:
    found = read("packages.lock.json", json.dumps({"version": version, "dependencies": frameworks}).encode())
    assert isinstance(found, Inventory), found
    return found


def entry(kind: str, resolved: str = "1.0.0", *needs: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "resolved": resolved, "dependencies": dict.fromkeys(needs, "1.0.0"), **more}


def ways(found: Inventory) -> dict[str, tuple[bool | None, tuple[str, ...]]]:
    return {one.name: (one.direct, one.path) for one in found.packages}


def test_a_package_keeps_its_case_in_the_purl_and_loses_it_in_the_name() -> None:
    (one,) = locked(net6={"Newtonsoft.Json": entry("Direct", "13.0.1")}).packages
    assert (one.ecosystem, one.name, one.version, one.purl) == ("NuGet", "newtonsoft.json", "13.0.1", "pkg:nuget/Newtonsoft.Json@13.0.1")


def test_what_others_need_has_its_way_whatever_the_case() -> None:
    found = locked(net6={"A": entry("Direct", "1.0.0", "b"), "B": entry("Transitive", "2.0.0", "C"), "c": entry("Transitive")})
    assert ways(found) == {"a": (True, ()), "b": (False, ("A@1.0.0",)), "c": (False, ("A@1.0.0", "B@2.0.0"))}


def test_a_version_that_is_managed_centrally_is_not_asked_for() -> None:
    found = locked(net6={"A": entry("Direct", "1.0.0", "B"), "B": entry("CentralTransitive")})
    assert ways(found)["b"] == (False, ("A@1.0.0",))


def test_another_project_is_no_package_but_shows_the_way() -> None:
    found = locked(net6={"Own": {"type": "Project", "dependencies": {"A": "1.0.0"}}, "A": entry("Transitive")})
    assert ways(found) == {"a": (False, ("Own",))}


def test_a_direct_package_is_shown_before_a_project_as_the_way_in() -> None:
    found = locked(
        net6={"Own": {"type": "Project", "dependencies": {"B": "1"}}, "A": entry("Direct", "1.0.0", "B"), "B": entry("Transitive")}
    )
    assert ways(found)["b"] == (False, ("A@1.0.0",))


def test_a_package_of_many_frameworks_is_one_and_direct_if_it_is_anywhere() -> None:
    found = locked(net6={"A": entry("Transitive")}, net7={"a": entry("Direct")}, net8={"A": entry("Direct", "2.0.0")})
    assert [(one.name, one.version, one.direct) for one in found.packages] == [("a", "1.0.0", True), ("a", "2.0.0", True)]


def test_a_package_that_is_not_resolved_is_not_pinned() -> None:
    (one,) = locked(net6={"A": {"type": "Direct", "requested": "[1.0.0, )"}}).packages
    assert (one.version, one.bound) == ("", "[1.0.0, )")


def test_the_hash_of_the_content_is_its_integrity() -> None:
    (one,) = locked(net6={"A": entry("Direct", contentHash="c2FsdA==")}).packages
    assert one.integrity == "sha512-c2FsdA=="


@pytest.mark.parametrize("wild", ["x", 1, None, []])
def test_what_is_no_package_or_framework_is_said_with_its_place(wild: Any) -> None:
    found = locked(net6={"A": wild, "B": entry("Direct")}, net7=wild)
    assert [one.name for one in found.packages] == ["b"]
    assert [(note.code, note.where) for note in found.notes] == [("shape", "net6 A"), ("shape", "net7")]


@pytest.mark.parametrize("version", [0, 3, "1", None, True, 1.5, []])
def test_another_version_of_the_format_is_unsupported(version: Any) -> None:
    found = read("packages.lock.json", json.dumps({"version": version, "dependencies": {}}).encode())
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("unsupported", "version")


@pytest.mark.parametrize("document", [{}, {"version": 1}, {"version": 1, "dependencies": []}])
def test_json_of_another_shape_is_refused(document: Any) -> None:
    found = read("packages.lock.json", json.dumps(document).encode())
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("shape", "dependencies")


@pytest.mark.parametrize("name", ["packages.lock.json", "packages.Berths.lock.json", "Packages.Lock.json"])
def test_it_is_known_by_its_names(name: str) -> None:
    found = reader_for(name, b"")
    assert found is not None
    assert found.name == "nuget"
