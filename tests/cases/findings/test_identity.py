"""Which finding a sighting belongs to: the same while the problem stays, another one as soon as it is another problem."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cases.findings.rules import Scope, Sighting, clean_text, fingerprint, package_name, same_problem, spot

MAIN = Scope("watch", "berth-board", "saltmarsh/berth-board", "main", ("package-lock.json",))
REACT = Sighting(
    advisory="CVE-2025-55182",
    aliases=("GHSA-fv66-9v8q-g76r",),
    ecosystem="npm",
    package="react-server-dom-webpack",
    purl="pkg:npm/react-server-dom-webpack@19.1.1",
    installed="19.1.1",
    manifest="package-lock.json",
    title="A stranger can run code",
)


def changed(**changes):
    return msgspec.structs.replace(REACT, **changes)


def test_an_identity_is_128_bits():
    assert len(bytes.fromhex(fingerprint(MAIN, REACT))) == 16


def test_an_identity_never_changes_between_releases():
    assert fingerprint(MAIN, REACT) == "59f9f27d3567ab618914eb3314b5d8f4"


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"},
        {"title": "Re-worded"},
        {"summary": "Another description"},
        {"installed": "19.1.0", "purl": "pkg:npm/react-server-dom-webpack@19.1.0"},
        {"cwes": ("CWE-502",)},
        {"fixed": ("19.1.2",)},
        {"aliases": ()},
        {"exploit_refs": True},
        {"advisory_modified": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_changes_while_the_problem_stays_is_not_in_the_identity(changes):
    assert fingerprint(MAIN, changed(**changes)) == fingerprint(MAIN, REACT)


@pytest.mark.parametrize(
    "changes",
    [
        {"advisory": "CVE-2025-55183"},
        {"manifest": "apps/kiosk/package-lock.json"},
        {"package": "react", "purl": "pkg:npm/react@19.1.1"},
        {"purl": "pkg:npm/%40evil/react-server-dom-webpack@19.1.1"},
        {"purl": "pkg:pypi/react-server-dom-webpack@19.1.1"},
    ],
)
def test_another_problem_has_another_identity(changes):
    assert fingerprint(MAIN, changed(**changes)) != fingerprint(MAIN, REACT)


@pytest.mark.parametrize("place", [{"service": "pay-portal"}, {"repo": "saltmarsh/pay-portal"}, {"branch": "release"}])
def test_another_place_is_another_finding(place):
    assert fingerprint(msgspec.structs.replace(MAIN, **place), REACT) != fingerprint(MAIN, REACT)


def test_another_source_in_the_same_place_is_the_same_finding():
    assert fingerprint(msgspec.structs.replace(MAIN, source="another scanner"), REACT) == fingerprint(MAIN, REACT)


@given(st.text(max_size=20), st.text(max_size=20))
def test_text_can_not_move_from_one_field_into_the_next(one, two):
    a = fingerprint(Scope("s", one, two, ""), REACT)
    b = fingerprint(Scope("s", one + two, "", ""), REACT)

    assert (a == b) == (two.strip() == "" and one.strip() == (one + two).strip())


def test_two_names_of_one_problem_share_their_spot():
    assert spot(MAIN, changed(advisory="GHSA-fv66-9v8q-g76r")) == spot(MAIN, REACT)


@pytest.mark.parametrize(
    ("ecosystem", "package", "purl", "expected"),
    [
        ("npm", "@babel/core", "", ("npm", "@babel", "core")),
        ("npm", "@babel/core", "pkg:npm/%40babel/core@7.0.0", ("npm", "@babel", "core")),
        ("PyPI", "Flask_Login", "", ("pypi", "", "flask-login")),
        ("PyPI", "Flask_Login", "pkg:pypi/flask.login@0.6?extension=whl#x", ("pypi", "", "flask-login")),
        ("Go", "github.com/gin-gonic/gin", "pkg:golang/github.com/gin-gonic/gin@v1.9.0", ("golang", "github.com/gin-gonic", "gin")),
        ("Go", "github.com/gin-gonic/gin", "", ("golang", "github.com/gin-gonic", "gin")),
        ("crates.io", "time", "", ("cargo", "", "time")),
        ("Exotic", "Thing", "", ("exotic", "", "Thing")),
    ],
)
def test_a_package_has_one_spelling_with_or_without_purl(ecosystem, package, purl, expected):
    name = package_name(ecosystem, package, purl)

    assert (name.type, name.namespace, name.name) == expected


def test_a_purl_without_version_names_the_same_package():
    assert package_name("npm", "x", "pkg:npm/%40babel/core") == package_name("npm", "x", "pkg:npm/%40babel/core@7.1.0")


@given(st.text(max_size=60))
def test_no_purl_breaks_the_reading(text):
    package_name("npm", "left-pad", text)
    package_name("npm", "left-pad", "pkg:" + text)


def test_an_advisory_and_its_cve_are_the_same_problem():
    assert same_problem("GHSA-a", ("CVE-2025-55182",), "CVE-2025-55182", ())


def test_an_advisory_for_two_cves_is_neither_of_them():
    assert not same_problem("GHSA-a", ("CVE-2025-0001", "CVE-2025-0002"), "CVE-2025-0001", ())


def test_two_advisories_with_the_same_cve_are_the_same_problem():
    assert same_problem("GHSA-a", ("CVE-2025-0001",), "PYSEC-1", ("CVE-2025-0001",))


def test_without_a_cve_one_has_to_name_the_other():
    assert same_problem("GHSA-a", (), "RUSTSEC-1", ("GHSA-a",))
    assert not same_problem("GHSA-a", ("GO-1",), "RUSTSEC-1", ("GO-1",))


@given(st.lists(st.sampled_from(["CVE-2025-0001", "CVE-2025-0002", "GHSA-a", "GHSA-b"]), min_size=2, max_size=5))
def test_being_the_same_problem_goes_both_ways(names):
    first, *rest = names

    assert same_problem(first, tuple(rest[:2]), rest[0], tuple(rest[2:])) == same_problem(rest[0], tuple(rest[2:]), first, tuple(rest[:2]))


def test_a_version_that_is_written_down_and_known_is_pinned():
    assert REACT.pin == "pinned"


def test_a_bound_is_no_version():
    assert changed(installed="", unpinned_bound=">=4.1.1").pin == "not_pinned"
    assert changed(installed="").pin == "not_pinned"


def test_a_version_that_can_not_be_ordered_is_unknown():
    assert changed(version_unknown="version 'latest' can't be ordered").pin == "unknown"


def test_stored_text_keeps_lines_and_loses_control_characters():
    assert clean_text("<b>one\x1b[31m\r\ntwo\u202e\x00", 100) == "<b>one [31m\ntwo"


def test_stored_text_is_cut_at_its_limit():
    assert clean_text("x" * 11, 10) == "x" * 10
