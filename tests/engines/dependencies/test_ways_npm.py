"""Who is direct and which way leads to the others, in the lockfiles of npm's registry."""

import json
from typing import Any

import pytest

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Beside, Inventory, Package, Unreadable, nothing_beside
from watchbill.engines.dependencies.reading import read


def read_npm(beside: Beside = nothing_beside, **document: Any) -> dict[str, Package]:
    return packages_of("package-lock.json", json.dumps({"lockfileVersion": 3, **document}), beside)


def packages_of(filename: str, text: str, beside: Beside = nothing_beside) -> dict[str, Package]:
    found = read(filename, text.encode(), beside)
    assert isinstance(found, Inventory), found
    return {package.name: package for package in found.packages}


def manifest(**asked: Any) -> Beside:
    """A package.json beside the lockfile."""
    return lambda name: json.dumps(asked).encode() if name == "package.json" else None


class TestPackageLock:
    def test_the_way_leads_from_the_direct_package_to_the_parent(self) -> None:
        places = {
            "": {"dependencies": {"a": "1"}},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}},
            "node_modules/b": {"version": "1.0.1", "dependencies": {"c": "1"}},
            "node_modules/c": {"version": "1.0.2"},
        }
        found = read_npm(packages=places)
        assert [found[name].path for name in "abc"] == [(), ("a@1.0.0",), ("a@1.0.0", "b@1.0.1")]

    def test_a_package_finds_what_is_inside_it_before_what_is_beside_it(self) -> None:
        places = {
            "": {"dependencies": {"a": "1", "b": "1"}},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "2"}},
            "node_modules/a/node_modules/b": {"version": "2.0.0", "dependencies": {"c": "1"}},
            "node_modules/b": {"version": "1.0.0"},
            "node_modules/c": {"version": "1.0.0"},
        }
        assert read_npm(packages=places)["c"].path == ("a@1.0.0", "b@2.0.0")

    def test_the_way_names_an_alias_as_what_it_stands_for(self) -> None:
        places = {
            "": {"dependencies": {"alias": "npm:real@1"}},
            "node_modules/alias": {"name": "real", "version": "1.0.0", "dependencies": {"b": "1"}},
            "node_modules/b": {"version": "1.0.0"},
        }
        assert read_npm(packages=places)["b"].path == ("real@1.0.0",)

    @pytest.mark.parametrize(("optional", "path"), [(True, ()), (False, ("a@1.0.0",))])
    def test_a_peer_that_can_be_missed_brings_nothing_in(self, optional: bool, path: tuple[str, ...]) -> None:
        meta = {"b": {"optional": optional}}
        places = {
            "": {"dependencies": {"a": "1"}},
            "node_modules/a": {"version": "1.0.0", "peerDependencies": {"b": "1"}, "peerDependenciesMeta": meta},
            "node_modules/b": {"version": "1.0.0"},
        }
        assert read_npm(packages=places)["b"].path == path

    def test_what_a_workspace_asks_for_begins_a_way(self) -> None:
        places = {
            "": {},
            "packages/map": {"dependencies": {"a": "1"}},
            "packages/map/node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}},
            "node_modules/b": {"version": "1.0.0"},
        }
        assert read_npm(packages=places)["b"].path == ("a@1.0.0",)

    def test_without_the_project_in_it_nothing_is_said_about_who_asked(self) -> None:
        assert read_npm(packages={"node_modules/a": {"version": "1.0.0"}})["a"].direct is None

    def test_packages_that_need_each_other_end(self) -> None:
        places = {
            "": {"dependencies": {"a": "1"}},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}},
            "node_modules/b": {"version": "1.0.0", "dependencies": {"a": "1"}},
        }
        found = read_npm(packages=places)
        assert (found["a"].path, found["b"].path) == ((), ("a@1.0.0",))

    @pytest.mark.parametrize("wild", [None, 1, "x", [], {"b": 1}])
    def test_needs_of_another_shape_bring_nothing_in(self, wild: Any) -> None:
        places = {"": {"dependencies": wild}, "node_modules/a": {"version": "1.0.0", "dependencies": wild, "peerDependenciesMeta": wild}}
        assert read_npm(packages=places)["a"].path == ()

    def test_a_place_of_a_thousand_folders_costs_no_time(self) -> None:
        deep = "node_modules/x/" * 5_000 + "node_modules/y"
        names = {f"n{number}": "1" for number in range(5_000)}
        found = read_npm(packages={"": {"dependencies": {"y": "1"}}, deep: {"version": "1.0.0", "dependencies": names}})
        assert found["y"].direct is False


