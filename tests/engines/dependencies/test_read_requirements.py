"""requirements.txt: what pins, what is only a bound, what is drawn in, and what can't be looked at."""

from pathlib import Path

import pytest

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory, Package
from watchbill.engines.dependencies.reading import files_beside, read


def read_lines(*lines: str, **beside: str) -> Inventory:
    """What a requirements.txt of these lines comes to, with these files beside it."""
    found = read("requirements.txt", "\n".join(lines).encode(), lambda name: beside[name].encode() if name in beside else None)
    assert isinstance(found, Inventory)
    return found


def only(*lines: str, **beside: str) -> Package:
    (package,) = read_lines(*lines, **beside).packages
    return package


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("flask==2.0", "2.0"),
        ("flask == 2.0", "2.0"),
        ("flask===2.0", "2.0"),
        ("flask[async]==2.0", "2.0"),
        ("flask [async, dotenv] == 2.0", "2.0"),
        ("flask (==2.0)", "2.0"),
        ("flask==2.0; python_version < '3.12'", "2.0"),
        ("flask==2.0,>=1.0", "2.0"),
        ("flask==2.0 # why", "2.0"),
        ("flask==2.0+local.1", "2.0+local.1"),
        ("flask==1!2.0rc1", "1!2.0rc1"),
        ("flask==2.0 --hash=sha256:00 --hash=sha256:01", "2.0"),
        ("  flask==2.0  ", "2.0"),
        ("flask==2.0 --config-settings 'a=b'", "2.0"),
    ],
)
def test_two_or_three_equals_signs_pin(line: str, version: str) -> None:
    assert only(line).version == version


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ("flask>=4.1.1", ">=4.1.1"),
        ("flask ~= 1.1", "~=1.1"),
        ("flask==2.*", "==2.*"),
        ("flask != 3.5", "!=3.5"),
        ("flask", ""),
        ("flask<2,>=1", "<2,>=1"),
    ],
)
def test_a_bound_is_kept_and_is_no_version(line: str, bound: str) -> None:
    package = only(line)
    assert (package.version, package.bound) == ("", bound)


def test_two_pins_that_differ_are_a_bound() -> None:
    assert (only("flask==1.0,==2.0").version, only("flask==1.0,==2.0").bound) == ("", "==1.0,==2.0")


def test_a_name_is_given_in_its_one_spelling() -> None:
    assert only("Flask_Login==1.0").name == "flask-login"


def test_the_first_hash_is_the_integrity() -> None:
    assert only("flask==2.0 \\", "  --hash=sha256:aa \\", "  --hash=sha256:bb").integrity == "sha256:aa"


def test_a_continued_requirement_stands_where_it_begins() -> None:
    assert only("", "flask==2.0 \\", "  --hash=sha256:aa").place == "line 2"


def test_a_comment_ends_a_continuation() -> None:
    found = read_lines("flask==2.0 \\", "# gone", "django==4.0")
    assert [package.name for package in found.packages] == ["flask", "django"]


def test_a_hash_sign_inside_a_word_is_no_comment() -> None:
    assert read_lines("git+https://git.registry.example/x.git#egg=x").notes[0].code == "unsupported"


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--editable=./kit",
        "git+https://git.registry.example/x.git@v1",
        "https://registry.example/x-1.0.tar.gz",
        "./x-1.0-py3-none-any.whl",
        "../kit",
        "x-1.0-py3-none-any.whl",
        "file:///srv/x",
        "pillow @ https://registry.example/Pillow-9.5.0.tar.gz",
        "C:\\wheels\\x.whl",
    ],
)
def test_a_requirement_by_address_or_path_is_said_to_be_unlooked_at(line: str) -> None:
    found = read_lines(line, "flask==2.0")
    assert [package.name for package in found.packages] == ["flask"]
    assert [(note.code, note.where) for note in found.notes] == [("unsupported", "line 1")]


@pytest.mark.parametrize("line", ["asdf==", "==1.0", "asdf 1.0", "-x==1.0", "${NAME}==1.0", "a==1==2", "<script>"])
def test_a_line_that_is_no_requirement_is_a_note(line: str) -> None:
    found = read_lines(line, "flask==2.0")
    assert [package.name for package in found.packages] == ["flask"]
    assert [(note.code, note.where) for note in found.notes] == [("syntax", "line 1")]


@pytest.mark.parametrize(
    "line", ["--index-url https://registry.example/simple", "-i https://registry.example", "--pre", "-f ./wheels", "--require-hashes"]
)
def test_options_are_passed_over(line: str) -> None:
    assert read_lines(line).notes == ()


@pytest.mark.parametrize(
    "line", ["-r more.txt", "-rmore.txt", "--requirement more.txt", "--requirement=more.txt", "-r ./more.txt", '-r "more.txt"']
)
def test_another_file_is_drawn_in(line: str) -> None:
    package = only(line, **{"more.txt": "flask==2.0"})
    assert (package.name, package.place) == ("flask", "more.txt, line 1")


