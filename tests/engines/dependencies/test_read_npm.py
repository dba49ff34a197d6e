"""The three lockfiles of npm's registry: package-lock.json, yarn.lock and pnpm-lock.yaml."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.reading import read


def read_npm(**document: Any) -> Inventory:
    found = read("package-lock.json", json.dumps({"lockfileVersion": 3, **document}).encode())
    assert isinstance(found, Inventory), found
    return found


def read_yarn(text: str) -> Inventory:
    found = read("yarn.lock", ("# yarn lockfile v1\n\n" + text).encode())
    assert isinstance(found, Inventory), found
    return found


def read_pnpm(text: str) -> Inventory:
    found = read("pnpm-lock.yaml", text.encode())
    assert isinstance(found, Inventory), found
    return found


def refused(filename: str, text: str) -> Unreadable:
    found = read(filename, text.encode())
    assert isinstance(found, Unreadable), found
    return found


def named(found: Inventory) -> list[tuple[str, str]]:
    return [(package.name, package.version) for package in found.packages]


class TestPackageLock:
    def test_the_name_is_what_follows_the_last_node_modules(self) -> None:
        found = read_npm(packages={"node_modules/a/node_modules/@s/b": {"version": "1.0.0"}})
        assert named(found) == [("@s/b", "1.0.0")]

    def test_an_alias_counts_as_what_it_stands_for(self) -> None:
        assert named(read_npm(packages={"node_modules/alias": {"name": "real", "version": "1.0.0"}})) == [("real", "1.0.0")]

    def test_an_alias_of_version_1_counts_as_what_it_stands_for(self) -> None:
        assert named(read_npm(dependencies={"alias": {"version": "npm:@s/real@1.0.0"}})) == [("@s/real", "1.0.0")]

    @pytest.mark.parametrize("entry", [{"resolved": "packages/map", "link": True}, {"version": "1.0.0", "link": True}])
    def test_a_link_is_own_code(self, entry: dict[str, Any]) -> None:
        assert named(read_npm(packages={"node_modules/map": entry})) == []

    def test_a_workspace_folder_is_own_code(self) -> None:
        assert named(read_npm(packages={"": {"version": "1.0.0"}, "packages/map": {"version": "1.0.0"}})) == []

    def test_packages_go_before_dependencies(self) -> None:
        found = read_npm(packages={"node_modules/a": {"version": "2.0.0"}}, dependencies={"a": {"version": "1.0.0"}})
        assert named(found) == [("a", "2.0.0")]

    @pytest.mark.parametrize(
        ("marks", "groups"),
        [
            ({}, ()),
            ({"dev": True}, ("dev",)),
            ({"optional": True}, ("optional",)),
            ({"devOptional": True}, ("dev", "optional")),
            ({"dev": True, "optional": True}, ("dev", "optional")),
            ({"inBundle": True}, ("bundled",)),
            ({"peer": True}, ()),
            ({"dev": "yes"}, ()),
        ],
    )
    def test_groups_come_from_the_marks(self, marks: dict[str, Any], groups: tuple[str, ...]) -> None:
        (package,) = read_npm(packages={"node_modules/a": {"version": "1.0.0", **marks}}).packages
        assert package.groups == groups

    def test_a_package_that_production_needs_too_is_in_no_group(self) -> None:
        places = {"node_modules/a": {"version": "1.0.0", "dev": True}, "node_modules/b/node_modules/a": {"version": "1.0.0"}}
        (package,) = read_npm(packages=places).packages
        assert (package.groups, package.place) == ((), "node_modules/a")

    @pytest.mark.parametrize("kind", ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"])
    def test_what_the_project_asks_for_is_direct(self, kind: str) -> None:
        found = read_npm(packages={"": {kind: {"a": "^1"}}, "node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "1.0.0"}})
        assert [package.direct for package in found.packages] == [True, False]

    def test_the_same_name_deeper_down_is_not_direct(self) -> None:
        places = {
            "": {"dependencies": {"a": "^1"}},
            "node_modules/a": {"version": "1.0.0"},
            "node_modules/b/node_modules/a": {"version": "2.0.0"},
        }
        assert [package.direct for package in read_npm(packages=places).packages] == [True, False]

    def test_what_a_workspace_asks_for_is_direct_beside_it_or_at_the_top(self) -> None:
        places = {
            "packages/map": {"dependencies": {"a": "^1", "b": "^1"}},
            "packages/map/node_modules/a": {"version": "1.0.0"},
            "node_modules/b": {"version": "1.0.0"},
        }
        assert [package.direct for package in read_npm(packages=places).packages] == [True, True]

    @pytest.mark.parametrize(
        "version", ["file:deps/x", "git+ssh://git@git.registry.example/x.git#0a", "https://registry.example/x-1.0.0.tgz", "latest"]
    )
    def test_what_is_no_version_is_kept_as_a_bound(self, version: str) -> None:
        (package,) = read_npm(dependencies={"x": {"version": version}}).packages
        assert (package.version, package.bound) == ("", version)

    def test_a_package_without_version_is_kept_with_where_it_came_from(self) -> None:
        (package,) = read_npm(packages={"node_modules/x": {"resolved": "git+ssh://git.registry.example/x.git"}}).packages
        assert (package.version, package.bound) == ("", "git+ssh://git.registry.example/x.git")

    def test_the_first_checksum_is_the_integrity(self) -> None:
        (package,) = read_npm(packages={"node_modules/x": {"version": "1.0.0", "integrity": "sha512-aa sha1-bb"}}).packages
        assert package.integrity == "sha512-aa"

    def test_dependencies_inside_dependencies_are_read_at_any_depth(self) -> None:
        tree: dict[str, Any] = {"version": "1.0.0"}
        for depth in range(80):
            tree = {"version": f"1.0.{depth}", "dependencies": {"a": tree}}
        assert len(read_npm(dependencies={"a": tree}).packages) == 80

    @pytest.mark.parametrize("wild", [None, 1, "x", [], True])
    def test_a_package_that_is_no_object_is_a_note(self, wild: Any) -> None:
        found = read_npm(packages={"node_modules/a": wild, "node_modules/b": {"version": "1.0.0"}})
        assert named(found) == [("b", "1.0.0")]
        assert [(note.code, note.where) for note in found.notes] == [("shape", "node_modules/a")]

    @pytest.mark.parametrize("document", [{"packages": []}, {"dependencies": "x"}, {"packages": None}])
    def test_packages_that_are_no_object_refuse_the_file(self, document: dict[str, Any]) -> None:
        assert refused("package-lock.json", json.dumps({"lockfileVersion": 3, **document})).code == "shape"

    @pytest.mark.parametrize(
        "name", ["npm-shrinkwrap.json", ".package-lock.json", "web/package-lock.json", "C:\\web\\package-lock.json", "PACKAGE-LOCK.JSON"]
    )
    def test_it_is_known_by_its_other_names(self, name: str) -> None:
        assert isinstance(read(name, b'{"lockfileVersion": 3}'), Inventory)


class TestYarn:
    @pytest.mark.parametrize(
        ("spec", "name"),
        [
            ("a@^1", "a"),
            ('"@s/a@^1"', "@s/a"),
            ('"a@>= 1.0, < 2"', "a"),
            ("a@^1, a@^1.2", "a"),
            ('"@s/a@^1", "@s/a@^2"', "@s/a"),
            ("a", "a"),
            ('"alias@npm:real@^1"', "real"),
            ('"alias@npm:@s/real@^1"', "@s/real"),
            ('"a@git+ssh://git@git.registry.example/a.git"', "a"),
            ('"a@file:./vendor/a.tgz"', "a"),
        ],
    )
    def test_the_name_is_that_of_the_first_specifier(self, spec: str, name: str) -> None:
        assert named(read_yarn(f'{spec}:\n  version "1.0.0"\n')) == [(name, "1.0.0")]

    @pytest.mark.parametrize("spec", ['"a@link:./a"', '"a@file:../a"', '"a@./a"', '"a@/srv/a"'])
    def test_a_folder_is_own_code(self, spec: str) -> None:
        assert named(read_yarn(f'{spec}:\n  version "1.0.0"\n')) == []

    def test_a_dependency_named_version_is_no_version(self) -> None:
        assert named(read_yarn('a@^1:\n  version "1.0.0"\n  dependencies:\n    version "2.0.0"\n')) == [("a", "1.0.0")]

    def test_the_checksum_is_that_of_the_archive_where_no_other_is_given(self) -> None:
        (package,) = read_yarn(f'a@^1:\n  version "1.0.0"\n  resolved "https://registry.example/a.tgz#{"ab" * 20}"\n').packages
        assert package.integrity == "sha1:" + "ab" * 20

    def test_a_commit_is_no_checksum(self) -> None:
        (package,) = read_yarn(f'a@^1:\n  version "1.0.0"\n  resolved "https://git.registry.example/a.git#{"ab" * 20}"\n').packages
        assert package.integrity == ""

    def test_a_block_cut_off_before_its_version_is_a_note(self) -> None:
        found = read_yarn('a@^1:\n  version "1.0.0"\n\nb@^1:\n')
        assert named(found) == [("a", "1.0.0")]
        assert [(note.code, note.where) for note in found.notes] == [("truncated", "line 6")]

    @pytest.mark.parametrize("text", ["nonsense\n", "  version 1\n", ":\n", '""\n', "<html>\n"])
    def test_another_text_is_refused(self, text: str) -> None:
        assert refused("yarn.lock", text).code == "syntax"


class TestYarnBerry:
    def read(self, text: str, version: str = "8") -> Inventory:
        found = read("yarn.lock", f"__metadata:\n  version: {version}\n\n{text}".encode())
        assert isinstance(found, Inventory), found
        return found

    @pytest.mark.parametrize("version", ["4", "5", "6", "7", "8", "9", "8.1"])
    def test_every_version_of_the_format_is_read(self, version: str) -> None:
        found = self.read('"a@npm:^1":\n  version: 1.10\n  resolution: "a@npm:1.10"\n', version)
        assert named(found) == [("a", "1.10")]

    @pytest.mark.parametrize("version", ["10", "0", "x", "''", "[8]", "8.9999999999", "８"])
    def test_a_version_of_the_format_to_come_is_unsupported(self, version: str) -> None:
        found = refused("yarn.lock", f"__metadata:\n  version: {version}\n")
        assert (found.code, found.where) == ("unsupported", "__metadata")

    @pytest.mark.parametrize(
        ("resolution", "name"),
        [
            ("a@npm:1.0.0", "a"),
            ("@s/a@npm:1.0.0", "@s/a"),
            ("alias@npm:real@1.0.0", "real"),
            ("alias@npm:@s/real@1.0.0", "@s/real"),
            ("a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fa%40s.tgz", "a"),
            ("a@patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch::version=1.0.0&hash=0a", "a"),
            ("@s/a@patch:@s/a@npm%3A1.0.0#optional!builtin<compat/a>::version=1.0.0&hash=0a", "@s/a"),
            ("a@https://git.registry.example/a.git#commit=0a", "a"),
            ("a@git@git.registry.example:s/a.git#commit=0a", "a"),
            ("a@https://registry.example/a.tgz", "a"),
            ("a@file:../a#../a::hash=0a&locator=me%40workspace%3A.", "a"),
            ("a@exec:./make.js#./make.js::hash=0a&locator=me%40workspace%3A.", "a"),
        ],
    )
    def test_the_name_is_that_of_the_resolution(self, resolution: str, name: str) -> None:
        assert named(self.read(f'"key@any":\n  version: 1.0.0\n  resolution: "{resolution}"\n')) == [(name, "1.0.0")]

    @pytest.mark.parametrize("wanted", ["workspace:.", "workspace:packages/map", "link:./a", "portal:../a"])
    def test_what_is_linked_in_place_is_own_code(self, wanted: str) -> None:
        assert named(self.read(f'"a@{wanted}":\n  version: 0.0.0-use.local\n  resolution: "a@{wanted}"\n')) == []

    def test_a_soft_link_of_a_kind_to_come_is_own_code(self) -> None:
        assert named(self.read('"a@x:y":\n  version: 1.0.0\n  resolution: "a@x:y"\n  linkType: soft\n')) == []

    def test_a_patched_package_counts_once(self) -> None:
        text = (
            '"a@npm:^1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n"a@patch:a@^1":\n  version: 1.0.0\n  resolution: "a@patch:a@1"\n'
        )
        assert named(self.read(text)) == [("a", "1.0.0")]

    def test_a_key_too_long_for_one_line_is_read(self) -> None:
        specs = ", ".join(f"a@npm:^1.{number}.0" for number in range(200))
        assert named(self.read(f'? "{specs}"\n: version: 1.300.0\n  resolution: "a@npm:1.300.0"\n')) == [("a", "1.300.0")]

    @pytest.mark.parametrize("entry", ["{}", "x", "[]", "{version: 1.0.0, resolution: a}", "{resolution: a@npm:1.0.0}"])
    def test_an_entry_that_is_no_package_is_a_note(self, entry: str) -> None:
        found = self.read(f"'a':\n  {entry}\n'b@npm:1':\n  version: 1.0.0\n  resolution: b@npm:1.0.0\n")
        assert named(found) == [("b", "1.0.0")]
        assert [(note.code, note.where) for note in found.notes] == [("shape", "a")]

    def test_the_checksum_is_the_integrity_as_written(self) -> None:
        (package,) = self.read('"a@npm:^1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n  checksum: 10c0/aa\n').packages
        assert package.integrity == "10c0/aa"

    def test_a_file_cut_off_is_refused(self) -> None:
        assert refused("yarn.lock", '__metadata:\n  version: 8\n\n"a@npm:^1').code == "truncated"


class TestPnpm:
    @pytest.mark.parametrize(
        ("version", "key", "name", "installed"),
        [
            ("5.3", "/a/1.0.0", "a", "1.0.0"),
            ("5.4", "/@s/a/1.0.0", "@s/a", "1.0.0"),
            ("5.4", "/a/1.0.0_b@2.0.0", "a", "1.0.0"),
            ("5.4", "/a/1.0.0_hv3rkyw5", "a", "1.0.0"),
            ("5.4", "registry.example/a/1.0.0", "a", "1.0.0"),
            ("5.4-inlineSpecifiers", "/a/1.0.0", "a", "1.0.0"),
            ("6.0", "/a@1.0.0", "a", "1.0.0"),
            ("6.0", "/@s/a@1.0.0(b@2.0.0)(@t/c@3.0.0)", "@s/a", "1.0.0"),
            ("6.0", "registry.example/@s/a@1.0.0", "@s/a", "1.0.0"),
            ("6.0", "/a@1.0.0-rc.1", "a", "1.0.0-rc.1"),
            ("9.0", "a@1.0.0", "a", "1.0.0"),
            ("9.0", "@s/a@1.0.0", "@s/a", "1.0.0"),
            ("9.0", "a@1.0.0(b@2.0.0)", "a", "1.0.0"),
        ],
    )
    def test_a_key_says_name_and_version(self, version: str, key: str, name: str, installed: str) -> None:
        assert named(read_pnpm(f"lockfileVersion: '{version}'\npackages:\n  '{key}':\n    dev: false\n")) == [(name, installed)]

    def test_what_an_entry_says_itself_goes_before_its_key(self) -> None:
        text = "lockfileVersion: 5.4\npackages:\n  git.registry.example/x/y/0a1b:\n    name: tides\n    version: 1.4.0\n"
        assert named(read_pnpm(text)) == [("tides", "1.4.0")]

    def test_a_repository_without_version_is_kept_with_where_it_came_from(self) -> None:
        (package,) = read_pnpm("lockfileVersion: '9.0'\npackages:\n  x@git+https://git.registry.example/x#0a: {}\n").packages
        assert (package.name, package.version, package.bound) == ("x", "", "git+https://git.registry.example/x#0a")

    def test_a_folder_is_own_code(self) -> None:
        text = "lockfileVersion: '9.0'\npackages:\n  x@file:x:\n    resolution: {directory: x, type: directory}\n"
        assert named(read_pnpm(text)) == []

    @pytest.mark.parametrize(
        ("version", "key"), [("5.3", "invalid"), ("5.3", "/a"), ("6.0", "/a"), ("6.0", "a@1.0.0"), ("9.0", "a"), ("5.3", "/a/b/1.0.0")]
    )
    def test_a_key_that_names_no_package_refuses_the_file(self, version: str, key: str) -> None:
        found = refused("pnpm-lock.yaml", f"lockfileVersion: '{version}'\npackages:\n  '{key}': {{}}\n")
        assert (found.code, found.where) == ("shape", key)

    @pytest.mark.parametrize("version", ["4.0", "3", "10.0", "x", "99999999999", "''", "[9]", "１"])
    def test_a_version_of_the_format_not_known_here_is_unsupported(self, version: str) -> None:
        assert refused("pnpm-lock.yaml", f"lockfileVersion: {version}\n").code == "unsupported"

    @pytest.mark.parametrize(
        "text",
        [
            "hello",
            "- a\n- b\n",
            "packages: {}\n",
            "lockfileVersion: '9.0'\npackages: [a]\n",
            "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: x\n",
        ],
    )
    def test_another_shape_is_refused(self, text: str) -> None:
        assert refused("pnpm-lock.yaml", text).code == "shape"

    def test_several_documents_are_all_read(self) -> None:
        text = "---\nlockfileVersion: '9.0'\npackages:\n  pnpm@10.0.0: {}\n---\nlockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n"
        assert named(read_pnpm(text)) == [("pnpm", "10.0.0"), ("a", "1.0.0")]

    @pytest.mark.parametrize(
        ("roots", "groups"),
        [
            ("devDependencies: {a: {version: 1.0.0}}", ("dev",)),
            ("dependencies: {a: {version: 1.0.0}}", ()),
            ("optionalDependencies: {a: {version: 1.0.0}}", ("optional",)),
            ("devDependencies: {b: {version: 1.0.0}}", ("dev",)),
            ("devDependencies: {b: {version: 1.0.0}}\n    dependencies: {a: {version: 1.0.0}}", ()),
        ],
    )
    def test_from_version_9_on_groups_follow_who_needs_it(self, roots: str, groups: tuple[str, ...]) -> None:
        text = (
            f"lockfileVersion: '9.0'\nimporters:\n  .:\n    {roots}\npackages:\n  a@1.0.0: {{}}\n  b@1.0.0: {{}}\n"
            "snapshots:\n  a@1.0.0: {}\n  b@1.0.0: {dependencies: {a: 1.0.0}}\n"
        )
        found: dict[str, Package] = {package.name: package for package in read_pnpm(text).packages}
        assert found["a"].groups == groups

    def test_packages_that_need_each_other_end(self) -> None:
        text = (
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    devDependencies: {a: {version: 1.0.0}}\n"
            "packages:\n  a@1.0.0: {}\n  b@1.0.0: {}\n"
            "snapshots:\n  a@1.0.0: {dependencies: {b: 1.0.0}}\n  b@1.0.0: {dependencies: {a: 1.0.0}}\n"
        )
        assert [package.groups for package in read_pnpm(text).packages] == [("dev",), ("dev",)]
