"""Package URLs, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies.purl import make_purl, parse_purl
from watchbill.engines.dependencies.versions import normalise_name

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)
versions = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "purl"),
    [
        ("PyPI", "Foo_Bar", "1.0", "pkg:pypi/foo-bar@1.0"),
        ("npm", "lodash", "4.17.21", "pkg:npm/lodash@4.17.21"),
        ("npm", "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
        ("Go", "github.com/BurntSushi/toml", "1.0.0", "pkg:golang/github.com/BurntSushi/toml@1.0.0"),
        ("Go", "example.com/a", "2.0.0+incompatible", "pkg:golang/example.com/a@2.0.0%2Bincompatible"),
        ("crates.io", "proc_macro2", "1.0.0", "pkg:cargo/proc_macro2@1.0.0"),
        ("Maven", "org.example:thing", "1", "pkg:maven/org.example/thing@1"),
        ("Packagist", "vendor/package", "1", "pkg:composer/vendor/package@1"),
    ],
)
def test_a_package_has_the_purl_of_the_specification(ecosystem: str, name: str, version: str, purl: str) -> None:
    assert make_purl(ecosystem, name, version) == purl


def test_a_package_that_is_not_pinned_has_a_purl_without_version() -> None:
    assert make_purl("PyPI", "flask") == "pkg:pypi/flask"


@pytest.mark.parametrize(("ecosystem", "name"), [("", "a"), ("Debian:12", "bash"), ("npm", "")])
def test_what_has_no_purl_gets_none(ecosystem: str, name: str) -> None:
    assert make_purl(ecosystem, name, "1") == ""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("pkg:npm/%40babel/core@7.0.0", ("npm", "@babel/core", "7.0.0")),
        ("pkg:npm/@babel/core@7.0.0", ("npm", "@babel/core", "7.0.0")),
        ("pkg:npm/@babel/core", ("npm", "@babel/core", "")),
        ("pkg:maven/org.example/thing@1.0?type=jar", ("Maven", "org.example:thing", "1.0")),
        ("pkg:golang/github.com/A/b@v1.2.3#sub/path", ("Go", "github.com/A/b", "1.2.3")),
        ("PKG:PyPI/Foo_Bar@1.0", ("PyPI", "foo-bar", "1.0")),
        ("pkg://npm/lodash@1.0.0", ("npm", "lodash", "1.0.0")),
        ("pkg:gem/rails@7.0?platform=java", ("RubyGems", "rails", "7.0")),
        ("pkg:composer/vendor/package@1", ("Packagist", "vendor/package", "1")),
        ("pkg:nuget/Newtonsoft.Json@13.0.1", ("NuGet", "Newtonsoft.Json", "13.0.1")),
        ("pkg:deb/debian/bash@5.0", ("", "debian/bash", "5.0")),
        ("pkg:cargo/wasi@0.10.2%2Bwasi-preview1", ("crates.io", "wasi", "0.10.2+wasi-preview1")),
    ],
)
def test_a_purl_says_which_package_is_meant(text: str, meant: tuple[str, str, str]) -> None:
    assert parse_purl(text) == meant


@pytest.mark.parametrize(
    "text", ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/lodash", "http://registry.example/x", "pkg:np m/x", "pkg:npm/%ff@1", "pkg:npm/a@%ff"]
)
def test_what_is_no_purl_is_none(text: str) -> None:
    assert parse_purl(text) is None


def test_an_endless_purl_is_none() -> None:
    assert parse_purl("pkg:npm/" + "a" * 10_000) is None


@given(st.sampled_from(["PyPI", "npm", "crates.io", "RubyGems", "Hex"]), names, versions)
def test_a_purl_reads_back_as_it_was_meant(ecosystem: str, name: str, version: str) -> None:
    assert parse_purl(make_purl(ecosystem, name, version)) == (ecosystem, normalise_name(ecosystem, name), version)


@given(names, names, versions)
def test_a_scoped_purl_reads_back_as_it_was_meant(scope: str, name: str, version: str) -> None:
    assert parse_purl(make_purl("npm", f"@{scope}/{name}", version)) == ("npm", f"@{scope}/{name}", version)


@given(st.lists(names, min_size=1, max_size=3), names, versions)
def test_a_maven_purl_reads_back_as_it_was_meant(group: list[str], artifact: str, version: str) -> None:
    name = f"{'.'.join(group)}:{artifact}"
    assert parse_purl(make_purl("Maven", name, version)) == ("Maven", name, version)


@given(st.text(max_size=60))
def test_any_text_after_the_scheme_gets_an_answer(text: str) -> None:
    meant = parse_purl("pkg:" + text)
    assert meant is None or len(meant) == 3
