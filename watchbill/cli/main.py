"""The `watchbill` command: finds the commands, parses arguments, and turns a `Problem` into words and an exit code.

Exit codes: 0 done or clean, 1 the answer is "no" (findings, a failed check), 2 something could not be done or looked at, 64 wrong usage,
130 stopped by the keyboard. Each command is a module in `commands/` with `HELP`, `EXAMPLE`, `add_arguments(parser)` and `run(arguments)`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from types import ModuleType
from typing import NoReturn

from watchbill.base.problem import Problem
from watchbill.cli import commands

USAGE = 64


class _Parser(argparse.ArgumentParser):
    """argparse with our exit code for wrong usage."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def command_names() -> list[str]:
    """Every command there is, in alphabetical order; a name with `_` is spelt with a blank, as in `roster apply`."""
    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def build_parser(wanted: list[str]) -> argparse.ArgumentParser:
    """The parser for the commands that begin with the first word of `wanted`; all of them when it names none, as for `--help`."""
    parser = _Parser(prog="watchbill", description="Self-hosted security operations: from a signal to a proven fix.")
    tops = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    first = wanted[0] if wanted else ""
    names = [name for name in command_names() if name.split("_")[0] == first] or command_names()
    for name in names:
        module = importlib.import_module(f"{commands.__name__}.{name}")
        head, _, tail = name.partition("_")
        if not tail:
            _add(tops, head, module, f"watchbill {head}")
            continue
        if head not in groups:
            group = tops.add_parser(head, help=f"{head} commands")
            groups[head] = group.add_subparsers(metavar="COMMAND", required=True)
        _add(groups[head], tail, module, f"watchbill {head} {tail}")
    return parser


def _add(parsers: argparse._SubParsersAction[argparse.ArgumentParser], word: str, module: ModuleType, prog: str) -> None:
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
    given = sys.argv[1:] if argv is None else argv
    arguments = build_parser([word for word in given if not word.startswith("-")]).parse_args(given)
    try:
        return int(arguments.run(arguments))
    except Problem as problem:
        if getattr(arguments, "json", False):
            print(json.dumps(problem.as_dict()), file=sys.stdout)
        else:
            print(problem.as_text(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
