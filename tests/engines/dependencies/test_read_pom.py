"""pom.xml: what is asked for directly, and how far its versions are known."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Beside, Inventory, Package, Unreadable, nothing_beside
from watchbill.engines.dependencies.reading import files_beside, read, reader_for


def dependency(version: str = "", name: str = "a", **more: str) -> str:
    texts = {"groupId": "g", "artifactId": name, **({"version": version} if version else {}), **more}
    return "<dependency>" + "".join(f"<{key}>{text}</{key}>" for key, text in texts.items()) + "</dependency>"


def pom(*dependencies: str, more: str = "", **properties: str) -> str:
    listed = "".join(f"<{key}>{text}</{key}>" for key, text in properties.items())
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"{more}<properties>{listed}</properties><dependencies>{''.join(dependencies)}</dependencies></project>"
    )


def found_in(text: str, beside: Beside = nothing_beside) -> Inventory:
    found = read("pom.xml", text.encode(), beside)
    assert isinstance(found, Inventory), found
    return found


def only(text: str, beside: Beside = nothing_beside) -> Package:
    (package,) = found_in(text, beside).packages
    return package


def parent(place: str | None = None, name: str = "parent", version: str = "1") -> str:
    where = "" if place is None else f"<relativePath>{place}</relativePath>"
    return f"<parent><groupId>g</groupId><artifactId>{name}</artifactId><version>{version}</version>{where}</parent>"


def managed(*dependencies: str) -> str:
    return f"<dependencyManagement><dependencies>{''.join(dependencies)}</dependencies></dependencyManagement>"


def own(name: str = "parent") -> str:
    return f"<groupId>g</groupId><artifactId>{name}</artifactId><version>1</version>"


def test_a_dependency_has_its_name_version_and_purl_and_is_direct() -> None:
    package = only(pom(dependency("1.0")))
    assert (package.ecosystem, package.name, package.version, package.purl) == ("Maven", "g:a", "1.0", "pkg:maven/g/a@1.0")
    assert package.direct is True


def test_a_pom_without_a_namespace_is_read_as_well() -> None:
    text = f"<project><modelVersion>4.0.0</modelVersion><dependencies>{dependency('1.0')}</dependencies></project>"
    assert only(text).version == "1.0"


@pytest.mark.parametrize(
    ("written", "version", "bound"),
    [
        ("1.0", "1.0", ""),
        ("1.0-SNAPSHOT", "1.0-SNAPSHOT", ""),
        ("[1.0]", "1.0", ""),
        ("[ 1.0 ]", "1.0", ""),
        ("[1.0,2.0)", "", "[1.0,2.0)"),
        ("(,1.0],[1.2,)", "", "(,1.0],[1.2,)"),
        ("LATEST", "", "LATEST"),
        ("RELEASE", "", "RELEASE"),
        ("${x}", "", "${x}"),
        ("1.${x}", "", "1.${x}"),
        ("", "", ""),
    ],
)
def test_only_one_exact_version_pins(written: str, version: str, bound: str) -> None:
    package = only(pom(dependency(written)))
    assert (package.version, package.bound) == (version, bound)


class TestProperties:
    def test_a_property_is_filled_in(self) -> None:
        assert only(pom(dependency("${x.version}"), **{"x.version": "1.4"})).version == "1.4"

    def test_a_property_may_name_others(self) -> None:
        assert only(pom(dependency("${a}"), a="${b}.3", b="${c}.2", c="1")).version == "1.2.3"

    @pytest.mark.parametrize("prefix", ["project.", "pom.", ""])
    def test_the_project_s_own_facts_are_properties(self, prefix: str) -> None:
        assert only(pom(dependency(f"${{{prefix}version}}"), more="<groupId>g</groupId><version>7</version>")).version == "7"

    @pytest.mark.parametrize("named", ["project.version", "project.parent.version"])
    def test_the_version_of_the_parent_stands_in_for_its_own(self, named: str) -> None:
        assert only(pom(dependency(f"${{{named}}}"), more=parent(version="9"))).version == "9"

    def test_properties_in_the_name_are_filled_in_too(self) -> None:
        assert only(pom(dependency("1", name="${stem}-core"), stem="tides")).name == "g:tides-core"

    @pytest.mark.parametrize("properties", [{"a": "${a}"}, {"a": "${b}", "b": "${a}"}, {"a": "${a}${a}"}, {"a": "x${b}", "b": "y${a}"}])
    def test_properties_that_name_each_other_in_a_ring_pin_nothing(self, properties: dict[str, str]) -> None:
        assert found_in(pom(dependency("${a}"), **properties)).packages[0].version == ""

    def test_properties_that_double_each_other_stay_small(self) -> None:
        doubling = {f"a{number}": f"${{a{number + 1}}}" * 9 for number in range(60)}
        assert len(only(pom(dependency("${a0}"), **doubling)).bound) <= limits.MAX_BOUND_CHARS

    def test_a_property_s_name_longer_than_any_is_left_as_written(self) -> None:
        assert found_in(pom(dependency("${" + "x" * 300 + "}"))).packages[0].bound.startswith("${xxx")

    @given(st.text(alphabet="${}ab", max_size=30), st.text(alphabet="${}ab1", max_size=20), st.text(alphabet="${}ab1", max_size=20))
    def test_any_properties_give_a_version_or_a_bound(self, written: str, a: str, b: str) -> None:
        package = only(pom(dependency(written), a=a, b=b))
        assert not (package.version and package.bound)
        assert "$" not in package.version


class TestManaged:
    def test_a_managed_version_is_used(self) -> None:
        assert only(pom(dependency(), more=managed(dependency("2.0")))).version == "2.0"

    def test_a_version_of_its_own_goes_first(self) -> None:
        assert only(pom(dependency("1.0"), more=managed(dependency("2.0")))).version == "1.0"

    def test_a_managed_version_may_be_a_property(self) -> None:
        assert only(pom(dependency(), more=managed(dependency("${v}")), v="3")).version == "3"

    def test_a_managed_scope_is_a_group(self) -> None:
        assert only(pom(dependency(), more=managed(dependency("2.0", scope="test")))).groups == ("test",)

    def test_what_is_only_managed_is_not_asked_for(self) -> None:
        assert found_in(pom(more=managed(dependency("2.0")))).packages == ()

    def test_what_is_imported_from_elsewhere_is_said_where_a_version_is_missing(self) -> None:
        imported = dependency("5", name="bom", type="pom", scope="import")
        found = found_in(pom(dependency(), more=managed(imported)))
        assert [(note.code, note.where) for note in found.notes] == [("not_included", "dependencyManagement")]
        assert "g:bom:5" in found.notes[0].reason
        assert found_in(pom(dependency("1"), more=managed(imported))).notes == ()


class TestParents:
    def beside(self, **files: str) -> Beside:
        return lambda name: files[name].encode() if name in files else None

    def test_a_parent_s_properties_and_managed_versions_count(self) -> None:
        above = {"../pom.xml": pom(more=own() + managed(dependency("${v}", name="b")), v="4", w="6")}
        found = found_in(pom(dependency("${w}"), dependency(name="b"), more=parent()), self.beside(**above))
        assert [package.version for package in found.packages] == ["6", "4"]
        assert found.notes == ()

    def test_a_nearer_property_goes_first_even_for_what_the_parent_manages(self) -> None:
        above = {"../pom.xml": pom(more=own() + managed(dependency("${v}")), v="4")}
        assert only(pom(dependency(), more=parent(), v="5"), self.beside(**above)).version == "5"

    def test_what_a_parent_asks_for_stands_in_its_own_file(self) -> None:
        above = {"../pom.xml": pom(dependency("1", name="b"), more=own())}
        assert [one.name for one in found_in(pom(dependency("1"), more=parent()), self.beside(**above)).packages] == ["g:a"]

    @pytest.mark.parametrize("place", ["up/pom.xml", "up", "up/", "up\\pom.xml"])
    def test_the_place_may_be_a_file_or_its_folder(self, place: str) -> None:
        above = {"up/pom.xml": pom(more=own(), v="4")}
        assert only(pom(dependency("${v}"), more=parent(place)), self.beside(**above)).version == "4"

    def test_a_grandparent_is_looked_up_from_the_parent_s_folder(self) -> None:
        above = {"../pom.xml": pom(more=own() + parent("../../top.xml", name="top")), "../../../top.xml": pom(more=own("top"), v="8")}
        assert only(pom(dependency("${v}"), more=parent()), self.beside(**above)).version == "8"

    @pytest.mark.parametrize("above", [pom(more=own("other"), v="4"), "<html/>", "nonsense", ""])
    def test_a_file_that_is_not_the_parent_asked_for_is_not_used(self, above: str) -> None:
        found = found_in(pom(dependency("${v}"), more=parent()), self.beside(**{"../pom.xml": above}))
        assert found.packages[0].version == ""
        assert ("not_included", "parent") in [(note.code, note.where) for note in found.notes]

    def test_an_empty_place_says_that_the_parent_is_elsewhere(self) -> None:
        found = found_in(pom(dependency(), more=parent("")), self.beside(**{"../pom.xml": pom(more=own())}))
        assert [note.reason for note in found.notes] == ["versions may be managed by the parent g:parent:1, which is not at hand"]

    def test_a_parent_out_of_reach_is_not_said_where_every_version_is_known(self) -> None:
        assert found_in(pom(dependency("1"), more=parent())).notes == ()

    def test_a_parent_of_itself_ends(self) -> None:
        text = pom(dependency("${v}"), more=own() + parent("pom.xml"))
        assert found_in(text, self.beside(**{"pom.xml": text})).packages[0].version == ""

    def test_a_parent_outside_the_root_is_not_opened(self, tmp_path: Path) -> None:
        (tmp_path / "pom.xml").write_text(pom(more=own(), v="4"))
        module = tmp_path / "module"
        module.mkdir()
        (module / "pom.xml").write_text(pom(dependency("${v}"), more=parent()))
        data = (module / "pom.xml").read_bytes()
        within, outside = (read("pom.xml", data, files_beside(module / "pom.xml", root)) for root in (tmp_path, module))
        assert isinstance(within, Inventory)
        assert isinstance(outside, Inventory)
        assert (within.packages[0].version, outside.packages[0].version) == ("4", "")


@pytest.mark.parametrize(
    ("more", "groups"),
    [
        ({"scope": "compile"}, ()),
        ({"scope": "runtime"}, ()),
        ({"scope": "test"}, ("test",)),
        ({"scope": "provided", "optional": "true"}, ("provided", "optional")),
        ({"optional": "false"}, ()),
    ],
)
def test_scopes_that_are_not_shipped_are_groups(more: dict[str, str], groups: tuple[str, ...]) -> None:
    assert only(pom(dependency("1", **more))).groups == groups


def test_what_a_profile_asks_for_is_in_its_group() -> None:
    profiles = f"<profiles><profile><id>cloud</id><dependencies>{dependency('1')}</dependencies></profile></profiles>"
    assert only(pom(more=profiles)).groups == ("profile cloud",)


def test_plugins_of_the_build_are_no_dependencies() -> None:
    build = f"<build><plugins><plugin><dependencies>{dependency('1')}</dependencies></plugin></plugins></build>"
    assert found_in(pom(more=build)).packages == ()


@pytest.mark.parametrize("missing", ["groupId", "artifactId"])
def test_a_dependency_without_a_whole_name_is_said_with_its_line(missing: str) -> None:
    found = found_in("\n" + pom(dependency("1", **{missing: ""})))
    assert found.packages == ()
    assert [(note.code, note.where) for note in found.notes] == [("shape", "line 2")]


@pytest.mark.parametrize("text", ["<html/>", '<project xmlns="urn:x"/>', "<bom/>"])
def test_another_kind_of_xml_is_unsupported(text: str) -> None:
    found = read("pom.xml", text.encode())
    assert isinstance(found, Unreadable)
    assert found.code == "unsupported"


@pytest.mark.parametrize("name", ["pom.xml", "tides-1.4.0.pom", "service/pom.xml", "parent-pom.xml"])
def test_it_is_known_by_its_names(name: str) -> None:
    found = reader_for(name, b"")
    assert found is not None
    assert found.name == "pom"


def test_parents_are_followed_up_to_their_limit() -> None:
    def above(levels: int) -> Beside:
        """A file `levels` parents up that holds the property; each of the others names the next one."""
        files = {
            f"{level}.xml": pom(more=own(f"p{level}") + parent(f"{level + 1}.xml", name=f"p{level + 1}")) for level in range(1, levels)
        }
        files[f"{levels}.xml"] = pom(more=own(f"p{levels}"), v="4")
        return lambda name: files[name].encode() if name in files else None

    text = pom(dependency("${v}"), more=parent("1.xml", name="p1"))
    assert only(text, above(limits.MAX_PARENTS)).version == "4"
    assert found_in(text, above(limits.MAX_PARENTS + 1)).packages[0].version == ""
