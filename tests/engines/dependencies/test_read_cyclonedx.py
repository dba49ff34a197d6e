"""CycloneDX bills of materials: which components are packages, and what is kept of them."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory, Package, SbomSubject, Unreadable
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


def test_a_distribution_s_purl_says_its_release_and_keeps_what_else_it_says() -> None:
    package = only({"type": "library", "name": "bash", "purl": "pkg:deb/debian/bash@5.2?distro=debian-12&arch=amd64"})
    assert (package.ecosystem, package.name, package.version) == ("Debian:12", "bash", "5.2")
    assert package.purl == "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def test_binary_packages_of_one_source_are_the_source_once() -> None:
    purls = [f"pkg:apk/alpine/{name}@3.1.4-r5?distro=alpine-3.19.1&upstream=openssl" for name in ("libcrypto3", "libssl3")]
    (package,) = read_bill(*({"type": "library", "name": purl, "purl": purl} for purl in purls)).packages
    assert (package.ecosystem, package.name, package.version) == ("Alpine:v3.19", "openssl", "3.1.4-r5")


def test_a_purl_of_a_type_without_advisories_is_of_no_ecosystem_and_kept() -> None:
    package = only({"type": "library", "name": "crane", "purl": "pkg:generic/crane@5.2?checksum=sha256:00"})
    assert (package.ecosystem, package.purl) == ("", "pkg:generic/crane@5.2?checksum=sha256:00")


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


def test_what_is_needed_through_others_has_the_shortest_way_there() -> None:
    found = read_bill(
        *(library(name) for name in "abcd"),
        metadata={"component": library("me")},
        dependencies=[
            {"ref": "me", "dependsOn": ["a", "b"]},
            {"ref": "a", "dependsOn": ["c"]},
            {"ref": "c", "dependsOn": ["d", "a"]},
            {"ref": "b", "dependsOn": ["d"]},
        ],
    )
    assert [package.path for package in found.packages] == [(), (), ("a@1.0.0",), ("b@1.0.0",)]


def test_a_component_that_nobody_needs_has_no_way_there() -> None:
    found = read_bill(library("a"), metadata={"component": library("me")}, dependencies=[{"ref": "me", "dependsOn": []}])
    assert [(package.direct, package.path) for package in found.packages] == [(False, ())]


def test_a_step_that_is_no_component_is_shown_by_its_reference() -> None:
    found = read_bill(
        library("a"),
        metadata={"component": library("me")},
        dependencies=[{"ref": "me", "dependsOn": ["part-7"]}, {"ref": "part-7", "dependsOn": ["a"]}],
    )
    assert [package.path for package in found.packages] == [("part-7",)]


def test_a_component_without_a_reference_is_not_said_to_be_direct_or_not() -> None:
    found = read_bill(
        {"type": "library", "name": "a", "version": "1"},
        metadata={"component": library("me")},
        dependencies=[{"ref": "me", "dependsOn": [""]}],
    )
    assert [package.direct for package in found.packages] == [None]


def test_a_chain_of_many_components_is_shown_by_its_ends() -> None:
    names = [f"p{number}" for number in range(50)]
    found = read_bill(
        *(library(name) for name in names),
        metadata={"component": library("me")},
        dependencies=[{"ref": before, "dependsOn": [after]} for before, after in zip(["me", *names], names, strict=False)],
    )
    last = found.packages[-1]
    assert (last.path[0], last.path[-1], len(last.path)) == ("p0@1.0.0", "p48@1.0.0", limits.MAX_PATH_STEPS)


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


@pytest.mark.parametrize("name", ["bom.json", "sbom.json", "app.cdx.json", "app-sbom.json", "cyclonedx-report.json", "whatever"])
def test_it_is_known_by_its_names_and_by_its_content(name: str) -> None:
    found = reader_for(name, bill())
    assert found is not None
    assert found.name == "cyclonedx"


def test_ten_thousand_components_are_ten_thousand_packages() -> None:
    assert len(read_bill(*(library(f"package-{number}") for number in range(10_000))).packages) == 10_000


class TestSubject:
    def test_the_subject_is_told_by_name_version_and_purl(self) -> None:
        component = {
            "type": "application",
            "group": "org.example",
            "name": "me",
            "version": "2",
            "purl": "pkg:maven/org.example/me@2?type=war",
        }
        assert read_bill(metadata={"component": component}).subject == SbomSubject("org.example/me", "2", "pkg:maven/org.example/me@2")

    @pytest.mark.parametrize("metadata", [{}, {"component": {}}, {"component": "x"}, {"authors": "Alice"}, None])
    def test_a_bill_that_says_nothing_of_it_has_none(self, metadata: Any) -> None:
        assert read_bill(metadata=metadata).subject is None

    @pytest.mark.parametrize(
        ("component", "metadata", "supplier"),
        [
            ({"supplier": {"name": "A"}, "publisher": "B"}, {"supplier": {"name": "C"}}, "A"),
            ({"manufacturer": {"name": "A"}}, {}, "A"),
            ({"publisher": "B"}, {"supplier": {"name": "C"}}, "B"),
            ({}, {"supplier": {"name": "C"}}, "C"),
            ({}, {"manufacture": {"name": "D"}}, "D"),
            ({"supplier": {"url": ["https://registry.example"]}}, {}, ""),
        ],
    )
    def test_the_supplier_is_the_one_named_nearest_to_it(self, component: Any, metadata: Any, supplier: str) -> None:
        subject = read_bill(metadata={"component": {"name": "me", **component}, **metadata}).subject
        assert subject is not None
        assert subject.supplier == supplier

    def test_contacts_are_the_owner_by_property_then_authors_then_the_supplier_s_people(self) -> None:
        component = {
            "name": "me",
            "supplier": {"name": "Saltmarsh", "contact": [{"email": "desk@saltmarsh.example"}]},
            "authors": [{"name": "Alice", "email": "alice@saltmarsh.example"}],
            "properties": [{"name": "internal:owner", "value": "team-berths"}, {"name": "internal:ownership-model", "value": "x"}],
        }
        subject = read_bill(metadata={"component": component, "authors": [{"name": "Bob"}]}).subject
        assert subject is not None
        assert subject.contacts == ("team-berths", "alice@saltmarsh.example", "Alice", "Bob", "desk@saltmarsh.example")

    @pytest.mark.parametrize("name", ["owner", "Owner", "saltmarsh:service:team", "app.contact", "example/maintainers", "owned-by"])
    def test_a_property_named_so_names_the_owner(self, name: str) -> None:
        subject = read_bill(metadata={"component": {"properties": [{"name": name, "value": "team-berths"}]}}).subject
        assert subject == SbomSubject(contacts=("team-berths",))

    def test_the_provider_of_a_service_is_the_supplier_where_nobody_else_is(self) -> None:
        service = {"name": "tides", "provider": {"name": "Tide Office", "contact": [{"email": "t@tides.example"}]}}
        subject = read_bill(services=[{**service, "properties": [{"name": "x:owner", "value": "bob"}]}]).subject
        assert subject == SbomSubject(supplier="Tide Office", contacts=("bob", "t@tides.example", "Tide Office"))

    def test_contacts_are_kept_up_to_their_limit_each_once(self) -> None:
        authors = [{"name": f"person {number // 2}"} for number in range(500)]
        subject = read_bill(metadata={"component": {"name": "me", "authors": authors}}).subject
        assert subject is not None
        assert len(set(subject.contacts)) == len(subject.contacts) == limits.MAX_CONTACTS

    def test_what_it_says_is_made_safe_to_show(self) -> None:
        component = {"name": "me" * 500, "version": "\u202e1", "publisher": "a\nb", "author": "x" * 9_999, "purl": "nonsense"}
        subject = read_bill(metadata={"component": component}).subject
        assert subject is not None
        assert all(text.isprintable() for text in (subject.name, subject.version, subject.supplier, *subject.contacts))
        assert (len(subject.name), subject.purl) == (limits.MAX_NAME_CHARS, "")
        assert max(map(len, subject.contacts)) <= 200
