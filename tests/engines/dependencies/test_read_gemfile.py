"""Gemfile.lock: which gems count, which are asked for, and through which others come in."""

import pytest

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for

TAIL = "\nPLATFORMS\n  ruby\n\nBUNDLED WITH\n   2.3.26\n"


def gems(*specs: str, asked: tuple[str, ...] | None = (), before: str = "", after: str = "") -> Inventory:
    """The packages of a lockfile of these lines under GEM."""
    lines = "".join(f"    {spec}\n" for spec in specs)
    wanted = "" if asked is None else "\nDEPENDENCIES\n" + "".join(f"  {name}\n" for name in asked)
    text = f"{before}GEM\n  remote: https://gems.registry.example/\n  specs:\n{lines}{TAIL}{wanted}{after}"
    found = read("Gemfile.lock", text.encode())
    assert isinstance(found, Inventory), found
    return found


def only(*specs: str, **more: tuple[str, ...] | str) -> Package:
    (package,) = gems(*specs, **more).packages  # type: ignore[arg-type]
    return package


def test_a_gem_has_its_name_version_and_purl() -> None:
    package = only("rack (2.2.4)")
    assert (package.ecosystem, package.name, package.version, package.purl) == ("RubyGems", "rack", "2.2.4", "pkg:gem/rack@2.2.4")


@pytest.mark.parametrize(
    "platform", ["java", "x86_64-linux", "x86_64-linux-musl", "arm64-darwin-21", "universal-java-1.8", "x64-mingw-ucrt"]
)
def test_the_platform_is_no_part_of_the_version(platform: str) -> None:
    assert only(f"nokogiri (1.13.9-{platform})").version == "1.13.9"


def test_one_gem_for_many_platforms_is_one_gem() -> None:
    found = gems("a (1.0)", "a (1.0-java)", "  b (>= 1)", "a (1.0-x86_64-linux)", "b (2.0)", asked=("a",))
    assert [(package.name, package.place) for package in found.packages] == [("a", "line 4"), ("b", "line 8")]


def test_what_only_one_platform_of_a_gem_needs_comes_in_through_it() -> None:
    found = gems("a (1.0)", "a (1.0-java)", "  b (>= 1)", "b (2.0)", asked=("a",))
    assert found.packages[1].path == ("a@1.0",)


@pytest.mark.parametrize("asked", ["a", "a!", "a (~> 1.0)", "a (>= 1.0, < 2)", "a (>= 1.0.pre)!"])
def test_what_the_gemfile_asks_for_is_direct(asked: str) -> None:
    assert [package.direct for package in gems("a (1.0)", "b (2.0)", asked=(asked,)).packages] == [True, False]


def test_without_the_section_of_what_was_asked_nothing_is_said_about_it() -> None:
    assert [(package.direct, package.path) for package in gems("a (1.0)", "  b", "b (2.0)", asked=None).packages] == [(None, ())] * 2


def test_the_shortest_way_in_is_shown() -> None:
    found = gems("a (1.0)", "  b", "b (2.0)", "  c", "c (3.0)", "d (4.0)", "  c (>= 1)", asked=("a", "d"))
    assert {package.name: package.path for package in found.packages} == {"a": (), "b": ("a@1.0",), "c": ("d@4.0",), "d": ()}


def test_gems_that_need_each_other_are_no_endless_way() -> None:
    found = gems("a (1.0)", "  b", "b (2.0)", "  a", "  c", "c (3.0)", "  b", asked=("a",))
    assert [package.path for package in found.packages] == [(), ("a@1.0",), ("a@1.0", "b@2.0")]


def test_the_project_s_own_gem_is_left_out_and_what_it_needs_is_direct() -> None:
    own = "PATH\n  remote: .\n  specs:\n    mine (0.1.0)\n      a (>= 1)\n\n"
    found = gems("a (1.0)", "  b", "b (2.0)", asked=("mine!",), before=own)
    assert [(package.name, package.direct, package.path) for package in found.packages] == [("a", True, ()), ("b", False, ("a@1.0",))]


def test_a_gem_from_a_repository_is_a_gem() -> None:
    git = "GIT\n  remote: https://git.registry.example/x.git\n  revision: 4c11\n  specs:\n    x (0.3.0)\n\n"
    assert [package.name for package in gems(before=git, asked=("x!",)).packages] == ["x"]


def test_ruby_and_bundler_are_no_gems_of_it() -> None:
    found = gems("a (1.0)", after="\nRUBY VERSION\n   ruby 3.1.2p20\n")
    assert [package.name for package in found.packages] == ["a"]


def test_the_checksum_of_the_gem_is_its_integrity() -> None:
    assert only("a (1.0)", after="\nCHECKSUMS\n  a (1.0) sha256=00ff\n").integrity == "sha256:00ff"


@pytest.mark.parametrize("line", ["a (1.0) sha256=", "a (2.0) sha256=00", "b (1.0) sha256=00", "a (1.0)", "nonsense"])
def test_another_checksum_is_not(line: str) -> None:
    assert only("a (1.0)", after=f"\nCHECKSUMS\n  {line}\n").integrity == ""


@pytest.mark.parametrize("spec", ["a", "a ()", "a (1.0", "a 1.0", "(1.0)", "a (1.0) (2.0)"])
def test_a_line_that_names_no_gem_is_said_with_its_place(spec: str) -> None:
    found = gems(spec, "b (2.0)")
    assert [package.name for package in found.packages] == ["b"]
    assert [(note.code, note.where) for note in found.notes] == [("shape", "line 4")]


def test_a_section_nobody_knows_is_said_and_left_out() -> None:
    found = gems("a (1.0)", before="NEW THINGS\n  specs:\n    x (1.0)\n\n")
    assert [package.name for package in found.packages] == ["a"]
    assert [(note.code, note.where) for note in found.notes] == [("unsupported", "line 1")]


@pytest.mark.parametrize("text", ["hello world\n", "source 'https://gems.registry.example'\n", "{}\n"])
def test_what_is_no_lockfile_of_gems_is_refused(text: str) -> None:
    found = read("Gemfile.lock", text.encode())
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("syntax", "line 1")


@pytest.mark.parametrize("name", ["Gemfile.lock", "gems.locked", "gemfiles/rails_7.gemfile.lock", "old-gemfile.lock"])
def test_it_is_known_by_its_names(name: str) -> None:
    found = reader_for(name, b"")
    assert found is not None
    assert found.name == "gemfile"


def test_a_long_one_is_known_by_its_first_lines() -> None:
    found = reader_for("x", b"GIT\n  remote: https://git.registry.example/x.git\n  revision: 1\n")
    assert found is not None
    assert found.name == "gemfile"


def test_thirty_thousand_gems_in_a_chain_are_read() -> None:
    specs = [line for number in range(30_000) for line in (f"g{number} (1.0)", f"  g{number + 1}")]
    found = gems(*specs, asked=("g0",))
    assert len(found.packages) == 30_000
    assert found.packages[-1].path[0] == "g0@1.0"


def test_gems_are_taken_up_to_their_limit_whatever_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_GEM_SPECS", 3)
    specs = ["a (1.0)", "a (1.0-java)", "b (1.0)", "c (1.0)"]
    assert len(gems(*specs[:3]).packages) == 2
    found = read("Gemfile.lock", ("GEM\n  specs:\n" + "".join(f"    {spec}\n" for spec in specs)).encode())
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("too_large", "line 6")
