"""The registry of readers: found without a list, described by themselves, chosen by name, content and pattern in this order."""

import importlib
import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits, readers
from watchbill.engines.dependencies.packages import Collector, Inventory, Unreadable, nothing_beside, shortened
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


@pytest.mark.parametrize("filename", ["notes.txt", "README.md", "Gemfile", "composer.json", "", "/", "requirements", "go.mod/readme"])
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

    def test_of_two_ways_to_a_package_the_shorter_is_kept(self) -> None:
        gathered = Collector("test", "npm")
        gathered.add("a", "1", path=("x@1", "y@1"))
        gathered.add("a", "1", path=("z@1",))
        gathered.add("a", "1")
        assert gathered.inventory().packages[0].path == ("z@1",)

    def test_a_direct_package_has_no_way_that_leads_to_it(self) -> None:
        gathered = Collector("test", "npm")
        gathered.add("a", "1", direct=True, path=("x@1",))
        gathered.add("b", "1", direct=False, path=("x@1",))
        gathered.add("b", "1", direct=True)
        assert [package.path for package in gathered.inventory().packages] == [(), ()]

    def test_a_way_is_kept_up_to_its_limit_and_its_last_step_past_it(self) -> None:
        most = limits.MAX_PATH_STEPS
        steps = tuple(f"p{number}@1" for number in range(most + 1))
        gathered = Collector("test", "npm")
        gathered.add("a", "1", path=steps[:most])
        gathered.add("b", "1", path=steps)
        whole, cut = (package.path for package in gathered.inventory().packages)
        assert whole == steps[:most]
        assert cut == (*steps[: most - 2], "…", steps[-1])

    def test_a_step_that_would_act_on_a_terminal_is_made_visible(self) -> None:
        gathered = Collector("test", "npm")
        gathered.add("a", "1", path=("x\x1b[2J@1", "y" * (limits.MAX_STEP_CHARS + 1)))
        (package,) = gathered.inventory().packages
        assert package.path[0] == "x\\x1b[2J@1"
        assert len(package.path[1]) == limits.MAX_STEP_CHARS

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
