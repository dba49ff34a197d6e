"""Writes docs/reference/commands.md from the parsers of `watchbill` and `wb`, so that the page can't say what the commands don't do.

It describes nothing by itself: names, help, examples and options come from the commands. `--check` only compares, and exits 1 when the
page is stale.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE))

from watchbill.cli.main import build_parser as watchbill_parser  # noqa: E402 - run as a script, the tree is not on the path yet
from watchbill.client.wb import build_parser as wb_parser  # noqa: E402 - as above

PAGE = TREE / "docs" / "reference" / "commands.md"

HEAD = """# Commands

<!-- Written by scripts/write_commands.py from the commands' own parsers: change those. -->

`watchbill` is for whoever runs the server, on the server's machine. `wb` is for everybody: one file that needs only Python 3.8, which your
server hands out at `/wb`.

Every command has `--help` with an example, and `--json` for scripts (`watchbill up` serves, and has nothing to tell). A command that writes
goes through the running server when there is one, and does the work itself otherwise.

| exit code | `watchbill` | `wb` |
| --- | --- | --- |
| 0 | done, clean | done |
| 1 | the answer is no: findings, a failed check, something rings | the server said no; its reason is printed |
| 2 | something could not be done or looked at; it is printed | the server could not be reached, or the outcome is unclear |
| 64 | wrong usage | wrong usage |
| 130 | stopped by the keyboard | stopped by the keyboard |
| 141 | nobody reads the output any more | |
"""


def commands_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of all commands below, in the order of their help."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - no public way
    if not below:
        yield parser
    for action in below:
        for one in action.choices.values():
            yield from commands_of(one)


def section(parser: argparse.ArgumentParser) -> Iterator[str]:
    """One command: what it does, its example, its arguments."""
    arguments = [action for action in parser._actions if action.dest != "help"]  # noqa: SLF001 - no public way
    yield f"\n### `{parser.prog}`\n"
    yield (parser.description or "").replace("*", "\\*") + "\n"
    yield f"    {(parser.epilog or '').removeprefix('example: ')}\n"
    if arguments:
        yield "| argument | what it is |"
        yield "| --- | --- |"
    for action in arguments:
        shown = (action.help or "").replace("%(default)s", str(action.default)).replace("|", "\\|")
        yield f"| `{spelling(action)}` | {shown}{' (required)' if action.required and action.option_strings else ''} |"


def spelling(action: argparse.Action) -> str:
    """`--days DAYS`, `PATH...`, `[SERVICE]`."""
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    word = str(action.metavar or choices)
    if action.option_strings:
        many = "..." if action.nargs == "+" else ""
        return " ".join([action.option_strings[-1], word + many]).strip()
    return {"+": f"{word}...", "?": f"[{word}]"}.get(str(action.nargs), word)


def page() -> str:
    """The whole of docs/reference/commands.md."""
    lines = [HEAD]
    for title, parser in (("watchbill", watchbill_parser([])), ("wb", wb_parser())):
        lines.append(f"\n## {title}")
        for command in commands_of(parser):
            lines.extend(section(command))
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Write the page, or with --check say whether it is stale (1) or fresh (0)."""
    text = page()
    if "--check" in argv:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("docs/reference/commands.md is fresh" if fresh else "docs/reference/commands.md is stale: run scripts/write_commands.py")
        return 0 if fresh else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print("wrote docs/reference/commands.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
