"""go.mod and go.sum: what a build takes after replacing and excluding, and the Go release it is built with."""

import pytest

from watchbill.engines.dependencies.packages import Inventory, Unreadable
from watchbill.engines.dependencies.reading import read, read_go

SUM = """\
example.com/a v1.0.0 h1:aaaa=
example.com/a v1.0.0/go.mod h1:bbbb=
example.com/deep v0.1.0 h1:cccc=
example.com/deep v0.2.0 h1:dddd=
example.com/deep v0.2.0/go.mod h1:eeee=
example.com/only-read v0.9.0/go.mod h1:ffff=
"""


def read_mod(text: str, sums: str | None = None) -> Inventory:
    found = read_go(text.encode(), None if sums is None else sums.encode())
    assert isinstance(found, Inventory), found
    return found


def named(found: Inventory) -> list[tuple[str, str]]:
    return [(package.name, package.version) for package in found.packages]


def refused(text: str) -> Unreadable:
    found = read("go.mod", text.encode())
    assert isinstance(found, Unreadable), found
    return found


def test_a_single_line_and_a_block_require_alike() -> None:
    assert named(read_mod("require example.com/a v1.0.0\nrequire (\n\texample.com/b v2.0.0\n)\n", "")) == [
        ("example.com/a", "1.0.0"),
        ("example.com/b", "2.0.0"),
    ]


@pytest.mark.parametrize(
    ("comment", "direct"), [("", True), (" // indirect", False), (" // indirect; held back", False), (" // not indirect at all", True)]
)
def test_an_indirect_requirement_is_known_by_its_comment(comment: str, direct: bool) -> None:
    (package,) = read_mod(f"require example.com/a v1.0.0{comment}\n", "").packages
    assert package.direct is direct


def test_a_replaced_module_is_the_one_it_is_replaced_by() -> None:
    assert named(read_mod("go 1.21\nrequire example.com/a v1.0.0\nreplace example.com/a => example.com/b v1.1.0\n"))[0] == (
        "example.com/b",
        "1.1.0",
    )


def test_a_replacement_of_another_version_does_not_count() -> None:
    assert named(read_mod("require example.com/a v1.0.0\nreplace example.com/a v0.9.0 => example.com/b v1.1.0\n", "")) == [
        ("example.com/a", "1.0.0")
    ]


def test_a_replacement_of_one_version_goes_before_one_of_all() -> None:
    replaced = "replace example.com/a => example.com/b v1.0.0\nreplace example.com/a v1.0.0 => example.com/c v1.0.0\n"
    assert named(read_mod("require example.com/a v1.0.0\n" + replaced, "")) == [("example.com/c", "1.0.0")]


@pytest.mark.parametrize("folder", ["./a", "../a", "/srv/a"])
def test_a_module_replaced_by_a_folder_is_own_code(folder: str) -> None:
    assert named(read_mod(f"require example.com/a v1.0.0\nreplace example.com/a => {folder}\n", "")) == []


def test_an_excluded_version_is_not_what_the_build_takes() -> None:
    (package,) = read_mod("require example.com/a v1.0.0\nexclude example.com/a v1.0.0\n", "").packages
    assert (package.version, package.bound) == ("", ">1.0.0")


def test_a_branch_is_no_version() -> None:
    (package,) = read_mod("require example.com/a main\n", "").packages
    assert (package.version, package.bound) == ("", "main")


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ("go 1.17", "1.17"),
        ("go 1.21.0", "1.21.0"),
        ("go 1.21rc2", "1.21rc2"),
        ("go 1.23.5\ntoolchain go1.23.6", "1.23.6"),
        ("toolchain go1.23.6\ngo 1.23.5", "1.23.6"),
        ("go 1.21.3\ntoolchain go1.21.4-saltmarsh", "1.21.4"),
        ("go 1.21.3\ntoolchain default", "1.21.3"),
    ],
)
def test_the_go_release_is_the_version_of_stdlib(lines: str, version: str) -> None:
    assert named(read_mod(lines)) == [("stdlib", version)]


