"""Who is direct and which way leads to the others, in the lockfiles of npm's registry."""

import json
from typing import Any

import pytest

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
                "lockfileVersion: '9.0'\nimporters:\n  .: {dependencies: {a: {version: 1.0.0}}}\npackages:\n  a@1.0.0: {}\n  b@2.0.0: {}\n"
                "  c@1.0.0: {}\nsnapshots:\n  a@1.0.0: {dependencies: {b: 2.0.0(c@1.0.0)}}\n  b@2.0.0(c@1.0.0): {dependencies: {c: 1.0.0}}\n"
                "  c@1.0.0: {}\n"
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
