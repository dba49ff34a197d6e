"""The TOML lockfiles: poetry.lock, uv.lock and Cargo.lock."""

import pytest

from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.reading import read


def read_toml(filename: str, text: str) -> dict[str, Package]:
    found = read(filename, text.encode())
    assert isinstance(found, Inventory), found
    return {package.name: package for package in found.packages}


def poetry(entry: str) -> dict[str, Package]:
    return read_toml("poetry.lock", f'[[package]]\nname = "a"\nversion = "1.0"\n{entry}\n')


def uv(*entries: str) -> dict[str, Package]:
    return read_toml("uv.lock", "version = 1\n" + "".join(f"[[package]]\n{entry}\n" for entry in entries))


REGISTRY = 'source = { registry = "https://registry.example/simple" }'
CRATES = 'source = "registry+https://registry.example/index"'


class TestPoetry:
    @pytest.mark.parametrize(
        ("entry", "groups"),
        [
            ("", ()),
            ('category = "main"', ()),
            ('category = "dev"', ("dev",)),
            ('groups = ["main"]', ()),
            ('groups = ["docs", "test"]', ("docs", "test")),
            ('groups = ["main", "dev"]', ()),
            ("optional = true", ("optional",)),
            ('groups = ["dev"]\noptional = true', ("dev", "optional")),
            ("groups = [1, 2]", ()),
        ],
    )
    def test_groups_are_those_other_than_main(self, entry: str, groups: tuple[str, ...]) -> None:
        assert poetry(entry)["a"].groups == groups

    def test_a_folder_of_the_project_is_own_code(self) -> None:
        assert poetry('[package.source]\ntype = "directory"\nurl = "../a"') == {}

    @pytest.mark.parametrize("kind", ["git", "legacy", "url", "file"])
    def test_other_sources_are_dependencies_like_any(self, kind: str) -> None:
        assert poetry(f'[package.source]\ntype = "{kind}"\nurl = "https://registry.example"')["a"].version == "1.0"

    def test_the_checksum_of_poetry_1_stands_in_the_metadata(self) -> None:
        assert poetry('[metadata.files]\na = [{file = "a.whl", hash = "sha256:aa"}]')["a"].integrity == "sha256:aa"

    def test_names_have_one_spelling(self) -> None:
        assert set(read_toml("poetry.lock", '[[package]]\nname = "Foo_Bar"\nversion = "1"\n')) == {"foo-bar"}


