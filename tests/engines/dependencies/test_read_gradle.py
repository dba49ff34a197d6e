"""Gradle's lockfiles and its verification metadata."""

import pytest

from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for

HEADER = "# This is a Gradle generated file for dependency locking.\n"


def found_in(text: str, name: str = "gradle.lockfile") -> Inventory:
    found = read(name, text.encode())
    assert isinstance(found, Inventory), found
    return found


def only(text: str, name: str = "gradle.lockfile") -> Package:
    (package,) = found_in(text, name).packages
    return package


def verified(artifacts: str) -> str:
    component = f'<component group="org.x" name="y" version="1.0">{artifacts}</component>'
    return f"<verification-metadata><components>{component}</components></verification-metadata>"


class TestLockfile:
    def test_a_module_has_its_name_version_and_purl(self) -> None:
        package = only("org.x:y:1.0=runtimeClasspath\n")
        assert (package.ecosystem, package.name, package.version, package.purl) == ("Maven", "org.x:y", "1.0", "pkg:maven/org.x/y@1.0")

    @pytest.mark.parametrize(
        ("configurations", "groups"),
        [
            ("compileClasspath", ()),
            ("compileClasspath,testCompileClasspath", ()),
            ("testCompileClasspath,testRuntimeClasspath", ("test",)),
            ("integrationTestRuntimeClasspath", ("test",)),
            ("latestClasspath", ()),
            ("", ()),
        ],
    )
    def test_what_only_tests_use_is_in_that_group(self, configurations: str, groups: tuple[str, ...]) -> None:
        assert only(f"org.x:y:1.0={configurations}\n").groups == groups

    def test_what_the_build_script_uses_is_in_the_group_of_the_build(self) -> None:
        assert only("org.x:y:1.0=classpath\n", "app/buildscript-gradle.lockfile").groups == ("build",)

    @pytest.mark.parametrize(("name", "groups"), [("compileClasspath", ()), ("testCompileClasspath", ("test",))])
    def test_the_older_file_is_named_for_its_configuration(self, name: str, groups: tuple[str, ...]) -> None:
        package = only("org.x:y:1.0\n", f"gradle/dependency-locks/{name}.lockfile")
        assert (package.version, package.groups) == ("1.0", groups)

    @pytest.mark.parametrize("text", ["", HEADER, HEADER + "empty=\n", "empty=compileClasspath,runtimeClasspath\n", "\n  \n"])
    def test_a_lock_of_nothing_names_no_module(self, text: str) -> None:
        assert found_in(text).packages == ()

    @pytest.mark.parametrize(
        "line", ["org.x:y=compileClasspath", "nonsense", "a:b:c:d=x", ":y:1=x", "org.x::1=x", "org.x:y:=x", "a:b:1 = x"]
    )
    def test_a_line_that_names_no_module_is_said_with_its_place(self, line: str) -> None:
        found = found_in(f"{HEADER}{line}\norg.x:y:1.0=a\n")
        assert [package.name for package in found.packages] == ["org.x:y"]
        assert [(note.code, note.where) for note in found.notes] == [("shape", "line 2")]

    def test_nothing_is_said_about_who_asked(self) -> None:
        assert only("org.x:y:1.0=a\n").direct is None

    @pytest.mark.parametrize(
        "name",
        ["gradle.lockfile", "buildscript-gradle.lockfile", "app/gradle.lockfile", "gradle/dependency-locks/compileClasspath.lockfile"],
    )
    def test_it_is_known_by_its_names(self, name: str) -> None:
        found = reader_for(name, b"")
        assert found is not None
        assert found.name == "gradle"

    def test_it_is_known_by_a_line_without_the_header(self) -> None:
        found = reader_for("x", b"org.x:y:1.0=runtimeClasspath,testRuntimeClasspath\n")
        assert found is not None
        assert found.name == "gradle"


class TestVerification:
    name = "verification-metadata.xml"

    def test_the_checksum_is_that_of_the_module_s_own_archive(self) -> None:
        artifacts = "".join(
            f'<artifact name="{name}"><sha256 value="{value}"/></artifact>'
            for name, value in [("y-1.0.pom", "00"), ("y-1.0-sources.jar", "11"), ("y-1.0.jar", "22")]
        )
        text = verified(artifacts)
        package = only(text, self.name)
        assert (package.name, package.version, package.integrity) == ("org.x:y", "1.0", "sha256:22")

    @pytest.mark.parametrize(
        "artifacts",
        ["", '<artifact name="y-1.0.pom"><sha256 value="00"/></artifact>', "<artifact/>", '<artifact name="y.jar"><pgp/></artifact>'],
    )
    def test_without_such_an_archive_there_is_none(self, artifacts: str) -> None:
        text = verified(artifacts)
        assert only(text, self.name).integrity == ""

    @pytest.mark.parametrize("attributes", ['name="y" version="1"', 'group="x" version="1"', 'group="x" name="y"', ""])
    def test_a_component_that_names_no_module_is_said_with_its_line(self, attributes: str) -> None:
        found = found_in(f"<verification-metadata><components>\n<component {attributes}/></components></verification-metadata>", self.name)
        assert found.packages == ()
        assert [(note.code, note.where) for note in found.notes] == [("shape", "line 2")]

    def test_another_kind_of_xml_is_unsupported(self) -> None:
        found = read(self.name, b"<project/>")
        assert isinstance(found, Unreadable)
        assert found.code == "unsupported"

    def test_trusted_keys_and_artifacts_are_no_modules(self) -> None:
        inner = '<configuration><components><component group="a" name="b" version="1"/></components></configuration>'
        assert found_in(f"<verification-metadata>{inner}</verification-metadata>", self.name).packages == ()