def test_without_a_go_line_there_is_no_stdlib() -> None:
    assert named(read_mod("module example.com/me\n")) == []


def test_checksums_come_from_the_go_sum_beside_it() -> None:
    (package, _) = read_mod("go 1.21\nrequire example.com/a v1.0.0\n", SUM).packages
    assert package.integrity == "h1:aaaa="


def test_before_go_1_17_the_go_sum_tells_what_is_required_indirectly() -> None:
    found = read_mod("go 1.16\nrequire example.com/a v1.0.0\n", SUM)
    assert named(found) == [("example.com/a", "1.0.0"), ("stdlib", "1.16"), ("example.com/deep", "0.2.0")]
    assert found.packages[-1].direct is False


def test_from_go_1_17_on_the_go_sum_adds_nothing() -> None:
    assert named(read_mod("go 1.17\nrequire example.com/a v1.0.0\n", SUM)) == [("example.com/a", "1.0.0"), ("stdlib", "1.17")]


def test_before_go_1_17_a_missing_go_sum_is_said() -> None:
    (note,) = read_mod("go 1.16\nrequire example.com/a v1.0.0\n").notes
    assert note.code == "incomplete"


def test_a_go_sum_that_can_not_be_read_is_said_and_go_mod_is_read_all_the_same() -> None:
    found = read_mod("go 1.21\nrequire example.com/a v1.0.0\n", "nonsense\nmore\n")
    assert named(found)[0] == ("example.com/a", "1.0.0")
    assert [note.code for note in found.notes] == ["syntax"]


def test_the_go_sum_of_a_mod_of_another_name_has_that_name() -> None:
    asked: list[str] = []

    def beside(name: str) -> bytes | None:
        asked.append(name)
        return None

    read("tools/lint.mod", b"module example.com/lint\n", beside)
    assert asked == ["lint.sum"]


@pytest.mark.parametrize(
    "directive",
    ["retract v1.0.0 // oops", "retract (\n\tv1.0.0\n\t[v1.1.0, v1.2.0]\n)", "godebug default=go1.21", "tool example.com/t", "ignore ./x"],
)
def test_directives_that_require_nothing_are_passed_over(directive: str) -> None:
    assert named(read_mod(f"module example.com/me\n{directive}\n")) == []


@pytest.mark.parametrize(
    "line", ["require example.com/a", "module a b", "replace a b", "replace a =>", "exclude a", "go one", "toolchain go1.21.0 more"]
)
def test_a_line_short_of_its_words_is_refused_with_its_place(line: str) -> None:
    found = refused(f"module example.com/me\n{line}\ngo 1.21\n".replace("module example.com/me\nmodule", "\nmodule"))
    assert (found.code, found.where) == ("syntax", "line 2")


def test_a_last_line_short_of_its_words_is_truncated() -> None:
    assert refused("module example.com/me\nrequire example.com/a").code == "truncated"


def test_a_file_that_ends_inside_a_block_is_truncated() -> None:
    assert refused("require (\n\texample.com/a v1.0.0\n").code == "truncated"


def test_a_word_that_no_go_mod_knows_is_refused() -> None:
    assert refused("this is not a go.mod file!").code == "syntax"


def test_a_go_sum_alone_gives_the_highest_version_whose_content_was_fetched() -> None:
    found = read("go.sum", SUM.encode())
    assert isinstance(found, Inventory)
    assert named(found) == [("example.com/a", "1.0.0"), ("example.com/deep", "0.2.0")]


def test_a_go_sum_line_cut_off_is_truncated() -> None:
    found = read("go.sum", SUM.encode() + b"example.com/z v1.0.0")
    assert isinstance(found, Unreadable)
    assert (found.code, found.where) == ("truncated", "line 7")


def test_a_go_sum_keeps_versions_that_it_can_not_order() -> None:
    found = read("go.sum", b"e.x/a v1.0.0 h1:a=\ne.x/a vOdd h1:b=\n")
    assert isinstance(found, Inventory)
    assert named(found) == [("e.x/a", "1.0.0"), ("e.x/a", "Odd")]