def test_a_drawn_in_file_names_others_from_its_own_folder() -> None:
    found = read_lines("-r deep/a.txt", **{"deep/a.txt": "-r b.txt\n-r ../c.txt", "deep/b.txt": "flask==2.0", "c.txt": "django==4.0"})
    assert {package.name for package in found.packages} == {"flask", "django"}


def test_files_that_draw_each_other_in_end() -> None:
    found = read_lines("-r a.txt", **{"a.txt": "-r b.txt\nflask==2.0", "b.txt": "-r a.txt\n-r requirements.txt"})
    assert [package.name for package in found.packages] == ["flask"]


def test_a_file_that_draws_in_no_end_of_others_is_stopped() -> None:
    found = read("requirements.txt", b"-r 0.txt", lambda name: f"-r {int(name[:-4]) + 1}.txt\np{name[:-4]}==1".encode())
    assert isinstance(found, Inventory)
    assert len(found.packages) == limits.MAX_INCLUDED_FILES - 1
    assert [note.code for note in found.notes] == ["too_large"]


def test_a_file_that_is_not_there_is_said_to_be_unlooked_at() -> None:
    (note,) = read_lines("flask==2.0", "-r more.txt").notes
    assert (note.code, note.where) == ("not_included", "line 2")


def test_a_file_at_an_address_is_not_fetched() -> None:
    (note,) = read_lines("-r https://registry.example/more.txt").notes
    assert note.code == "not_included"


def test_a_drawn_in_file_that_is_no_text_is_a_note() -> None:
    found = read("requirements.txt", b"-r more.txt\nflask==2.0", lambda name: b"\x00")
    assert isinstance(found, Inventory)
    assert [note.code for note in found.notes] == ["encoding"]
    assert [package.name for package in found.packages] == ["flask"]


def test_a_constraint_pins_what_is_asked_for() -> None:
    package = only("Requests", "-c pins.txt", **{"pins.txt": "requests==2.31.0\nurllib3==1.26.0"})
    assert (package.name, package.version, package.bound) == ("requests", "2.31.0", "")


def test_a_constraint_does_not_change_a_pin() -> None:
    assert only("requests==2.0", "-c pins.txt", **{"pins.txt": "requests==2.31.0"}).version == "2.0"


def test_what_a_constraint_draws_in_is_a_constraint_too() -> None:
    assert only("requests", "-c pins.txt", **{"pins.txt": "-r more.txt", "more.txt": "requests==2.31.0"}).version == "2.31.0"


def test_utf_16_with_its_mark_is_read_as_pip_does() -> None:
    found = read("requirements.txt", "flask==2.0\r\n".encode("utf-16"))
    assert isinstance(found, Inventory)
    assert [package.version for package in found.packages] == ["2.0"]


class TestFilesBeside:
    def test_a_file_in_the_same_folder_is_opened(self, tmp_path: Path) -> None:
        (tmp_path / "more.txt").write_text("flask==2.0")
        assert files_beside(tmp_path / "requirements.txt")("more.txt") == b"flask==2.0"

    @pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "more.txt/../../secret", "a\x00b", ".", "", "missing", "x" * 5_000])
    def test_nothing_outside_and_nothing_that_is_no_file_is_opened(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "secret").write_text("secret")
        (tmp_path / "project").mkdir()
        assert files_beside(tmp_path / "project" / "requirements.txt")(name) is None

    def test_a_link_that_leads_outside_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / "more.txt").symlink_to(tmp_path / "secret")
        assert files_beside(tmp_path / "project" / "requirements.txt")("more.txt") is None

    def test_a_wider_root_lets_a_file_above_be_opened(self, tmp_path: Path) -> None:
        (tmp_path / "base.txt").write_text("flask==2.0")
        (tmp_path / "service").mkdir()
        opened = files_beside(tmp_path / "service" / "requirements.txt", root=tmp_path)("../base.txt")
        assert opened == b"flask==2.0"

    def test_a_file_past_the_limit_is_not_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MAX_LOCKFILE_BYTES", 10)
        (tmp_path / "more.txt").write_text("flask==2.0\n")
        assert files_beside(tmp_path / "requirements.txt")("more.txt") is None


@pytest.mark.parametrize("line", [f"flask>={'9' * 5_000}", f"flask>={'9' * 5_000},<2", f"flask=={'9' * 5_000},==1"])
def test_a_number_of_thousands_of_digits_is_a_note_not_a_fault_of_the_reader(line: str) -> None:
    found = read_lines(line, "kept==1")
    assert [package.name for package in found.packages] == ["kept"]
    assert [note.where for note in found.notes] == ["line 1"]
