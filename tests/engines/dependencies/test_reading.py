"""The registry of readers: found without a list, described by themselves, chosen by name, content and pattern in this order."""

import importlib
import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies import readers
from watchbill.engines.dependencies.packages import Collector, Inventory, Unreadable, nothing_beside, shortened
from watchbill.engines.dependencies.reachable import groups_by_need, reachable
from watchbill.engines.dependencies.reading import kinds, read, reader_for

FOLDER = Path(inspect.getfile(readers)).parent
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "lockfiles"
MODULES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def test_every_file_of_the_readers_folder_is_a_kind() -> None:
    assert [info.name for info in kinds()] == MODULES


@pytest.mark.parametrize("name", MODULES)
class TestEachReader:
    def test_it_describes_itself_whole(self, name: str) -> None:
        info = importlib.import_module(f"{readers.__name__}.{name}").INFO
        assert info.name == name
        assert info.title
        assert info.files
        assert info.ecosystems

    def test_it_comes_with_samples_of_ours(self, name: str) -> None:
        assert (SAMPLES / name / "expected.json").exists()

    def test_it_is_chosen_by_each_of_its_file_names(self, name: str) -> None:
        info = importlib.import_module(f"{readers.__name__}.{name}").INFO
        assert [reader_for(file, b"") for file in info.files] == [info] * len(info.files)

    def test_it_takes_no_sample_of_another_reader_for_its_own(self, name: str) -> None:
        module = importlib.import_module(f"{readers.__name__}.{name}")
        others = [path for path in SAMPLES.glob("*/*") if path.parent.name != name and path.name != "expected.json"]
        assert [path for path in others if module.sniff(path.read_bytes())] == []

    @pytest.mark.parametrize(
        "head", [b"", b"hello world\n", b"\x00\xff", b"<!doctype html><p>module x", b"# Read me\n\nInstall with pip.\n", b"{}", b"a = 1\n"]
    )
    def test_it_does_not_claim_just_anything(self, name: str, head: bytes) -> None:
        assert not importlib.import_module(f"{readers.__name__}.{name}").sniff(head)


def test_no_two_readers_claim_one_file_name() -> None:
    files = [file for info in kinds() for file in info.files]
    assert len(files) == len(set(files))


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("requirements/dev.txt", "requirements"),
        ("dev-requirements.txt", "requirements"),
        ("requirements-dev.txt", "requirements"),
        ("constraints.txt", "requirements"),
        ("service/go.mod", "gomod"),
        ("tools.mod", "gomod"),
        ("old.package-lock.json", "packagelock"),
        ("app.cdx.json", "cyclonedx"),
    ],
)
def test_files_are_known_by_pattern_where_their_content_says_nothing(filename: str, kind: str) -> None:
    found = reader_for(filename, b"")
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize("filename", ["notes.txt", "README.md", "Gemfile.lock", "composer.json", "", "/", "requirements", "go.mod/readme"])
def test_other_files_are_nobody_s(filename: str) -> None:
    assert reader_for(filename, b"some text\n") is None


def test_content_goes_before_pattern() -> None:
    found = reader_for("my-poetry.lock", (SAMPLES / "uv" / "uv.lock").read_bytes())
    assert found is not None
    assert found.name == "uv"


def test_an_exact_name_goes_before_content() -> None:
    found = reader_for("poetry.lock", (SAMPLES / "uv" / "uv.lock").read_bytes())
    assert found is not None
    assert found.name == "poetry"


def test_a_file_that_nobody_reads_is_unsupported_and_named() -> None:
    found = read("notes.txt", b"hello")
    assert found == Unreadable(reason="no reader knows this kind of file", where="notes.txt", code="unsupported")


@pytest.mark.parametrize("data", [b"", b"\n", b"# nothing yet\n\n", b"  # indented\r\n"])
@pytest.mark.parametrize("filename", ["any.lock", "any.yaml"])
def test_a_lockfile_of_nothing_but_comments_holds_no_packages(filename: str, data: bytes) -> None:
    assert read(filename, data) == Inventory(kind="blank", packages=())


def test_a_hostile_file_name_is_made_safe_to_print() -> None:
    found = read("\x1b[2J\u202e.txt", b"")
    assert isinstance(found, Unreadable)
    assert found.where == "\\x1b[2J\\x202e.txt"


class TestCollector:
    def test_the_same_package_twice_keeps_its_first_place(self) -> None:
        gathered = Collector("test", "npm")
        gathered.add("a", "1.0.0", place="first")
        gathered.add("a", "1.0.0", place="second")
        assert [package.place for package in gathered.inventory().packages] == ["first"]

    @pytest.mark.parametrize(
        ("first", "second", "together"),
        [
            (None, None, None),
            (None, True, True),
            (True, None, True),
            (False, True, True),
            (True, False, True),
            (False, None, False),
            (None, False, False),
        ],
    )
    def test_a_package_is_direct_if_it_was_anywhere(self, first: bool | None, second: bool | None, together: bool | None) -> None:
        gathered = Collector("test", "npm")
        gathered.add("a", "1.0.0", direct=first)
        gathered.add("a", "1.0.0", direct=second)
        assert gathered.inventory().packages[0].direct is together

    def test_only_groups_that_all_places_share_are_kept(self) -> None:
        gathered = Collector("test", "npm")
        gathered.add("a", "1.0.0", groups=("dev", "optional"))
        gathered.add("a", "1.0.0", groups=("dev",))
        assert gathered.inventory().packages[0].groups == ("dev",)

    def test_two_bounds_are_two_packages(self) -> None:
        gathered = Collector("test", "PyPI")
        gathered.add("a", bound=">1")
        gathered.add("a", bound=">2")
        assert len(gathered.inventory().packages) == 2

    def test_names_that_spell_one_package_are_one(self) -> None:
        gathered = Collector("test", "PyPI")
        gathered.add("Foo_Bar", "1")
        gathered.add("foo-bar", "1")
        assert [package.name for package in gathered.inventory().packages] == ["foo-bar"]


@given(st.text(max_size=50), st.integers(1, 60))
def test_shortened_text_is_short_and_safe_to_print(text: str, most: int) -> None:
    shown = shortened(text, most)
    assert shown.isprintable()
    assert len(text) <= most or shown.endswith("…")


def test_nothing_is_beside_bytes_that_came_alone() -> None:
    assert nothing_beside("more.txt") is None


edges = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=4), max_size=6)


@given(edges, st.sets(st.sampled_from("abcdef")))
def test_what_is_reachable_holds_the_roots_and_all_that_they_need(needs: dict[str, list[str]], roots: set[str]) -> None:
    found = reachable(roots, lambda node: needs.get(node, ()))
    assert roots <= found
    assert all(set(needs.get(node, ())) <= found for node in found)


@given(edges, st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_what_production_needs_is_in_no_group(needs: dict[str, list[str]], production: set[str], dev: set[str]) -> None:
    groups = groups_by_need({"": production, "dev": dev}, lambda node: needs.get(node, ()))
    assert {node for node, named in groups.items() if not named} == reachable(production, lambda node: needs.get(node, ()))


def test_a_chain_of_a_hundred_thousand_packages_is_followed() -> None:
    assert len(reachable(["0"], lambda node: [str(int(node) + 1)] if int(node) < 100_000 else [])) == 100_001