class TestPackageLockOfVersion1:
    DEPENDENCIES = {
        "a": {"version": "1.0.0", "requires": {"b": "1", "c": "2"}, "dependencies": {"c": {"version": "2.0.0"}}},
        "b": {"version": "1.0.0", "requires": {"c": "1"}},
        "c": {"version": "1.0.0"},
    }

    def read(self, beside: Beside = nothing_beside, requires: bool = True) -> dict[tuple[str, str], Package]:
        document = {"lockfileVersion": 1, "requires": requires, "dependencies": self.DEPENDENCIES}
        found = read("package-lock.json", json.dumps(document).encode(), beside)
        assert isinstance(found, Inventory)
        return {(package.name, package.version): package for package in found.packages}

    def test_the_manifest_beside_it_says_who_is_direct(self) -> None:
        found = self.read(manifest(dependencies={"a": "1"}, devDependencies={"c": "1"}))
        assert [found[key].direct for key in (("a", "1.0.0"), ("b", "1.0.0"), ("c", "2.0.0"), ("c", "1.0.0"))] == [True, False, False, True]

    def test_alone_a_package_that_none_requires_is_direct_and_the_others_are_open(self) -> None:
        found = self.read()
        assert [package.direct for package in found.values()] == [True, None, None, None]

    def test_ways_go_through_what_is_required(self) -> None:
        found = self.read()
        assert found["c", "2.0.0"].path == ("a@1.0.0",)
        assert found["c", "1.0.0"].path == ("a@1.0.0", "b@1.0.0")

    def test_of_a_lockfile_that_wrote_down_no_needs_nothing_is_claimed(self) -> None:
        assert {package.direct for package in self.read(requires=False).values()} == {None}

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff"])
    def test_a_manifest_that_cannot_be_read_says_nothing(self, data: bytes) -> None:
        assert self.read(lambda name: data) == self.read()


class TestYarn1:
    TEXT = (
        '# yarn lockfile v1\n\na@^1:\n  version "1.0.0"\n  dependencies:\n    b "^1"\n    "@s/c" "^1.0.0 || ^2"\n\n'
        'b@^1, b@^1.5:\n  version "1.5.0"\n  optionalDependencies:\n    d ">= 1"\n\n"@s/c@^1.0.0 || ^2":\n  version "2.0.0"\n\n'
        '"d@>= 1":\n  version "1.0.0"\n'
    )

    def read(self, beside: Beside = nothing_beside) -> dict[str, Package]:
        return packages_of("yarn.lock", self.TEXT, beside)

    def test_the_manifest_beside_it_says_who_is_direct(self) -> None:
        found = self.read(manifest(dependencies={"a": "^1"}))
        assert {name: package.direct for name, package in found.items()} == {"a": True, "b": False, "@s/c": False, "d": False}

    def test_ways_go_through_what_each_package_needs(self) -> None:
        found = self.read(manifest(dependencies={"a": "^1"}))
        assert (found["@s/c"].path, found["d"].path) == (("a@1.0.0",), ("a@1.0.0", "b@1.5.0"))

    def test_the_manifest_says_what_is_for_developing(self) -> None:
        found = self.read(manifest(dependencies={"b": "^1.5"}, devDependencies={"a": "^1"}))
        assert {name: package.groups for name, package in found.items()} == {"a": ("dev",), "b": (), "@s/c": ("dev",), "d": ()}

    def test_alone_what_is_listed_under_words_that_no_package_asks_with_is_direct_and_the_others_are_open(self) -> None:
        found = self.read()
        assert {name: package.direct for name, package in found.items()} == {"a": True, "b": True, "@s/c": None, "d": None}
        assert found["d"].path == ("b@1.5.0",)

    def test_with_workspaces_of_which_nothing_is_known_the_others_stay_open(self) -> None:
        found = self.read(manifest(workspaces=["packages/*"], dependencies={"a": "^1"}, devDependencies={"@s/c": "^1.0.0 || ^2"}))
        assert {name: package.direct for name, package in found.items()} == {"a": True, "b": True, "@s/c": True, "d": None}
        assert {package.groups for package in found.values()} == {()}

    def test_words_of_other_parts_of_a_block_are_no_needs(self) -> None:
        text = '# yarn lockfile v1\n\na@^1:\n  version "1.0.0"\n  peerDependencies:\n    b "^1"\n\nb@^1:\n  version "1.0.0"\n'
        assert packages_of("yarn.lock", text)["b"].path == ()