class TestUv:
    @pytest.mark.parametrize("source", ['{ virtual = "." }', '{ editable = "." }', '{ directory = "../kit" }'])
    def test_folders_of_the_project_are_own_code(self, source: str) -> None:
        assert uv(f'name = "a"\nversion = "1.0"\nsource = {source}') == {}

    @pytest.mark.parametrize(
        "source",
        ['{ git = "https://git.registry.example/a?rev=1#0a" }', '{ url = "https://registry.example/a.whl" }', '{ path = "a.whl" }'],
    )
    def test_other_sources_are_dependencies_like_any(self, source: str) -> None:
        assert uv(f'name = "a"\nversion = "1.0"\nsource = {source}')["a"].version == "1.0"

    def test_a_later_version_of_the_format_is_unsupported(self) -> None:
        found = read("uv.lock", b"version = 2\n")
        assert isinstance(found, Unreadable)
        assert found.code == "unsupported"

    def test_without_a_project_in_it_nothing_is_said_about_who_asked(self) -> None:
        assert uv(f'name = "a"\nversion = "1.0"\n{REGISTRY}')["a"].direct is None

    def test_who_asked_follows_the_project_in_it(self) -> None:
        found = uv(
            'name = "me"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }]',
            f'name = "a"\nversion = "1.0"\n{REGISTRY}\ndependencies = [{{ name = "b" }}]',
            f'name = "b"\nversion = "1.0"\n{REGISTRY}',
        )
        assert (found["a"].direct, found["b"].direct) == (True, False)

    @pytest.mark.parametrize(
        ("asks", "groups"),
        [
            ('dependencies = [{ name = "a" }]', ()),
            ('[package.dev-dependencies]\ndev = [{ name = "a" }]', ("dev",)),
            ('[package.dev-dependencies]\nlint = [{ name = "a" }]\ntest = [{ name = "a" }]', ("lint", "test")),
            ('[package.optional-dependencies]\nmaps = [{ name = "a" }]', ("optional",)),
            ('dependencies = [{ name = "a" }]\n[package.dev-dependencies]\ndev = [{ name = "a" }]', ()),
        ],
    )
    def test_groups_follow_who_needs_it(self, asks: str, groups: tuple[str, ...]) -> None:
        found = uv(
            f'name = "me"\nversion = "0"\nsource = {{ virtual = "." }}\n{asks}',
            f'name = "a"\nversion = "1.0"\n{REGISTRY}\ndependencies = [{{ name = "b" }}]',
            f'name = "b"\nversion = "1.0"\n{REGISTRY}',
        )
        assert (found["a"].groups, found["b"].groups) == (groups, groups)

    def test_what_an_extra_of_a_dependency_brings_is_needed_too(self) -> None:
        found = uv(
            'name = "me"\nversion = "0"\nsource = { virtual = "." }\n[package.dev-dependencies]\ndev = [{ name = "a", extra = ["x"] }]',
            f'name = "a"\nversion = "1.0"\n{REGISTRY}\n[package.optional-dependencies]\nx = [{{ name = "b" }}]',
            f'name = "b"\nversion = "1.0"\n{REGISTRY}',
        )
        assert found["b"].groups == ("dev",)

    def test_the_checksum_is_that_of_the_source_or_else_of_a_wheel(self) -> None:
        wheel = uv(f'name = "a"\nversion = "1.0"\n{REGISTRY}\nwheels = [{{ hash = "sha256:ww" }}]')
        source = uv(f'name = "a"\nversion = "1.0"\n{REGISTRY}\nsdist = {{ hash = "sha256:ss" }}\nwheels = [{{ hash = "sha256:ww" }}]')
        assert (wheel["a"].integrity, source["a"].integrity) == ("sha256:ww", "sha256:ss")

    def test_the_way_leads_from_the_direct_package_to_the_parent(self) -> None:
        found = uv(
            'name = "me"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }]',
            f'name = "a"\nversion = "1.0"\n{REGISTRY}\ndependencies = [{{ name = "b" }}]',
            f'name = "b"\nversion = "1.1"\n{REGISTRY}\n[package.optional-dependencies]\nx = [{{ name = "c" }}]',
            f'name = "c"\nversion = "1.2"\n{REGISTRY}',
        )
        assert [found[name].path for name in "abc"] == [(), ("a@1.0",), ("a@1.0", "b@1.1")]

    def test_a_member_that_another_needs_is_no_step(self) -> None:
        found = uv(
            'name = "me"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "kit" }]',
            'name = "kit"\nversion = "0"\nsource = { editable = "kit" }\ndependencies = [{ name = "a" }]',
            f'name = "a"\nversion = "1.0"\n{REGISTRY}\ndependencies = [{{ name = "b" }}]',
            f'name = "b"\nversion = "1.1"\n{REGISTRY}',
        )
        assert (found["a"].direct, found["b"].path) == (True, ("a@1.0",))

    def test_of_several_versions_each_has_its_own_way(self) -> None:
        text = "".join(
            f"[[package]]\n{entry}\n"
            for entry in (
                'name = "me"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }, { name = "b", version = "2.0" }]',
                f'name = "a"\nversion = "1.0"\n{REGISTRY}\ndependencies = [{{ name = "b", version = "1.0" }}]',
                f'name = "b"\nversion = "1.0"\n{REGISTRY}',
                f'name = "b"\nversion = "2.0"\n{REGISTRY}',
            )
        )
        found = read("uv.lock", f"version = 1\n{text}".encode())
        assert isinstance(found, Inventory)
        assert [(p.direct, p.path) for p in found.packages] == [(True, ()), (False, ("a@1.0",)), (True, ())]


