"""The command line as a whole: commands are found, described, light, and end with codes that mean something."""

import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.write_commands import PAGE, commands_of, page
from watchbill.base.problem import Problem
from watchbill.cli import main as line
from watchbill.client.wb import build_parser as wb_parser

TREE = Path(__file__).resolve().parents[2]
LIGHT = ["packages", "versions compare", "scan", "advisories status", "check"]


def parsers():
    return list(commands_of(line.build_parser([]))) + list(commands_of(wb_parser()))


def test_the_commands_that_scripts_rely_on_are_there() -> None:
    names = {parser.prog.removeprefix("watchbill ") for parser in commands_of(line.build_parser([]))}
    promised = {"up", "check", "roster apply", "advisories load", "advisories update", "advisories status", "scan", "packages"}
    promised |= {"versions compare", "audit export", "audit verify", "token create"}
    assert promised <= names


SERVING = ("watchbill up", "watchbill web", "watchbill work")


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog)
def test_a_command_shows_one_example_that_begins_with_its_own_name(parser) -> None:
    assert (parser.epilog or "").startswith(f"example: {parser.prog} ") or parser.epilog == f"example: {parser.prog}"


@pytest.mark.parametrize("parser", [one for one in parsers() if one.prog not in SERVING], ids=lambda parser: parser.prog)
def test_a_command_speaks_json(parser) -> None:
    assert "--json" in parser.format_help()


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog)
def test_an_example_is_understood_by_its_own_parser(parser) -> None:
    words = shlex.split((parser.epilog or "").removeprefix("example: "))[len(parser.prog.split()) :]
    parser.parse_args(words)


def test_the_page_of_commands_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python scripts/write_commands.py"


def test_the_page_names_every_command() -> None:
    assert [parser.prog for parser in parsers() if f"### `{parser.prog}`" not in page()] == []


def test_help_lists_commands_without_loading_django() -> None:
    code = "import sys; from watchbill.cli.main import build_parser; build_parser([]).format_help(); print('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("command", LIGHT)
def test_a_command_without_a_database_never_loads_django(command: str, tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text('{"lockfileVersion": 3, "packages": {}}')
    advisory = tmp_path / "a.json"
    advisory.write_text('{"id": "T-1", "modified": "2026-01-01T00:00:00Z", "affected": []}')
    more = {"packages": [str(lock)], "versions compare": ["npm", "1.0.0", "2.0.0"], "scan": [str(lock), "--advisories", str(advisory)]}
    words = [*command.split(), *more.get(command, [])]
    code = f"import sys; from watchbill.cli.main import main; main({words!r}); print('django' in sys.modules)"
    environment = {"WATCHBILL_DATA": str(tmp_path / "data"), "PYTHONPATH": str(TREE), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_wrong_word_is_wrong_usage(here) -> None:
    ran = here("scna")
    assert (ran.code, "scna" in ran.err) == (64, True)


def test_an_option_cannot_be_shortened(here) -> None:
    assert here("roster", "apply", "x.toml", "--dry").code == 64


def test_a_group_without_its_second_word_is_wrong_usage(here) -> None:
    assert here("roster").code == 64


def with_command(monkeypatch: pytest.MonkeyPatch, run) -> None:
    """Let the parser hand out a command that does this."""
    given = SimpleNamespace(run=run, json=False)
    monkeypatch.setattr(line, "build_parser", lambda _wanted: SimpleNamespace(parse_args=lambda _given: given))


def ends_with(error: BaseException):
    def run(_arguments) -> int:
        raise error

    return run


def test_a_problem_ends_with_two_and_says_what_to_do(here, monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, ends_with(Problem("no", "It can't be", "The dog ate it.", remedy="Get a cat.")))
    ran = here("anything")
    assert (ran.code, ran.out) == (2, "")
    assert "It can't be" in ran.err
    assert "Get a cat." in ran.err


def test_a_fault_of_ours_ends_with_two_never_with_one(here, monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, ends_with(RuntimeError("a bug")))
    ran = here("anything")
    assert ran.code == 2
    assert "a bug" in ran.err


def test_the_keyboard_ends_with_130(here, monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, ends_with(KeyboardInterrupt()))
    assert here("anything").code == 130


def test_output_that_nobody_reads_is_no_fault(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("".join(f"pad-{n}==1.0.{n}\n" for n in range(4000)))
    words = f"set -o pipefail; '{sys.executable}' -m watchbill.cli.main packages '{lock}' | head -1"
    done = subprocess.run(["bash", "-c", words], cwd=TREE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_name_that_the_terminal_lacks_is_shown_by_its_number(process, advisories: Path) -> None:
    ran = process("scan", "pack\u00e4ge", "--advisories", advisories, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "pack\\xe4ge" in ran.out
    assert "Traceback" not in ran.err
