"""`watchbill check`: every setting in effect with its origin, and a look at everything that keeps a watch from being kept."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from watchbill.base import settings
from watchbill.base.problem import Problem
from watchbill.cli import doctor, place
from watchbill.cli.doctor import Line
from watchbill.cli.terminal import columns, count, inert, say, say_json

HELP = "Look everything over: settings and their origin, data, server, advisories, mail, witness. Exit 1 when something needs attention."
EXAMPLE = "watchbill check"

MARKS = {"ok": "ok", "note": "note", "attention": "ATTENTION"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="settings and lines as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 all well, 1 when a line needs attention; also when the settings can't be read, since then nothing else can be known."""
    try:
        data = place.enter()
        shown = settings.explain()
        lines = list(doctor.look_at(doctor.patient_at(data, settings.settings())))
    except Problem as problem:
        shown, lines = [], [Line("attention", "settings", f"{problem.title}: {problem.detail}", problem.remedy)]
    if arguments.json:
        _show_json(shown, lines)
    else:
        _show(shown, lines)
    return 1 if any(line.state == "attention" for line in lines) else 0


def _show_json(shown: Sequence[tuple[str, str, str]], lines: Sequence[Line]) -> None:
    say_json(
        {
            "settings": [{"name": name, "value": value, "origin": origin} for name, value, origin in shown],
            "lines": [{"state": line.state, "name": line.name, "text": line.text, "remedy": line.remedy} for line in lines],
        }
    )


def _show(shown: Sequence[tuple[str, str, str]], lines: Sequence[Line]) -> None:
    if shown:
        say("Settings (value, origin)", *columns([(name, value or "-", origin) for name, value, origin in shown]), "")
    width = max(len(line.name) for line in lines)
    for line in lines:
        say(f"{MARKS[line.state]:9}  {inert(line.name):{width}}  {inert(line.text)}")
        if line.remedy:
            say(f"{'':9}  {'':{width}}  -> {inert(line.remedy)}")
    troubles = sum(line.state == "attention" for line in lines)
    say("", f"{count(troubles, 'thing needs', 'things need')} attention." if troubles else "All is well.")
