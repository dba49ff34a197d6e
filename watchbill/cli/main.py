"""The `watchbill` command: finds the commands, parses arguments, and turns a `Problem` into words and an exit code.

Exit codes: 0 done or clean, 1 the answer is "no" (findings, a failed check), 2 something could not be done or looked at, 64 wrong usage,
130 stopped by the keyboard, 141 nobody reads the output any more. Each command is a module in `commands/` with `HELP`, `EXAMPLE`,
`add_arguments(parser)` and `run(arguments)`. Nothing here or in a command loads Django before it is needed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
import traceback
from types import ModuleType
from typing import Any, NoReturn

from watchbill.base.problem import Problem
from watchbill.cli import commands

REFUSED = 2
USAGE = 64
INTERRUPTED = 130
UNREAD = 141
DESCRIPTION = "Self-hosted security operations: from a signal to a proven fix."


class _Parser(argparse.ArgumentParser):
    """argparse with our exit code for wrong usage, and without guessing at shortened options, which would break scripts later."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - whatever argparse takes
        super().__init__(**{"allow_abbrev": False, **given})

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def command_names() -> list[str]:
    """Every command there is, in alphabetical order; a name's first `_` is spelt as a blank and others as dashes, as in
    `roster import-catalog`.
    """
    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def build_parser(wanted: list[str]) -> argparse.ArgumentParser:
    """The parser for the commands that begin with the first word of `wanted`; all of them when it names none, as for `--help`."""
    parser = _Parser(prog="watchbill", description=DESCRIPTION, epilog="watchbill COMMAND --help shows an example of each.")
    tops = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction[Any]] = {}
    first = wanted[0] if wanted else ""
    names = [name for name in command_names() if name.split("_")[0] == first] or command_names()
    for name in names:
        module = importlib.import_module(f"{commands.__name__}.{name}")
        head, _, tail = name.partition("_")
        if not tail:
            _add(tops, head, module, f"watchbill {head}")
            continue
        if head not in groups:
            tails = [_spelt(each.partition("_")[2]) for each in names if each.startswith(f"{head}_")]
            group = tops.add_parser(head, help=", ".join(tails), description=f"watchbill {head}: {', '.join(tails)}")
            groups[head] = group.add_subparsers(metavar="COMMAND", required=True)
        _add(groups[head], _spelt(tail), module, f"watchbill {head} {_spelt(tail)}")
    return parser


def _spelt(name: str) -> str:
    return name.replace("_", "-")


def _add(parsers: argparse._SubParsersAction[Any], word: str, module: ModuleType, prog: str) -> None:
    parser = parsers.add_parser(
        word,
        prog=prog,
        help=module.HELP,
        description=module.HELP,
        epilog=f"example: {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is shown by its number, and never ends a command half-way.
        getattr(stream, "reconfigure", _nothing)(errors="backslashreplace")
    given = sys.argv[1:] if argv is None else argv
    arguments = build_parser([word for word in given if not word.startswith("-")]).parse_args(given)
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
    except Problem as problem:
        return _refused(problem, as_json=getattr(arguments, "json", False))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more at its end; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except Exception:  # noqa: BLE001 - a fault of ours must not end with 1, which says "findings" to a script
        traceback.print_exc()
        return REFUSED
    return code


def _refused(problem: Problem, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(problem.as_dict()))
    else:
        print(problem.as_text(), file=sys.stderr)
    return REFUSED


def _nothing(**_given: str) -> None:
    """For a standard stream that is none of Python's own, as in tests."""


if __name__ == "__main__":
    raise SystemExit(main())
