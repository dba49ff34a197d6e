"""SPDX documents: which packages count, what they are called, and who needs whom; 2.x in both forms, and 3.0."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory, Package, SbomSubject, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for

ROOT = {"SPDXID": "SPDXRef-root", "name": "me", "versionInfo": "9"}
DESCRIBES_ROOT = ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-root")


def package(name: str, purl: str | None = "", **more: Any) -> dict[str, Any]:
    """A package called SPDXRef-<name>, by default with a purl of npm at 1.0.0."""
    refs = [{"referenceType": "purl", "referenceLocator": purl or f"pkg:npm/{name}@1.0.0"}] if purl is not None else []
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": "1.0.0", "externalRefs": refs, **more}


def document(*packages: Any, relations: Any = (), **more: Any) -> bytes:
    listed = [{"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second} for first, kind, second in relations]
    head = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "the document"}
    return json.dumps({**head, "packages": list(packages), "relationships": listed, **more}).encode()


def found_in(data: bytes, name: str = "spdx.json") -> Inventory:
    found = read(name, data)
    assert isinstance(found, Inventory), found
    return found


def only(*packages: Any, **more: Any) -> Package:
    (one,) = found_in(document(*packages, **more)).packages
    return one


def edge(first: str, kind: str, second: str) -> tuple[str, str, str]:
    return (f"SPDXRef-{first}", kind, f"SPDXRef-{second}")


def ways(found: Inventory) -> dict[str, tuple[bool | None, tuple[str, ...]]]:
    return {one.name: (one.direct, one.path) for one in found.packages}


class TestPackages:
    @pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
    def test_both_versions_of_the_specification_are_read(self, version: str) -> None:
        assert len(found_in(document(package("a"), spdxVersion=version)).packages) == 1

    @pytest.mark.parametrize("version", ["SPDX-2.1", "SPDX-3.0", "2.3", "", None, 2.3])
    def test_another_version_is_unsupported(self, version: Any) -> None:
        found = read("spdx.json", document(spdxVersion=version))
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("unsupported", "spdxVersion")

    def test_the_purl_goes_before_the_name(self) -> None:
        one = only(package("x", "pkg:maven/org.example/z@1.0"))
        assert (one.ecosystem, one.name, one.version, one.purl) == ("Maven", "org.example:z", "1.0", "pkg:maven/org.example/z@1.0")

    def test_a_purl_without_version_takes_that_of_the_package(self) -> None:
        assert only(package("a", "pkg:npm/a", versionInfo="2.0.0")).version == "2.0.0"

    @pytest.mark.parametrize("unsaid", ["NOASSERTION", "NONE", "", None])
    def test_a_version_that_is_not_asserted_is_none(self, unsaid: Any) -> None:
        assert only(package("a", "pkg:npm/a", versionInfo=unsaid)).version == ""

    @pytest.mark.parametrize("kind", ["purl", "http://spdx.org/rdf/references/purl", "PURL"])
    def test_the_reference_to_a_package_is_known_however_its_type_is_spelled(self, kind: str) -> None:
        refs = [{"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"}, {"referenceType": kind, "referenceLocator": "pkg:npm/b@1"}]
        assert only(package("a", externalRefs=refs)).name == "b"

    def test_of_several_purls_the_first_of_an_ecosystem_counts(self) -> None:
        purls = ("nonsense", "pkg:generic/x@1", "pkg:pypi/y@1", "pkg:npm/z@1")
        assert only(package("a", externalRefs=[{"referenceType": "purl", "referenceLocator": purl} for purl in purls])).name == "y"

    def test_a_distribution_s_package_has_its_release(self) -> None:
        assert only(package("a", "pkg:apk/alpine/busybox@1.36?distro=alpine-3.19.1")).ecosystem == "Alpine:v3.19"

    def test_a_package_without_a_purl_is_of_no_ecosystem(self) -> None:
        one = only(package("cranes", None))
        assert (one.ecosystem, one.name, one.version, one.purl) == ("", "cranes", "1.0.0", "")

    @pytest.mark.parametrize("purpose", ["FILE", "SOURCE", "ARCHIVE", "DEVICE", "FIRMWARE", "file"])
    def test_what_says_that_it_is_no_software_is_left_out_unless_it_has_a_purl(self, purpose: str) -> None:
        found = found_in(document(package("a", None, primaryPackagePurpose=purpose), package("b", primaryPackagePurpose=purpose)))
        assert [one.name for one in found.packages] == ["b"]

    @pytest.mark.parametrize("purpose", ["APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "INSTALL", "OTHER", None])
    def test_other_purposes_are_packages(self, purpose: Any) -> None:
        assert only(package("a", None, primaryPackagePurpose=purpose)).name == "a"

    def test_a_purl_that_is_none_is_said_and_the_name_is_used(self) -> None:
        found = found_in(document(package("a", "nonsense")))
        assert [(one.ecosystem, one.name) for one in found.packages] == [("", "a")]
        assert [(note.code, note.where) for note in found.notes] == [("shape", "SPDXRef-a")]

    def test_the_strongest_checksum_asked_for_first_is_the_integrity(self) -> None:
        sums = [{"algorithm": "SHA1", "checksumValue": "11"}, {"algorithm": "SHA256", "checksumValue": "22"}]
        assert only(package("a", checksums=sums)).integrity == "sha256:22"

    @pytest.mark.parametrize("wild", ["x", 1, None, []])
    def test_an_entry_that_is_no_package_is_said_with_its_place(self, wild: Any) -> None:
        found = found_in(document(package("a"), wild))
        assert [(note.code, note.where) for note in found.notes] == [("shape", "packages[1]")]

    @pytest.mark.parametrize("key", ["packages", "relationships", "documentDescribes"])
    @pytest.mark.parametrize("wild", ["x", {}, 1, None])
    def test_a_list_that_is_none_refuses_the_file(self, key: str, wild: Any) -> None:
        found = read("spdx.json", document(**{key: wild}))
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("shape", key)

    def test_packages_without_a_reference_are_packages(self) -> None:
        found = found_in(document({"name": "a"}, {"name": "b"}))
        assert [(one.name, one.place) for one in found.packages] == [("a", "packages[0]"), ("b", "packages[1]")]

    def test_a_document_without_packages_names_none(self) -> None:
        assert found_in(document()).packages == ()


class TestSubject:
    def test_the_described_package_is_the_subject_and_none_of_its_packages(self) -> None:
        found = found_in(document(ROOT, package("a"), relations=[DESCRIBES_ROOT]))
        assert [one.name for one in found.packages] == ["a"]
        assert found.subject == SbomSubject(name="me", version="9")

    def test_it_may_be_said_by_a_list_or_the_other_way_round(self) -> None:
        for more in ({"documentDescribes": ["SPDXRef-root"]}, {"relations": [("SPDXRef-root", "DESCRIBED_BY", "SPDXRef-DOCUMENT")]}):
            assert [one.name for one in found_in(document(ROOT, package("a"), **more)).packages] == ["a"]

    def test_a_document_that_describes_several_has_them_as_packages(self) -> None:
        found = found_in(document(ROOT, package("a"), documentDescribes=["SPDXRef-root", "SPDXRef-a"]))
        assert [one.name for one in found.packages] == ["me", "a"]
        assert found.subject == SbomSubject(name="the document")

    def test_the_only_package_is_kept_even_if_it_is_described(self) -> None:
        assert [one.name for one in found_in(document(ROOT, relations=[DESCRIBES_ROOT])).packages] == ["me"]

    def test_a_document_that_describes_a_file_leaves_no_package_out(self) -> None:
        found = found_in(document(package("a"), package("b"), documentDescribes=["SPDXRef-File"]))
        assert [one.name for one in found.packages] == ["a", "b"]

    def test_supplier_originator_and_creators_are_whom_to_ask_tools_are_not(self) -> None:
        root = {
            **ROOT,
            "supplier": "Organization: Saltmarsh (desk@saltmarsh.example)",
            "originator": "Person: Alice (alice@saltmarsh.example)",
        }
        creators = ["Tool: billing-1.0", "Person: Bob", "Organization: Tide Office ()", "nonsense", 7]
        found = found_in(document(root, package("a"), relations=[DESCRIBES_ROOT], creationInfo={"creators": creators}))
        assert found.subject is not None
        assert found.subject.supplier == "Saltmarsh"
        assert found.subject.contacts == (
            "desk@saltmarsh.example",
            "Saltmarsh",
            "alice@saltmarsh.example",
            "Alice",
            "Bob",
            "Tide Office",
        )

    def test_the_organisation_that_wrote_the_document_is_the_supplier_where_none_is_named(self) -> None:
        found = found_in(document(package("a"), creationInfo={"creators": ["Tool: x", "Organization: Tide Office"]}))
        assert found.subject == SbomSubject(name="the document", supplier="Tide Office", contacts=("Tide Office",))

    @pytest.mark.parametrize("supplier", ["NOASSERTION", "", None, "x", ["y"]])
    def test_a_supplier_that_is_not_asserted_is_none(self, supplier: Any) -> None:
        found = found_in(document({**ROOT, "supplier": supplier}, package("a"), relations=[DESCRIBES_ROOT]))
        assert found.subject == SbomSubject(name="me", version="9")


class TestRelations:
    @pytest.mark.parametrize("kind", ["DEPENDS_ON", "HAS_PREREQUISITE", "DYNAMIC_LINK", "STATIC_LINK"])
    def test_what_the_subject_needs_is_direct_and_the_rest_has_its_way(self, kind: str) -> None:
        relations = [DESCRIBES_ROOT, edge("root", kind, "a"), edge("a", kind, "b")]
        assert ways(found_in(document(ROOT, package("a"), package("b"), relations=relations))) == {
            "a": (True, ()),
            "b": (False, ("a@1.0.0",)),
        }

    @pytest.mark.parametrize("kind", ["DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "PREREQUISITE_FOR"])
    def test_it_may_be_said_the_other_way_round(self, kind: str) -> None:
        relations = [DESCRIBES_ROOT, edge("a", kind, "root"), edge("b", kind, "a")]
        assert ways(found_in(document(ROOT, package("a"), package("b"), relations=relations))) == {
            "a": (True, ()),
            "b": (False, ("a@1.0.0",)),
        }

    @pytest.mark.parametrize(
        ("kind", "group"),
        [
            ("DEV_DEPENDENCY_OF", "dev"),
            ("DEV_TOOL_OF", "dev"),
            ("TEST_DEPENDENCY_OF", "test"),
            ("BUILD_TOOL_OF", "build"),
            ("OPTIONAL_DEPENDENCY_OF", "optional"),
            ("PROVIDED_DEPENDENCY_OF", "provided"),
        ],
    )
    def test_what_is_only_needed_for_something_is_in_its_group_with_all_it_needs(self, kind: str, group: str) -> None:
        relations = [DESCRIBES_ROOT, edge("a", kind, "root"), edge("a", "DEPENDS_ON", "b")]
        found = found_in(document(ROOT, package("a"), package("b"), relations=relations))
        assert [one.groups for one in found.packages] == [(group,), (group,)]

    def test_what_production_needs_too_is_in_no_group(self) -> None:
        relations = [DESCRIBES_ROOT, edge("a", "DEV_DEPENDENCY_OF", "root"), edge("a", "DEPENDS_ON", "b"), edge("root", "DEPENDS_ON", "b")]
        assert [one.groups for one in found_in(document(ROOT, package("a"), package("b"), relations=relations)).packages] == [("dev",), ()]

    @pytest.mark.parametrize("kind", ["CONTAINS", "GENERATED_FROM", "OTHER", ""])
    def test_other_relations_say_nothing_about_who_asked(self, kind: str) -> None:
        found = found_in(document(ROOT, package("a"), relations=[DESCRIBES_ROOT, edge("root", kind, "a")]))
        assert ways(found) == {"a": (None, ())}

    def test_without_a_subject_nothing_is_said_about_who_asked(self) -> None:
        found = found_in(document(package("a"), package("b"), relations=[edge("a", "DEPENDS_ON", "b")]))
        assert ways(found) == {"a": (None, ()), "b": (None, ())}


names = st.sampled_from("abcd")
versions = st.sampled_from(["1.0.0", "2.0.0-rc.1", "NOASSERTION"])
purls = st.one_of(st.none(), st.builds(lambda name: f"pkg:npm/{name}@3.0.0", names), st.just("pkg:generic/x"), st.just("odd"))
kinds = st.sampled_from(["DEPENDS_ON", "DEPENDENCY_OF", "TEST_DEPENDENCY_OF", "CONTAINS", "DESCRIBES"])


class TestTagValue:
    @staticmethod
    def written(packages: list[tuple[str, str, str | None]], relations: list[tuple[str, str, str]]) -> bytes:
        lines = ["SPDXVersion: SPDX-2.3", "SPDXID: SPDXRef-DOCUMENT", "DocumentName: the document"]
        for number, (name, version, purl) in enumerate(packages):
            lines += ["", f"PackageName: {name}", f"SPDXID: SPDXRef-{number}", f"PackageVersion: {version}"]
            lines += [f"ExternalRef: PACKAGE-MANAGER purl {purl}"] if purl else []
        return "\n".join([*lines, *(f"Relationship: {' '.join(relation)}" for relation in relations)]).encode()

    @given(st.data())
    def test_a_document_and_its_twin_in_json_say_the_same(self, data: st.DataObject) -> None:
        packages = data.draw(st.lists(st.tuples(names, versions, purls), min_size=1, max_size=5))
        ends = st.sampled_from(["SPDXRef-DOCUMENT", *(f"SPDXRef-{number}" for number in range(len(packages)))])
        relations = data.draw(st.lists(st.tuples(ends, kinds, ends), max_size=8))
        listed = [
            {**package(name, purl, versionInfo=version), "SPDXID": f"SPDXRef-{number}"}
            for number, (name, version, purl) in enumerate(packages)
        ]
        twin = found_in(document(*listed, relations=relations))
        found = found_in(self.written(packages, relations), "sbom.spdx")
        assert msgspec.structs.replace(found, kind="spdx") == twin

    def found(self, *lines: str) -> Inventory:
        return found_in("\n".join(["SPDXVersion: SPDX-2.2", *lines]).encode(), "sbom.spdx")

    def test_a_text_over_many_lines_holds_no_tags(self) -> None:
        found = self.found("DocumentComment: <text>one", "PackageName: two", "", "three</text>", "PackageName: a", "PackageVersion: 1")
        assert [(one.name, one.version) for one in found.packages] == [("a", "1")]

    def test_a_text_on_one_line_is_a_value(self) -> None:
        assert [one.name for one in self.found("PackageName: <text> a </text>").packages] == ["a"]

    def test_the_reference_of_a_file_is_not_that_of_the_package_before_it(self) -> None:
        found = self.found("PackageName: a", "FileName: ./x", "SPDXID: SPDXRef-x", "PackageName: b", "SPDXID: SPDXRef-b")
        assert [(one.name, one.place) for one in found.packages] == [("a", "packages[0]"), ("b", "SPDXRef-b")]

    def test_a_text_that_does_not_end_is_truncated_with_its_beginning(self) -> None:
        found = read("sbom.spdx", b"SPDXVersion: SPDX-2.2\nDocumentComment: <text>one\ntwo\n")
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("truncated", "line 2")

    @pytest.mark.parametrize("line", ["no tag at all", "Relationship: a DEPENDS_ON", "Relationship: a b c d", ": x"])
    def test_a_line_that_is_no_tag_or_relationship_is_refused_with_its_place(self, line: str) -> None:
        found = read("sbom.spdx", f"SPDXVersion: SPDX-2.2\n{line}\n".encode())
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("syntax", "line 2")

    def test_comments_and_unknown_tags_are_passed_by(self) -> None:
        assert [
            one.name for one in self.found("# PackageName: x", "  # more", "Whatever: y", "PackageName: a", "ExternalRef: odd").packages
        ] == ["a"]

    def test_another_version_is_unsupported(self) -> None:
        found = read("sbom.spdx", b"SPDXVersion: SPDX-1.2\nPackageName: a\n")
        assert isinstance(found, Unreadable)
        assert found.code == "unsupported"

    @pytest.mark.parametrize("name", ["sbom.spdx", "app.spdx", "app.spdx.tag", "whatever"])
    def test_it_is_known_by_its_names_and_by_its_content(self, name: str) -> None:
        found = reader_for(name, b"SPDXVersion: SPDX-2.3\n")
        assert found is not None
        assert found.name == "spdx_tagvalue"


class TestGraph:
    """SPDX 3.0."""

    info = {"type": "CreationInfo", "@id": "_:i", "specVersion": "3.0.1", "createdBy": ["urn:o"]}

    def graph(self, *elements: Any, context: Any = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld") -> bytes:
        return json.dumps({"@context": context, "@graph": [self.info, *elements]}).encode()

    def package(self, name: str, **more: Any) -> dict[str, Any]:
        return {"type": "software_Package", "spdxId": f"urn:{name}", "name": name, "software_packageUrl": f"pkg:npm/{name}@1.0.0", **more}

    def needs(self, first: str, *second: str, **more: Any) -> dict[str, Any]:
        listed = [f"urn:{name}" for name in second]
        return {"type": "LifecycleScopedRelationship", "from": f"urn:{first}", "to": listed, "relationshipType": "dependsOn", **more}

    top = {"type": "SpdxDocument", "spdxId": "urn:d", "name": "the document", "rootElement": ["urn:me"]}

    def test_packages_and_the_way_to_them_are_read(self) -> None:
        data = self.graph(self.top, *(self.package(name) for name in ("me", "a", "b")), self.needs("me", "a"), self.needs("a", "b"))
        assert ways(found_in(data)) == {"a": (True, ()), "b": (False, ("a@1.0.0",))}

    @pytest.mark.parametrize("scope", ["test", "build"])
    def test_the_scope_of_a_dependency_is_its_group(self, scope: str) -> None:
        found = found_in(self.graph(self.top, self.package("me"), self.package("a"), self.needs("me", "a", scope=scope)))
        assert [one.groups for one in found.packages] == [(scope,)]

    def test_an_optional_dependency_is_in_that_group(self) -> None:
        needs = self.needs("me", "a", relationshipType="hasOptionalDependency")
        assert [one.groups for one in found_in(self.graph(self.top, self.package("me"), self.package("a"), needs)).packages] == [
            ("optional",)
        ]

    def test_the_root_of_the_bill_inside_the_document_is_the_subject(self) -> None:
        top = {**self.top, "rootElement": ["urn:bill"]}
        bill = {"type": "software_Sbom", "spdxId": "urn:bill", "rootElement": ["urn:me"]}
        found = found_in(self.graph(top, bill, self.package("me"), self.package("a")))
        assert [one.name for one in found.packages] == ["a"]

    @pytest.mark.parametrize("kind", ["packageUrl", "purl"])
    def test_a_purl_among_the_identifiers_is_used(self, kind: str) -> None:
        identifiers = [
            {"externalIdentifierType": "cpe23", "identifier": "x"},
            {"externalIdentifierType": kind, "identifier": "pkg:npm/b@2"},
        ]
        (one,) = found_in(self.graph(self.package("a", software_packageUrl=None, externalIdentifier=identifiers))).packages
        assert (one.name, one.version) == ("b", "2")

    def test_supplier_and_author_are_told(self) -> None:
        mail = [{"externalIdentifierType": "email", "identifier": "alice@saltmarsh.example"}]
        people = [
            {"type": "Organization", "spdxId": "urn:o", "name": "Saltmarsh"},
            {"type": "Person", "spdxId": "urn:p", "name": "Alice", "externalIdentifier": mail},
            {"type": "Tool", "spdxId": "urn:t", "name": "billing"},
        ]
        me = self.package("me", suppliedBy="urn:o", originatedBy=["urn:p", "urn:t"])
        found = found_in(self.graph(self.top, me, self.package("a"), *people))
        assert found.subject is not None
        assert found.subject.supplier == "Saltmarsh"
        assert found.subject.contacts == ("Saltmarsh", "alice@saltmarsh.example", "Alice")

    @pytest.mark.parametrize("context", ["https://registry.example/mine.jsonld", None, {}, ["x"], 1])
    def test_another_context_is_unsupported(self, context: Any) -> None:
        found = read("spdx.json", self.graph(context=context))
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("unsupported", "@context")

    def test_a_list_of_contexts_with_the_right_one_is_read(self) -> None:
        assert found_in(self.graph(self.package("a"), context=["https://spdx.org/rdf/3.0.0/spdx-context.jsonld", {"x": "y"}])).packages

    @pytest.mark.parametrize("version", ["3.1", "4.0", "", None])
    def test_another_version_is_unsupported(self, version: Any) -> None:
        data = json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{**self.info, "specVersion": version}]})
        found = read("spdx.json", data.encode())
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("unsupported", "specVersion")

    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(["type", "spdxId", "from", "to", "name", "relationshipType", "suppliedBy"]),
                st.one_of(
                    st.sampled_from(["software_Package", "Relationship", "urn:a", "dependsOn"]),
                    st.none(),
                    st.integers(),
                    st.lists(st.text(max_size=3), max_size=2),
                ),
                max_size=5,
            ),
            max_size=6,
        )
    )
    def test_elements_of_any_shape_get_an_answer(self, elements: list[dict[str, Any]]) -> None:
        assert isinstance(read("spdx.json", self.graph(*elements)), Inventory | Unreadable)


@pytest.mark.parametrize("name", ["spdx.json", "app.spdx.json", "sbom.json", "spdx-report.json", "app.spdx3.json", "whatever"])
@pytest.mark.parametrize("data", [document(package("a")), b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}'])
def test_it_is_known_by_its_names_and_by_its_content(name: str, data: bytes) -> None:
    found = reader_for(name, data)
    assert found is not None
    assert found.name == "spdx"


@pytest.mark.parametrize("data", [b"{}", b'{"spdxVersion": 2}', b'{"@graph": {}}', b'{"name": "x", "packages": []}'])
def test_json_of_another_kind_is_unsupported(data: bytes) -> None:
    found = read("spdx.json", data)
    assert isinstance(found, Unreadable)
    assert found.code == "unsupported"


def test_two_packages_with_one_reference_are_two_packages() -> None:
    found = found_in(document(package("a"), {**package("b"), "SPDXID": "SPDXRef-a"}))
    assert [(one.name, one.place) for one in found.packages] == [("a", "SPDXRef-a"), ("b", "packages[1]")]


def test_tags_without_a_version_of_the_specification_are_unsupported_and_nothing_at_all_is_an_empty_document() -> None:
    tags, nothing = read("sbom.spdx", b"Hello: world\n"), read("sbom.spdx", b"# nothing yet\n")
    assert isinstance(tags, Unreadable)
    assert tags.code == "unsupported"
    assert isinstance(nothing, Inventory)


def test_relationships_are_taken_up_to_their_limit_those_of_no_use_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RELATIONS", 2)
    head = "SPDXVersion: SPDX-2.3\nPackageName: a\nRelationship: a DEPENDS_ON b\nRelationship: a CONTAINS c\nRelationship: b DEPENDS_ON c\n"
    assert len(found_in(head.encode(), "sbom.spdx").packages) == 1
    found = read("sbom.spdx", (head + "Relationship: c DEPENDS_ON d\n").encode())
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("too_large", "line 6")
