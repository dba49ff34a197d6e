"""`watchbill advisories why`: how one advisory comes to its verdict on one version of a package, step by step.

Read from the store's file, without Django; it asks what a match asks, and changes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from watchbill.base.datadir import DataDir
from watchbill.base.problem import Problem, not_found
from watchbill.cli import place
from watchbill.cli.terminal import inert, say, say_json
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.explaining import Explanation, Step, ecosystems_naming, explain
from watchbill.engines.dependencies.store import AdvisoryStore, StoreUnusable

HELP = "Explain step by step why an advisory affects a version or not. Exit 0 not affected, 1 affected, 2 it can't be known."
EXAMPLE = "watchbill advisories why GHSA-aaaa-bbbb-cccc jinja2 2.4.1"

SIGNS = {"yes": "yes", "no": "no", "unknown": "?", "": ""}
EXIT_CODES = {"not_affected": 0, "affected": 1, "unknown": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="an advisory's id, or an alias such as a CVE")
    parser.add_argument("package", metavar="PACKAGE", help="the package's name, as its ecosystem writes it")
    parser.add_argument("version", metavar="VERSION", help="the installed version; '' for none pinned")
    parser.add_argument(
        "--ecosystem", metavar="E", help="PyPI, npm, Maven, Debian:12, ...; left out, the one in which the advisory names it"
    )
    parser.add_argument("--json", action="store_true", help="the steps as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """0 not affected, 1 affected, 2 unknown; of several advisories of that name the worst. Raises Problem (which ends with 2 as well: it
    could not be known) for a name that no advisory bears, when the ecosystem has to be told, and when the store can't be used."""
    told = [_explained(one, arguments) for one in _advisories(str(arguments.id))]
    if arguments.json:
        say_json({"explanations": msgspec.to_builtins(told)})
    else:
        say(*(line for place, one in enumerate(told) for line in (*([""] if place else []), *_lines(one))))
    states = {one.state for one in told}
    worst = next(state for state in ("affected", "unknown", "not_affected") if state in states)
    return EXIT_CODES[worst]


def _advisories(name: str) -> tuple[Advisory, ...]:
    """Those called so: the one with that id alone, else all that have it for an alias."""
    try:
        with AdvisoryStore.open(DataDir(place.enter()).advisories, create=False) as store:
            exact = store.get(name)
            found = (exact,) if exact is not None else store.by_alias(name)
    except StoreUnusable as error:
        remedy = "watchbill advisories load PATH..."
        raise Problem("no_advisories", "No advisories are loaded", str(error), remedy=remedy, status=409) from error
    if not found:
        raise not_found("advisory", name, "Check its spelling, or bring the advisories up to date: watchbill advisories update.")
    return found


def _explained(advisory: Advisory, arguments: argparse.Namespace) -> Explanation:
    ecosystem = arguments.ecosystem
    if ecosystem is None:
        named = ecosystems_naming(advisory, arguments.package)
        if len(named) > 1:
            listed = inert(", ".join(named[:20]) + (" and others" if len(named) > 20 else ""))
            detail = f"{advisory.id} names {inert(arguments.package)} in {listed}."
            raise Problem("which_ecosystem", "In which ecosystem?", detail, field="ecosystem", remedy="Add --ecosystem.", status=422)
        ecosystem = named[0] if named else ""
    return explain(advisory, ecosystem, arguments.package, arguments.version)


def _lines(told: Explanation) -> Iterator[str]:
    version = told.version or "(not pinned)"
    yield inert(f"Is {told.package} {version}{f' ({told.ecosystem})' if told.ecosystem else ''} affected by {told.advisory_id}?")
    for step in told.steps:
        yield inert(f"{_indent(step)}{SIGNS[step.answer]:>4}  {step.text}")


def _indent(step: Step) -> str:
    if step.kind == "event":
        return "    "
    return "  " if step.entry else ""
