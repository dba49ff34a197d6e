"""The younger lockfiles of Python: Pipfile.lock, pdm.lock and pylock.toml."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies.packages import Beside, Inventory, Package, Unreadable, nothing_beside
from watchbill.engines.dependencies.reading import read, reader_for


def inventory(filename: str, text: str, beside: Beside = nothing_beside) -> Inventory:
    found = read(filename, text.encode(), beside)
    assert isinstance(found, Inventory), found
    return found


def refused(filename: str, text: str) -> Unreadable:
    found = read(filename, text.encode())
    assert isinstance(found, Unreadable), found
    return found


class TestPipfile:
    def read(self, beside: Beside = nothing_beside, **categories: Any) -> Inventory:
        return inventory("Pipfile.lock", json.dumps({"_meta": {"pipfile-spec": 6}, **categories}), beside)

    @pytest.mark.parametrize(("wanted", "version"), [("==2.1.1", "2.1.1"), ("===2.1.1", "2.1.1"), ("== 2.1.1", "2.1.1")])
    def test_a_pinned_package_has_its_version(self, wanted: str, version: str) -> None:
        (package,) = self.read(default={"a": {"version": wanted}}).packages
        assert (package.name, package.version) == ("a", version)

    @pytest.mark.parametrize(("category", "groups"), [("default", ()), ("develop", ("dev",)), ("docs", ("docs",))])
    def test_a_category_is_a_group(self, category: str, groups: tuple[str, ...]) -> None:
        (package,) = self.read(**{category: {"a": {"version": "==1"}}}).packages
        assert package.groups == groups

    def test_a_package_that_production_needs_too_is_in_no_group(self) -> None:
        (package,) = self.read(develop={"a": {"version": "==1"}}, default={"A": {"version": "==1"}}).packages
        assert package.groups == ()

    @pytest.mark.parametrize(
        "entry",
        [
            {"git": "https://git.registry.example/a.git", "ref": "0a"},
            {"hg": "https://hg.registry.example/a"},
            {"file": "https://registry.example/a-1.0.whl"},
            {"path": "./vendor/a-1.0-py3-none-any.whl"},
        ],
    )
    def test_what_comes_from_an_address_is_a_note(self, entry: dict[str, Any]) -> None:
        found = self.read(default={"a": entry})
        assert found.packages == ()
        assert [(note.code, note.where) for note in found.notes] == [("unsupported", "default, a")]

    def test_a_folder_is_own_code(self) -> None:
        found = self.read(default={"a": {"path": ".", "editable": True}})
        assert (found.packages, found.notes) == ((), ())

    @pytest.mark.parametrize("entry", [None, 1, "==1", [], {}, {"version": 1}, {"version": "*"}, {"version": "", "git": 1}])
    def test_a_package_without_version_is_a_note(self, entry: Any) -> None:
        found = self.read(default={"a": entry, "b": {"version": "==1"}})
        assert [package.name for package in found.packages] == ["b"]
        assert [(note.code, note.where) for note in found.notes] == [("shape", "default, a")]

    @pytest.mark.parametrize("text", ['{"default": []}', '{"default": {}, "develop": 1}', '{"hello": {}}', '{"_meta": {}, "x": null}'])
    def test_another_shape_is_refused(self, text: str) -> None:
        assert refused("Pipfile.lock", text).code == "shape"

    @pytest.mark.parametrize("text", ["", "\n", "{}"])
    def test_a_file_that_locks_nothing_holds_no_packages(self, text: str) -> None:
        assert inventory("Pipfile.lock", text).packages == ()

    def test_the_pipfile_beside_it_says_who_is_direct(self) -> None:
        pipfile = b'[packages]\nFoo_Bar = "*"\n[dev-packages]\nb = "*"\n[scripts]\nc = "run"\n'
        locked = {name: {"version": "==1"} for name in ("foo-bar", "b", "c")}
        found = self.read(lambda name: pipfile if name == "Pipfile" else None, default=locked)
        assert [package.direct for package in found.packages] == [True, True, False]

    @pytest.mark.parametrize("data", [None, b"[", b"\xff"])
    def test_without_a_readable_pipfile_nothing_is_said_about_who_asked(self, data: bytes | None) -> None:
        (package,) = self.read(lambda name: data, default={"a": {"version": "==1"}}).packages
        assert package.direct is None

    def test_its_content_tells_it_minified_too(self) -> None:
        found = reader_for("upload", b'{"_meta":{"hash":{"sha256":"0a"},"pipfile-spec":6},"default":{},"develop":{}}')
        assert found is not None
        assert found.name == "pipfile"


def by_name(filename: str, text: str, beside: Beside = nothing_beside) -> dict[str, Package]:
    return {package.name: package for package in inventory(filename, text, beside).packages}


def pyproject(text: str) -> Beside:
    return lambda name: text.encode() if name == "pyproject.toml" else None


class TestPdm:
    def read(self, *entries: str, beside: Beside = nothing_beside) -> dict[str, Package]:
        return by_name("pdm.lock", "".join(f"[[package]]\n{entry}\n" for entry in entries), beside)

    @pytest.mark.parametrize(
        ("entry", "groups"),
        [("", ()), ('groups = ["default"]', ()), ('groups = ["lint", "test"]', ("lint", "test")), ('groups = ["test", "default"]', ())],
    )
    def test_groups_are_those_other_than_default(self, entry: str, groups: tuple[str, ...]) -> None:
        assert self.read(f'name = "a"\nversion = "1"\n{entry}')["a"].groups == groups

    @pytest.mark.parametrize("path", [".", "./kit", "../kit"])
    def test_a_folder_of_the_project_is_own_code(self, path: str) -> None:
        assert self.read(f'name = "a"\nversion = "1"\npath = "{path}"') == {}

    @pytest.mark.parametrize(
        "source",
        ['path = "./a-1.0.whl"', 'git = "https://git.registry.example/a"\nrevision = "0a"', 'url = "https://registry.example/a.zip"'],
    )
    def test_other_sources_are_dependencies_like_any(self, source: str) -> None:
        assert self.read(f'name = "a"\nversion = "1"\n{source}')["a"].version == "1"

    def test_a_package_and_its_extras_are_one(self) -> None:
        extra = 'name = "a"\nversion = "1"\nextras = ["x"]\ndependencies = ["a==1", "b"]'
        found = self.read('name = "a"\nversion = "1"', extra, 'name = "b"\nversion = "1"')
        assert list(found) == ["a", "b"]
        assert (found["a"].direct, found["b"].path) == (True, ("a@1",))

    @pytest.mark.parametrize("version", ["2", "3.1", "4.0.1", "4.5.0"])
    def test_every_version_of_the_format_is_read(self, version: str) -> None:
        assert inventory("pdm.lock", f'[metadata]\nlock_version = "{version}"\n').packages == ()

    def test_a_version_of_the_format_to_come_is_unsupported(self) -> None:
        assert refused("pdm.lock", '[metadata]\nlock_version = "5.0"\n').code == "unsupported"

    def test_a_package_without_version_is_a_note(self) -> None:
        found = inventory("pdm.lock", '[[package]]\nname = "a"\n')
        assert [(note.code, note.where) for note in found.notes] == [("shape", "package 1")]

    def test_the_checksum_of_older_files_stands_beside_the_packages(self) -> None:
        text = '[[package]]\nname = "a"\nversion = "1"\n[metadata.files]\n"a 1" = [{file = "a.whl", hash = "sha256:aa"}]\n'
        assert by_name("pdm.lock", text)["a"].integrity == "sha256:aa"

    def test_what_is_needed_on_some_platforms_only_is_needed(self) -> None:
        found = self.read(
            'name = "a"\nversion = "1"\ndependencies = ["Foo_Bar[x]>=1; sys_platform == \'win32\'"]', 'name = "foo-bar"\nversion = "2"'
        )
        assert found["foo-bar"].path == ("a@1",)


class TestPylock:
    def read(self, *entries: str, beside: Beside = nothing_beside) -> dict[str, Package]:
        return by_name("pylock.toml", 'lock-version = "1.0"\n' + "".join(f"[[packages]]\n{entry}\n" for entry in entries), beside)

    def test_a_folder_is_own_code(self) -> None:
        assert self.read('name = "a"\ndirectory = { path = "." }') == {}

    @pytest.mark.parametrize(
        ("entry", "bound"),
        [
            ('vcs = { url = "https://git.registry.example/a", commit-id = "0a" }', "https://git.registry.example/a@0a"),
            ('vcs = { path = "../a", commit-id = "0a" }', "../a@0a"),
            ('archive = { url = "https://registry.example/a.zip" }', "https://registry.example/a.zip"),
            ('archive = { path = "a.zip" }', "a.zip"),
        ],
    )
    def test_a_package_without_version_is_kept_with_where_it_came_from(self, entry: str, bound: str) -> None:
        package = self.read(f'name = "a"\n{entry}')["a"]
        assert (package.version, package.bound) == ("", bound)

    @pytest.mark.parametrize(
        ("marker", "groups"),
        [
            ("", ()),
            ("python_version < '3.12'", ()),
            ("'dev' in dependency_groups", ("dev",)),
            ('"dev" in dependency_groups', ("dev",)),
            ("'dev' in dependency_groups or 'docs' in dependency_groups", ("dev", "docs")),
            ("'dev' in dependency_groups and os_name == 'nt'", ("dev",)),
            ("'maps' in extras", ("optional",)),
            ("'dev' in dependency_groups or os_name == 'nt'", ()),
            ("'dev' not in dependency_groups", ()),
            ("x" * 5_000 + " 'dev' in dependency_groups", ()),
        ],
    )
    def test_groups_are_those_without_which_the_marker_fails(self, marker: str, groups: tuple[str, ...]) -> None:
        assert self.read(f'name = "a"\nversion = "1"\nmarker = {json.dumps(marker)}')["a"].groups == groups

    def test_without_needs_and_project_nothing_is_said_about_who_asked(self) -> None:
        assert self.read('name = "a"\nversion = "1"')["a"].direct is None

    def test_without_a_project_a_package_that_none_needs_is_direct(self) -> None:
        found = self.read('name = "a"\nversion = "1"\ndependencies = [{ name = "B" }]', 'name = "b"\nversion = "2"')
        assert [(found[name].direct, found[name].path) for name in "ab"] == [(True, ()), (None, ("a@1",))]

    def test_the_project_beside_it_says_who_is_direct(self) -> None:
        found = self.read(
            'name = "a"\nversion = "1"\ndependencies = [{ name = "b" }]',
            'name = "b"\nversion = "2"',
            beside=pyproject('[project]\ndependencies = ["a"]\n'),
        )
        assert [found[name].direct for name in "ab"] == [True, False]

    def test_the_checksum_is_that_of_the_source_or_else_of_a_wheel(self) -> None:
        wheel = 'wheels = [{ hashes = { sha256 = "ww" } }]'
        source = 'sdist = { hashes = { sha256 = "ss" } }'
        assert self.read(f'name = "a"\nversion = "1"\n{wheel}')["a"].integrity == "sha256:ww"
        assert self.read(f'name = "a"\nversion = "1"\n{wheel}\n{source}')["a"].integrity == "sha256:ss"

    @pytest.mark.parametrize("text", ['lock-version = "2.0"\n', "a = 1\n", "lock-version = 1\n"])
    def test_another_version_of_the_format_is_unsupported(self, text: str) -> None:
        assert refused("pylock.toml", text).code == "unsupported"

    def test_a_package_without_a_name_is_a_note(self) -> None:
        found = inventory("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nversion = "1"\n')
        assert [(note.code, note.where) for note in found.notes] == [("shape", "package 1")]

    @pytest.mark.parametrize("name", ["pylock.toml", "pylock.dev.toml", "web/pylock.docs.toml"])
    def test_it_is_known_by_all_its_names(self, name: str) -> None:
        found = reader_for(name, b"")
        assert found is not None
        assert found.name == "pylock"


PROJECTS = [
    ("[project]\ndependencies = [\"Foo_Bar[x]>=1; os_name == 'nt'\"]\n", ()),
    ('[project.optional-dependencies]\nx = ["foo-bar @ https://registry.example/a.zip"]\n', ("optional",)),
    ('[dependency-groups]\ntest = ["foo.bar", {include-group = "docs"}]\n', ("test",)),
    ('[tool.pdm.dev-dependencies]\ntest = ["foo-bar"]\n', ("test",)),
    ('[tool.poetry.dependencies]\npython = "^3.11"\nFoo-Bar = "*"\n', ()),
    ("[tool.poetry.dependencies]\nfoo-bar = { version = '*', optional = true }\n", ("optional",)),
    ('[tool.poetry.dev-dependencies]\nfoo-bar = "*"\n', ("dev",)),
    ('[tool.poetry.group.docs.dependencies]\nfoo-bar = "*"\n', ("docs",)),
    ('[project]\ndynamic = ["dependencies"]\n[tool.poetry.dependencies]\nfoo-bar = "*"\n', ()),
]


class TestTheProjectBeside:
    LOCK = (
        '[[package]]\nname = "foo-bar"\nversion = "1"\n[package.dependencies]\nb = "*"\n'
        '[[package]]\nname = "b"\nversion = "2"\n[package.dependencies]\nC = [{version = ">1"}, {version = "<1"}]\n'
        '[[package]]\nname = "c"\nversion = "3"\n[[package]]\nname = "c"\nversion = "4"\n[package.dependencies]\nd = "*"\n'
        '[[package]]\nname = "d"\nversion = "5"\n'
    )

    @pytest.mark.parametrize(("project", "groups"), PROJECTS)
    def test_it_says_who_is_direct_in_every_notation(self, project: str, groups: tuple[str, ...]) -> None:
        found = by_name("poetry.lock", self.LOCK, pyproject(project))
        assert [found[name].direct for name in ("foo-bar", "b", "d")] == [True, False, False]
        assert {package.groups for package in found.values()} == {groups}

    def test_the_way_leads_from_the_direct_package_to_the_parent(self) -> None:
        found = by_name("poetry.lock", self.LOCK, pyproject(PROJECTS[0][0]))
        assert found["c"].path == ("foo-bar@1", "b@2")

    def test_a_step_that_stands_there_in_several_versions_is_named_without_one(self) -> None:
        found = by_name("poetry.lock", self.LOCK, pyproject(PROJECTS[0][0]))
        assert found["d"].path == ("foo-bar@1", "b@2", "c")

    @pytest.mark.parametrize(
        "project", ["", "[", "[project]\nname = 'me'\n", '[project]\ndynamic = ["dependencies"]\n', "[tool]\npoetry = 1\n"]
    )
    def test_without_a_word_of_it_a_package_that_none_needs_is_direct(self, project: str) -> None:
        found = by_name("poetry.lock", self.LOCK, pyproject(project))
        assert [found[name].direct for name in ("foo-bar", "b", "d")] == [True, None, None]

    def test_what_a_folder_of_the_project_asks_for_is_direct_and_the_folder_no_step(self) -> None:
        kit = '[[package]]\nname = "kit"\nversion = "0"\n[package.dependencies]\nfoo-bar = "*"\n[package.source]\ntype = "directory"\n'
        found = by_name("poetry.lock", self.LOCK + kit, pyproject('[project]\ndependencies = ["kit"]\n'))
        assert (found["foo-bar"].direct, found["b"].path) == (True, ("foo-bar@1",))

    def test_many_versions_of_a_name_that_need_each_other_end(self) -> None:
        text = "".join(f'[[package]]\nname = "a"\nversion = "{number}"\n[package.dependencies]\na = "*"\n' for number in range(3_000))
        assert len(inventory("poetry.lock", text).packages) == 3_000
