"""CycloneDX bills of materials: which components are packages, and what is kept of them."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for


def bill(*components: Any, **more: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": list(components), **more}).encode()


def read_bill(*components: Any, **more: Any) -> Inventory:
    found = read("bom.json", bill(*components, **more))
    assert isinstance(found, Inventory), found
    return found


def only(component: Any, **more: Any) -> Package:
    (package,) = read_bill(component, **more).packages
    return package


def library(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, "bom-ref": name, "purl": f"pkg:npm/{name}@1.0.0", **more}


@pytest.mark.parametrize("version", [f"1.{minor}" for minor in range(2, 8)])
def test_every_version_of_the_specification_that_has_json_is_read(version: str) -> None:
    assert len(read_bill(library("a"), specVersion=version).packages) == 1


@pytest.mark.parametrize("version", ["2.0", "1.99", "", None, 1.5, ["1.5"], {"a": 1}])
def test_another_version_of_the_specification_is_unsupported(version: Any) -> None:
    found = read("bom.json", bill(specVersion=version))
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("unsupported", "specVersion")


@pytest.mark.parametrize("wild", [None, "x", {}, 1])
def test_components_that_are_no_list_refuse_the_file(wild: Any) -> None:
    found = read("bom.json", bill(components=wild))
    assert isinstance(found, Unreadable)
    assert found.code == "shape"


def test_the_purl_goes_before_the_name() -> None:
    package = only({"type": "library", "group": "x", "name": "y", "version": "9", "purl": "pkg:maven/org.example/z@1.0"})
    assert (package.ecosystem, package.name, package.version) == ("Maven", "org.example:z", "1.0")


def test_a_purl_without_version_takes_that_of_the_component() -> None:
    package = only({"type": "library", "name": "a", "version": "2.0.0", "purl": "pkg:npm/a"})
    assert (package.version, package.purl) == ("2.0.0", "pkg:npm/a@2.0.0")


def test_a_component_without_version_is_not_pinned() -> None:
    assert only({"type": "library", "name": "a", "purl": "pkg:npm/a"}).version == ""


def test_a_component_without_purl_is_of_no_ecosystem() -> None:
    package = only({"type": "library", "group": "saltmarsh", "name": "cranes", "version": "3"})
    assert (package.ecosystem, package.name, package.version, package.purl) == ("", "saltmarsh/cranes", "3", "")


def test_a_purl_of_a_type_without_advisories_is_kept_as_written() -> None:
    package = only({"type": "library", "name": "bash", "purl": "pkg:deb/debian/bash@5.2?arch=amd64"})
    assert (package.ecosystem, package.purl) == ("", "pkg:deb/debian/bash@5.2?arch=amd64")


def test_a_purl_that_is_none_is_said_and_the_name_is_used() -> None:
    found = read_bill({"type": "library", "name": "a", "version": "1", "purl": "nonsense"})
    assert [(package.ecosystem, package.name) for package in found.packages] == [("", "a")]
    assert [(note.code, note.where) for note in found.notes] == [("shape", "components[0]")]


@pytest.mark.parametrize("kind", ["file", "data", "device", "firmware", "cryptographic-asset", "machine-learning-model", ""])
def test_what_is_no_package_is_left_out(kind: str) -> None:
    assert read_bill({"type": kind, "name": "a", "version": "1"}).packages == ()


@pytest.mark.parametrize("kind", ["library", "framework", "application", "container", "operating-system", "platform"])
def test_software_without_a_purl_is_a_package(kind: str) -> None:
    assert only({"type": kind, "name": "a", "version": "1"}).name == "a"


def test_anything_with_a_purl_is_a_package() -> None:
    assert only({"type": "file", "name": "a", "purl": "pkg:npm/a@1.0.0"}).ecosystem == "npm"


def test_components_inside_components_are_read_at_any_depth() -> None:
    inner = library("a0")
    for depth in range(1, 60):
        inner = library(f"a{depth}", components=[inner])
    assert len(read_bill(inner).packages) == 60


def test_components_inside_the_subject_are_read_and_the_subject_is_not() -> None:
    found = read_bill(metadata={"component": library("me", components=[library("part")])})
    assert [package.name for package in found.packages] == ["part"]


@pytest.mark.parametrize(
    ("scope", "groups"), [("required", ()), ("optional", ("optional",)), ("excluded", ("excluded",)), ("odd", ()), (None, ())]
)
def test_the_scope_is_a_group_unless_it_is_required(scope: str | None, groups: tuple[str, ...]) -> None:
    assert only(library("a", scope=scope)).groups == groups


def test_what_the_subject_depends_on_is_direct() -> None:
    found = read_bill(
        library("a"),
        library("b"),
        metadata={"component": library("me")},
        dependencies=[{"ref": "me", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b"]}],
    )
    assert [package.direct for package in found.packages] == [True, False]


def test_without_dependencies_nothing_is_said_about_who_asked() -> None:
    assert only(library("a"), metadata={"component": library("me")}).direct is None


def test_the_strongest_hash_asked_for_first_is_the_integrity() -> None:
    hashes = [{"alg": "SHA-1", "content": "11"}, {"alg": "SHA-512", "content": "55"}, {"alg": "SHA-256", "content": "22"}]
    assert only(library("a", hashes=hashes)).integrity == "sha256:22"


def test_the_same_package_twice_is_one() -> None:
    assert len(read_bill(library("a"), library("a")).packages) == 1


def test_a_bill_without_components_names_no_package() -> None:
    found = read("bom.json", b'{"bomFormat": "CycloneDX", "specVersion": "1.4", "vulnerabilities": []}')
    assert isinstance(found, Inventory)
    assert found.packages == ()


@pytest.mark.parametrize("name", ["bom.json", "app.cdx.json", "app-sbom.json", "cyclonedx-report.json", "whatever"])
def test_it_is_known_by_its_names_and_by_its_content(name: str) -> None:
    found = reader_for(name, bill())
    assert found is not None
    assert found.name == "cyclonedx"


def test_ten_thousand_components_are_ten_thousand_packages() -> None:
    assert len(read_bill(*(library(f"package-{number}") for number in range(10_000))).packages) == 10_000
