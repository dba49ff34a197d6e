"""`watchbill versions compare`: which of two versions is newer, by the ecosystem's own rule; one pair, or a stream of pairs.

A stream is answered as it comes: every line that has arrived is answered before more is waited for, one answer a line and in order.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from watchbill.cli.terminal import inert, say, say_json, warn
from watchbill.engines.dependencies.versions import compare, family_of, ordered_families

HELP = "Say which of two versions is newer: <, =, > or unknown. With - as the only version, read `A B` pairs from standard input."
EXAMPLE = "watchbill versions compare PyPI 1.0rc1 1.0"

SIGNS = {-1: "<", 0: "=", 1: ">", None: "unknown"}
LINE_BYTES = 4096
READ_BYTES = 65536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "ecosystem",
        metavar="ECOSYSTEM",
        help="PyPI, npm, Go, crates.io, RubyGems, Packagist, Maven, NuGet, Debian:12, Alpine:v3.18, Red Hat, ...",
    )
    parser.add_argument("a", metavar="A", help="a version, or - to read pairs from standard input")
    parser.add_argument("b", metavar="B", nargs="?", help="the version to compare it with")
    parser.add_argument("--json", action="store_true", help="one JSON object an answer")


def run(arguments: argparse.Namespace) -> int:
    """0 answered; 2 when the single pair is unknown, or when a line of the stream was no pair; 64 for a missing version."""
    if family_of(arguments.ecosystem) not in ordered_families():
        warn(f"watchbill versions compare: {inert(arguments.ecosystem)} has no order here; known are {', '.join(ordered_families())}")
    if arguments.a == "-" and arguments.b is None:
        return _stream(arguments.ecosystem, as_json=arguments.json)
    if arguments.b is None:
        warn("watchbill versions compare: give two versions, or - to read pairs from standard input")
        return 64
    sign = SIGNS[compare(arguments.ecosystem, arguments.a, arguments.b)]
    _show(arguments.ecosystem, (arguments.a, arguments.b), sign, as_json=arguments.json)
    return 2 if sign == "unknown" else 0


def _stream(ecosystem: str, *, as_json: bool) -> int:
    malformed = 0
    for line in _lines(sys.stdin.fileno()):
        words = line.decode("utf-8", "replace").split() if len(line) < LINE_BYTES else []
        pair = (words[0], words[1]) if len(words) == 2 else None
        malformed += pair is None
        sign = SIGNS[compare(ecosystem, *pair)] if pair else "unknown"
        _show(ecosystem, pair or ("", ""), sign, as_json=as_json)
    if malformed:
        warn(f"watchbill versions compare: {malformed} lines were no pair of versions and are answered `unknown`")
    return 2 if malformed else 0


def _show(ecosystem: str, pair: tuple[str, str], sign: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"ecosystem": ecosystem, "a": pair[0], "b": pair[1], "answer": sign})
    else:
        say(sign)


def _lines(descriptor: int) -> Iterator[bytes]:
    """Lines without their ends; what was said so far is sent on before each wait. A line is cut at LINE_BYTES."""
    rest = b""
    while chunk := os.read(descriptor, READ_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line[:LINE_BYTES] for line in whole)
        rest = rest[:LINE_BYTES]
        sys.stdout.flush()
    if rest:
        yield rest
