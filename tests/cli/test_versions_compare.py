"""`watchbill versions compare`: one pair, or a stream of pairs answered line by line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_data import shared_data
from watchbill.cli.commands.versions_compare import LINE_BYTES

TREE = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("a", "b", "sign"), [("1.0rc1", "1.0", "<"), ("1.0", "1.0.0", "="), ("2.0", "1.9", ">")])
def test_a_pair_is_answered_by_a_sign(here, a: str, b: str, sign: str) -> None:
    ran = here("versions", "compare", "PyPI", a, b)
    assert (ran.code, ran.out) == (0, f"{sign}\n")


def test_what_cannot_be_ordered_is_unknown_and_ends_with_two(here) -> None:
    ran = here("versions", "compare", "npm", "1.0.0", "banana")
    assert (ran.code, ran.out) == (2, "unknown\n")


@pytest.mark.parametrize(
    ("ecosystem", "a", "b"),
    [
        ("RubyGems", "1.0.a", "1.0"),
        ("Packagist", "6.3.0.0", "6.3.0.1"),
        ("Maven", "1.0-rc1", "1.0"),
        ("NuGet", "1.0-BETA", "1.0.0"),
        ("Debian:12", "1.0~rc1-1", "1.0-1"),
        ("Ubuntu:22.04:LTS", "1.0-1", "1.0-1ubuntu1"),
        ("Alpine:v3.18", "1.0_rc1-r0", "1.0-r0"),
        ("Red Hat", "1.0-1.el9", "0:1.0-2.el9"),
        ("Rocky Linux:9", "1.0~rc1-1", "1.0-1"),
        ("Pub", "1.0.0", "1.0.0+1"),
        ("CRAN", "0.9", "0.75"),
        ("Hackage", "1.0", "1.0.0"),
    ],
)
def test_every_ecosystem_is_known(here, ecosystem: str, a: str, b: str) -> None:
    assert here("versions", "compare", ecosystem, a, b).out == "<\n"


def test_an_ecosystem_without_an_order_is_unknown_and_those_with_one_are_named(here) -> None:
    ran = here("versions", "compare", "Nowhere", "1", "2")
    assert (ran.code, ran.out) == (2, "unknown\n")
    assert "Nowhere has no order here" in ran.err
    assert "maven" in ran.err


def test_one_version_alone_is_wrong_usage(here) -> None:
    assert here("versions", "compare", "npm", "1.0.0").code == 64


def test_json_repeats_the_question(here) -> None:
    assert here("versions", "compare", "npm", "1.0.0", "2.0.0", "--json").json() == {
        "ecosystem": "npm", "a": "1.0.0", "b": "2.0.0", "answer": "<",
    }  # fmt: skip


def test_a_stream_gets_one_answer_a_line_in_order(process) -> None:
    ran = process("versions", "compare", "PyPI", "-", stdin="1 2\n2 1\n1 1\n")
    assert (ran.code, ran.out) == (0, "<\n>\n=\n")


def test_a_last_line_without_its_end_is_answered(process) -> None:
    assert process("versions", "compare", "PyPI", "-", stdin="1 2\n3 1").out == "<\n>\n"


def test_a_line_that_is_no_pair_is_answered_and_told(process) -> None:
    ran = process("versions", "compare", "PyPI", "-", stdin="1 2\n\n1 2 3\n2 1\n")
    assert (ran.code, ran.out) == (2, "<\nunknown\nunknown\n>\n")
    assert "2 lines" in ran.err


def test_an_unknown_pair_in_a_stream_is_no_fault_of_the_stream(process) -> None:
    assert process("versions", "compare", "npm", "-", stdin="1.0.0 banana\n").code == 0


def test_an_overlong_line_is_unknown_and_the_next_is_answered(process) -> None:
    ran = process("versions", "compare", "PyPI", "-", stdin=f"1 {'9' * LINE_BYTES * 3}\n1 2\n")
    assert ran.out == "unknown\n<\n"


def test_a_stream_is_answered_before_more_is_waited_for() -> None:
    words = [sys.executable, "-m", "watchbill.cli.main", "versions", "compare", "PyPI", "-"]
    with subprocess.Popen(words, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        for pair, sign in ((b"1 2\n", b"<\n"), (b"3 1\n", b">\n")):
            asked.stdin.write(pair)
            asked.stdin.flush()
            assert asked.stdout.readline() == sign
        asked.stdin.close()


def test_pairs_that_are_no_text_are_unknown(home: Path) -> None:
    words = [sys.executable, "-m", "watchbill.cli.main", "versions", "compare", "PyPI", "-"]
    done = subprocess.run(words, input=b"\xff\xfe \x00\n", cwd=TREE, capture_output=True, env=dict(os.environ), check=False)
    assert done.stdout == b"unknown\n"


FIXTURES = {
    "alpine": "Alpine", "cran": "CRAN", "debian": "Debian", "hackage": "Hackage", "maven": "Maven", "nuget": "NuGet",
    "packagist": "Packagist",
    "pub": "Pub", "pypi": "PyPI", "redhat": "Red Hat", "rubygems": "RubyGems", "semver": "npm",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_a_stream_is_answered_as_the_reference_samples_are(process, name: str) -> None:
    told = shared_data("vulnerabilities", "versions", f"{name}-versions.txt").read_text().splitlines()
    triples = [line.split(" ") for line in told if line.strip() and not line.startswith(("# ", "// "))]
    ran = process("versions", "compare", FIXTURES[name], "-", stdin="".join(f"{a} {b}\n" for a, _, b in triples))
    wrong = [(triple, got) for triple, got in zip(triples, ran.out.split(), strict=True) if got != triple[1]]
    assert wrong == []