class TestYarnBerry:
    TEXT = (
        '__metadata:\n  version: 8\n\n"a@npm:^1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n  dependencies:\n    b: "npm:^1"\n\n'
        '"b@npm:^1":\n  version: 1.5.0\n  resolution: "b@npm:1.5.0"\n  dependencies:\n    c: ^1\n\n'
        '"c@npm:^1":\n  version: 1.0.0\n  resolution: "c@npm:1.0.0"\n\n'
        '"me@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "me@workspace:."\n  dependencies:\n    a: "npm:^1"\n\n'
        '"map@workspace:packages/map":\n  version: 0.0.0-use.local\n  resolution: "map@workspace:packages/map"\n'
    )

    def read(self, text: str = TEXT, beside: Beside = nothing_beside) -> dict[str, Package]:
        return packages_of("yarn.lock", text, beside)

    def test_the_workspaces_say_who_is_direct_and_ways_begin_there(self) -> None:
        found = self.read()
        assert {name: package.direct for name, package in found.items()} == {"a": True, "b": False, "c": False}
        assert [found[name].path for name in "abc"] == [(), ("a@1.0.0",), ("a@1.0.0", "b@1.5.0")]

    def test_what_any_workspace_asks_for_is_direct(self) -> None:
        found = self.read(self.TEXT + "  dependencies:\n    c: ^1\n")
        assert (found["b"].direct, found["c"].direct) == (False, True)

    def test_a_need_that_the_project_forces_to_another_version_is_the_only_package_of_the_name(self) -> None:
        found = self.read(self.TEXT.replace('"b@npm:^1"', '"b@npm:1.5.0"'))
        assert found["b"].path == ("a@1.0.0",)

    def test_the_manifest_of_each_workspace_says_what_is_for_developing(self) -> None:
        manifests = {"package.json": {"devDependencies": {"a": "^1"}}, "packages/map/package.json": {"dependencies": {"c": "^1"}}}
        text = self.TEXT + "  dependencies:\n    c: ^1\n"
        found = self.read(text, lambda name: json.dumps(manifests[name]).encode())
        assert {name: package.groups for name, package in found.items()} == {"a": ("dev",), "b": ("dev",), "c": ()}

    def test_without_a_manifest_all_counts_as_needed_in_production(self) -> None:
        assert {package.groups for package in self.read().values()} == {()}

    def test_without_a_workspace_in_it_nothing_is_said_about_who_asked(self) -> None:
        found = self.read(self.TEXT.partition('"me@')[0])
        assert {package.direct for package in found.values()} == {None}

    def test_no_more_manifests_are_opened_than_the_limit(self) -> None:
        opened: list[str] = []
        workspaces = "".join(
            f'"w{n}@workspace:w{n}":\n  version: 0.0.0-use.local\n  resolution: "w{n}@workspace:w{n}"\n'
            for n in range(limits.MAX_INCLUDED_FILES + 5)
        )
        read("yarn.lock", f"__metadata:\n  version: 8\n\n{workspaces}".encode(), opened.append)
        assert len(opened) == limits.MAX_INCLUDED_FILES


