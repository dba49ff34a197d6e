"""composer.lock: which packages count, which the composer.json beside it asks for, and the way to the others."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for


def locked(*packages: Any, dev: tuple[Any, ...] = (), asks: Any = None) -> Inventory:
    """The packages of a lockfile, with a composer.json beside it that asks for `asks`."""
    document = {"content-hash": "00", "packages": list(packages), "packages-dev": list(dev)}
    manifest = None if asks is None else (asks if isinstance(asks, bytes) else json.dumps(asks).encode())
    found = read("composer.lock", json.dumps(document).encode(), lambda name: manifest if name == "composer.json" else None)
    assert isinstance(found, Inventory), found
    return found


def package(name: str, *needs: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0.0", "require": dict.fromkeys(needs, "*"), **more}


def ways(found: Inventory) -> dict[str, tuple[bool | None, tuple[str, ...]]]:
    return {one.name: (one.direct, one.path) for one in found.packages}


def only(found: Inventory) -> Package:
    (one,) = found.packages
    return one


def test_a_package_has_its_name_version_and_purl() -> None:
    one = only(locked(package("a/b", version="v5.4.11")))
    assert (one.ecosystem, one.name, one.version, one.purl) == ("Packagist", "a/b", "v5.4.11", "pkg:composer/a/b@v5.4.11")


def test_names_ignore_case() -> None:
    found = locked(package("Saltmarsh/Tides"), asks={"require": {"SALTMARSH/tides": "*"}})
    assert ways(found) == {"saltmarsh/tides": (True, ())}


def test_a_branch_is_kept_as_its_version() -> None:
    assert only(locked(package("a/b", version="dev-main"))).version == "dev-main"


def test_packages_for_development_are_in_that_group() -> None:
    assert [one.groups for one in locked(package("a/b"), dev=(package("c/d"),)).packages] == [(), ("dev",)]


def test_without_the_manifest_nothing_is_said_about_who_asked() -> None:
    assert ways(locked(package("a/b", "c/d"), package("c/d"))) == {"a/b": (None, ()), "c/d": (None, ())}


def test_what_the_manifest_asks_for_is_direct_and_the_rest_has_its_way() -> None:
    found = locked(package("a/b", "c/d"), package("c/d", "e/f"), package("e/f"), asks={"require": {"a/b": "*", "php": ">=8"}})
    assert ways(found) == {"a/b": (True, ()), "c/d": (False, ("a/b@1.0.0",)), "e/f": (False, ("a/b@1.0.0", "c/d@1.0.0"))}


def test_what_is_asked_for_development_is_direct_too() -> None:
    found = locked(dev=(package("a/b", "c/d"), package("c/d")), asks={"require-dev": {"a/b": "*"}})
    assert ways(found) == {"a/b": (True, ()), "c/d": (False, ("a/b@1.0.0",))}


@pytest.mark.parametrize("relation", ["provide", "replace"])
def test_a_package_stands_in_for_what_it_provides_or_replaces(relation: str) -> None:
    found = locked(
        package("a/b", "psr/log-implementation"),
        package("c/d", **{relation: {"PSR/log-implementation": "1"}}),
        asks={"require": {"a/b": "*"}},
    )
    assert ways(found)["c/d"] == (False, ("a/b@1.0.0",))


def test_a_replacement_that_was_asked_for_by_the_other_name_is_direct() -> None:
    found = locked(package("c/d", replace={"a/b": "1"}), asks={"require": {"a/b": "*"}})
    assert ways(found) == {"c/d": (True, ())}


def test_packages_that_need_each_other_are_no_endless_way() -> None:
    found = locked(package("a/b", "c/d"), package("c/d", "a/b"), asks={"require": {"a/b": "*"}})
    assert ways(found) == {"a/b": (True, ()), "c/d": (False, ("a/b@1.0.0",))}


def test_a_package_of_a_folder_is_the_project_s_own_but_shows_the_way() -> None:
    found = locked(package("own/x", "a/b", dist={"type": "path", "url": "../x"}), package("a/b"), asks={"require": {"own/x": "*"}})
    assert ways(found) == {"a/b": (False, ("own/x@1.0.0",))}


@pytest.mark.parametrize(("shasum", "integrity"), [("00ff", "sha1:00ff"), ("", ""), (None, "")])
def test_the_checksum_of_the_archive_is_its_integrity(shasum: Any, integrity: str) -> None:
    assert only(locked(package("a/b", dist={"type": "zip", "shasum": shasum}))).integrity == integrity


@pytest.mark.parametrize("wild", ["x", 1, None, []])
def test_an_entry_that_is_no_package_is_said_with_its_place(wild: Any) -> None:
    found = locked(package("a/b"), wild)
    assert [one.name for one in found.packages] == ["a/b"]
    assert [(note.code, note.where) for note in found.notes] == [("shape", "packages[1]")]


def test_a_package_without_a_name_is_said() -> None:
    assert [note.code for note in locked({"version": "1"}).notes] == ["shape"]


@pytest.mark.parametrize("require", ["x", 1, [], ["a"], {"c/d": 1}])
def test_needs_of_any_shape_are_no_harm(require: Any) -> None:
    assert len(locked({"name": "a/b", "version": "1", "require": require}, asks={"require": {"a/b": "*"}}).packages) == 1


@pytest.mark.parametrize("manifest", [b"", b"nonsense", b"[]"])
def test_a_manifest_that_can_t_be_read_is_said_and_the_lock_is_read_still(manifest: bytes) -> None:
    found = locked(package("a/b"), asks=manifest)
    assert ways(found) == {"a/b": (None, ())}
    assert found.notes[0].reason.startswith("the composer.json beside it")


@pytest.mark.parametrize("document", [{"packages": {}}, {"packages-dev": "x"}, {}, {"require": {}}])
def test_json_without_such_lists_is_refused(document: Any) -> None:
    found = read("composer.lock", json.dumps(document).encode())
    assert isinstance(found, Unreadable)
    assert found.code == "shape"


def test_lists_that_are_null_are_empty() -> None:
    found = read("composer.lock", b'{"packages": null, "packages-dev": null}')
    assert isinstance(found, Inventory)
    assert found.packages == ()


@pytest.mark.parametrize("name", ["composer.lock", "old-composer.lock"])
def test_it_is_known_by_its_names(name: str) -> None:
    found = reader_for(name, b"")
    assert found is not None
    assert found.name == "composer"


def test_only_so_many_packages_stand_in_for_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_STAND_INS", 2)
    others = [package(f"x/{number}", provide={"a/b": "1"}) for number in range(5)]
    found = locked(*others, asks={"require": {"a/b": "*"}})
    assert [one.direct for one in found.packages] == [True, True, False, False, False]