class TestCargo:
    def test_a_crate_of_the_workspace_is_own_code(self) -> None:
        assert read_toml("Cargo.lock", '[[package]]\nname = "me"\nversion = "0.1.0"\n') == {}

    def test_a_crate_from_a_repository_is_a_dependency(self) -> None:
        text = '[[package]]\nname = "a"\nversion = "0.1.0"\nsource = "git+https://git.registry.example/a#0a"\n'
        assert read_toml("Cargo.lock", text)["a"].version == "0.1.0"

    @pytest.mark.parametrize(
        ("asked", "direct"), [("a", True), ("a 1.0.0", True), ("a 2.0.0", False), ("a 1.0.0 (registry+https://x)", True), ("b", False)]
    )
    def test_who_asked_follows_the_crates_of_the_workspace(self, asked: str, direct: bool) -> None:
        own = f'[[package]]\nname = "me"\nversion = "0.1.0"\ndependencies = ["{asked}"]\n'
        crate = f'[[package]]\nname = "a"\nversion = "1.0.0"\n{CRATES}\n'
        assert read_toml("Cargo.lock", own + crate)["a"].direct is direct

    def test_a_checksum_is_the_integrity(self) -> None:
        text = f'[[package]]\nname = "a"\nversion = "1.0.0"\n{CRATES}\nchecksum = "aa"\n'
        assert read_toml("Cargo.lock", text)["a"].integrity == "sha256:aa"

    def test_a_checksum_that_old_cargo_could_not_make_is_none(self) -> None:
        source = "registry+https://registry.example/index"
        text = f'[[package]]\nname = "a"\nversion = "1.0.0"\n{CRATES}\n[metadata]\n"checksum a 1.0.0 ({source})" = "<none>"\n'
        assert read_toml("Cargo.lock", text)["a"].integrity == ""

    def test_two_versions_of_one_crate_are_two_packages(self) -> None:
        text = "".join(f'[[package]]\nname = "a"\nversion = "{version}"\n{CRATES}\n' for version in ("1.0.0", "2.0.0"))
        found = read("Cargo.lock", text.encode())
        assert isinstance(found, Inventory)
        assert [package.version for package in found.packages] == ["1.0.0", "2.0.0"]

    def test_the_way_leads_from_the_direct_crate_to_the_parent_however_needs_are_written(self) -> None:
        text = (
            '[[package]]\nname = "me"\nversion = "0.1.0"\ndependencies = ["a"]\n'
            f'[[package]]\nname = "a"\nversion = "1.0.0"\n{CRATES}\ndependencies = ["b 1.0.0", "b 2.0.0 (registry+https://x)"]\n'
            f'[[package]]\nname = "b"\nversion = "1.0.0"\n{CRATES}\ndependencies = ["c"]\n'
            f'[[package]]\nname = "b"\nversion = "2.0.0"\n{CRATES}\n[[package]]\nname = "c"\nversion = "3.0.0"\n{CRATES}\n'
        )
        found = read("Cargo.lock", text.encode())
        assert isinstance(found, Inventory)
        assert [package.path for package in found.packages] == [(), ("a@1.0.0",), ("a@1.0.0",), ("a@1.0.0", "b@1.0.0")]

    def test_a_crate_of_the_workspace_is_no_step(self) -> None:
        text = (
            '[[package]]\nname = "me"\nversion = "0.1.0"\ndependencies = ["kit"]\n'
            '[[package]]\nname = "kit"\nversion = "0.1.0"\ndependencies = ["a"]\n'
            f'[[package]]\nname = "a"\nversion = "1.0.0"\n{CRATES}\ndependencies = ["b"]\n'
            f'[[package]]\nname = "b"\nversion = "1.0.0"\n{CRATES}\n'
        )
        found = read_toml("Cargo.lock", text)
        assert (found["a"].direct, found["b"].path) == (True, ("a@1.0.0",))

    @pytest.mark.parametrize("needs", ["1", '"a"', "[1, []]", '["missing", ""]'])
    def test_needs_of_another_shape_bring_nothing_in(self, needs: str) -> None:
        text = f'[[package]]\nname = "a"\nversion = "1.0.0"\n{CRATES}\ndependencies = {needs}\n'
        assert read_toml("Cargo.lock", text)["a"].path == ()