class TestPnpm:
    def read(self, text: str) -> dict[str, Package]:
        return packages_of("pnpm-lock.yaml", text)

    @pytest.mark.parametrize(
        "text",
        [
            (
                "lockfileVersion: 5.4\ndependencies: {a: 1.0.0}\npackages:\n  /a/1.0.0: {dependencies: {b: 2.0.0_c@1.0.0}}\n"
                "  /b/2.0.0_c@1.0.0: {dependencies: {c: 1.0.0}}\n  /c/1.0.0: {dev: false}\n"
            ),
            (
                "lockfileVersion: 5.0\ndependencies: {a: 1.0.0}\npackages:\n  /a/1.0.0: {dependencies: {b: 2.0.0/c@1.0.0}}\n"
                "  /b/2.0.0/c@1.0.0: {dependencies: {c: 1.0.0}}\n  /c/1.0.0: {dev: false}\n"
            ),
            (
                "shrinkwrapVersion: 3\ndependencies: {a: 1.0.0}\npackages:\n  /a/1.0.0: {dependencies: {b: /b/2.0.0/c@1.0.0}}\n"
                "  /b/2.0.0/c@1.0.0: {dependencies: {c: 1.0.0}}\n  /c/1.0.0: {dev: false}\n"
            ),
            (
                "lockfileVersion: '6.0'\nimporters:\n  .: {dependencies: {a: {version: 1.0.0}}}\npackages:\n"
                "  /a@1.0.0: {dependencies: {b: 2.0.0(c@1.0.0)}}\n  /b@2.0.0(c@1.0.0): {optionalDependencies: {c: 1.0.0}}\n  /c@1.0.0: {}\n"
            ),
            (
                "lockfileVersion: '9.0'\nimporters:\n  .: {dependencies: {a: {version: 1.0.0}}}\npackages:\n  a@1.0.0: {}\n"
                "  b@2.0.0: {}\n  c@1.0.0: {}\nsnapshots:\n  a@1.0.0: {dependencies: {b: 2.0.0(c@1.0.0)}}\n  b@2.0.0(c@1.0.0): "
                "{dependencies: {c: 1.0.0}}\n  c@1.0.0: {}\n"
            ),
        ],
        ids=["5.4", "5.0", "shrinkwrap", "6", "9"],
    )
    def test_the_way_leads_from_the_direct_package_to_the_parent_in_every_version(self, text: str) -> None:
        found = self.read(text)
        assert [(found[name].direct, found[name].path) for name in "abc"] == [
            (True, ()),
            (False, ("a@1.0.0",)),
            (False, ("a@1.0.0", "b@2.0.0")),
        ]

    def test_of_two_sets_of_peers_the_one_with_the_shorter_way_is_told(self) -> None:
        text = (
            "lockfileVersion: '9.0'\nimporters:\n  .: {dependencies: {a: {version: 1.0.0}}}\npackages:\n  a@1.0.0: {}\n  b@1.0.0: {}\n"
            "  c@1.0.0: {}\nsnapshots:\n  a@1.0.0: {dependencies: {b: 1.0.0, c: 1.0.0(x@1.0.0)}}\n"
            "  b@1.0.0: {dependencies: {c: 1.0.0}}\n  c@1.0.0: {}\n  c@1.0.0(x@1.0.0): {}\n"
        )
        assert self.read(text)["c"].path == ("a@1.0.0",)

    def test_what_a_workspace_asks_for_begins_a_way(self) -> None:
        text = (
            "lockfileVersion: '6.0'\nimporters:\n  .: {}\n  map: {devDependencies: {a: {version: 1.0.0}}}\npackages:\n"
            "  /a@1.0.0: {dependencies: {b: 1.0.0}, dev: true}\n  /b@1.0.0: {dev: true}\n"
        )
        assert self.read(text)["b"].path == ("a@1.0.0",)

    def test_of_two_ways_as_short_that_of_production_is_told(self) -> None:
        text = (
            "lockfileVersion: 5.4\ndevDependencies: {a: 1.0.0}\ndependencies: {b: 1.0.0}\npackages:\n"
            "  /a/1.0.0: {dependencies: {c: 1.0.0}}\n  /b/1.0.0: {dependencies: {c: 1.0.0}}\n  /c/1.0.0: {}\n"
        )
        assert self.read(text)["c"].path == ("b@1.0.0",)

    def test_an_alias_is_named_as_what_it_stands_for(self) -> None:
        text = (
            "lockfileVersion: '9.0'\nimporters:\n  .: {dependencies: {alias: {version: real@1.0.0}}}\npackages:\n"
            "  real@1.0.0: {}\n  b@1.0.0: {}\nsnapshots:\n  real@1.0.0: {dependencies: {b: 1.0.0}}\n  b@1.0.0: {}\n"
        )
        assert self.read(text)["b"].path == ("real@1.0.0",)

    @pytest.mark.parametrize("version", ["2", "5", "x"])
    def test_an_unknown_version_of_the_first_pnpms_is_unsupported(self, version: str) -> None:
        found = read("shrinkwrap.yaml", f"shrinkwrapVersion: {version}\n".encode())
        assert isinstance(found, Unreadable)
        assert (found.code, found.where) == ("unsupported", "shrinkwrapVersion")
