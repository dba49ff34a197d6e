"""Package URLs, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies.purl import identified, make_purl, parse_purl, split_purl
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
        ("Packagist", "Vendor/Package", "1", "pkg:composer/vendor/package@1"),
        ("RubyGems", "activesupport", "7.0.4", "pkg:gem/activesupport@7.0.4"),
        ("NuGet", "Newtonsoft.Json", "13.0.1", "pkg:nuget/Newtonsoft.Json@13.0.1"),
        ("Debian:12", "bash", "5.2.15-2+b2", "pkg:deb/debian/bash@5.2.15-2%2Bb2?distro=debian-12"),
        ("Debian", "bash", "5.2", "pkg:deb/debian/bash@5.2"),
        ("Ubuntu:22.04:LTS", "bash", "1:5.1", "pkg:deb/ubuntu/bash@1:5.1?distro=ubuntu-22.04"),
        ("Alpine:v3.19", "busybox", "1.36.1-r5", "pkg:apk/alpine/busybox@1.36.1-r5?distro=alpine-3.19"),
        ("Rocky Linux:9", "openssl", "3.0.7-24.el9", "pkg:rpm/rocky/openssl@3.0.7-24.el9?distro=rocky-9"),
        ("Red Hat:enterprise_linux:9::baseos", "bash", "5", "pkg:rpm/redhat/bash@5"),
    ],
)
def test_a_package_has_the_purl_of_the_specification(ecosystem: str, name: str, version: str, purl: str) -> None:
    assert make_purl(ecosystem, name, version) == purl


def test_a_package_that_is_not_pinned_has_a_purl_without_version() -> None:
    assert make_purl("PyPI", "flask") == "pkg:pypi/flask"


@pytest.mark.parametrize(("ecosystem", "name"), [("", "a"), ("OSS-Fuzz", "bash"), ("npm", "")])
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
        ("pkg:nuget/Newtonsoft.Json@13.0.1", ("NuGet", "newtonsoft.json", "13.0.1")),
        ("pkg:composer/Vendor/Package@1", ("Packagist", "vendor/package", "1")),
        ("pkg:deb/debian/bash@5.0", ("Debian", "bash", "5.0")),
        ("pkg:swift/swift.example/Crane/Hook@5.4.3", ("SwiftURL", "swift.example/Crane/Hook", "5.4.3")),
        ("pkg:generic/openssl@1.1.10g", ("", "openssl", "1.1.10g")),
        ("pkg:oci/Crane@sha256:24", ("", "crane", "sha256:24")),
        ("pkg:docker/customer/crane@sha256:24", ("", "customer/crane", "sha256:24")),
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


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("pkg:maven/org.apache.commons/io@1.3.4", "pkg:maven/org.apache.commons/io@1.3.4"),
        ("pkg:GOLANG/google.example/genproto@abcdedf#/googleapis/api/", "pkg:golang/google.example/genproto@abcdedf#googleapis/api"),
        ("pkg:github/Package-url/purl-Spec@244f", "pkg:github/package-url/purl-spec@244f"),
        ("pkg:deb/debian/curl@7.50.3-1?distro=jessie&arch=i386", "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"),
        (
            "pkg:docker/customer/image@sha256:244f?repository_url=g.example",
            "pkg:docker/customer/image@sha256:244f?repository_url=g.example",
        ),
        ("pkg:gem/jruby-launcher@1.1.2?Platform=java", "pkg:gem/jruby-launcher@1.1.2?platform=java"),
        ("pkg:Nuget/EnterpriseLibrary.Common@6.0.1304", "pkg:nuget/EnterpriseLibrary.Common@6.0.1304"),
        ("pkg:PYPI/Django_package@1.11.1.dev1", "pkg:pypi/django-package@1.11.1.dev1"),
        ("pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25", "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25"),
        ("pkg:///maven/org.apache.commons/io", "pkg:maven/org.apache.commons/io"),
        ("pkg:maven/HTTPClient/HTTPClient@0.3-3", "pkg:maven/HTTPClient/HTTPClient@0.3-3"),
        ("pkg:maven/mygroup/my@1.0.0%20Final?mykey=my%20value", "pkg:maven/mygroup/my@1.0.0%20Final?mykey=my%20value"),
        ("pkg:npm/a@1.0.0?in%20production=true&empty=", "pkg:npm/a@1.0.0"),
        ("pkg:npm/a@1?vcs_url=git%2Bhttps%3A%2F%2Fx.example%2Fy.git", "pkg:npm/a@1?vcs_url=git%2Bhttps:%2F%2Fx.example%2Fy.git"),
        ("pkg:apk/Alpine/Busybox@1.36.1-r5?arch=x86", "pkg:apk/alpine/busybox@1.36.1-r5?arch=x86"),
    ],
)
def test_a_purl_is_spelled_as_the_specification_asks(text: str, canonical: str) -> None:
    assert str(split_purl(text)) == canonical


@given(st.text(max_size=80))
def test_spelling_a_purl_twice_changes_nothing(text: str) -> None:
    purl = split_purl("pkg:" + text)
    if purl is not None and len(str(purl)) < 1_000:
        assert split_purl(str(purl)) == purl


@pytest.mark.parametrize(
    ("text", "version", "meant"),
    [
        ("pkg:npm/a", "2.0.0", ("npm", "a", "2.0.0", "pkg:npm/a@2.0.0")),
        ("pkg:npm/a@1.0.0", "2.0.0", ("npm", "a", "1.0.0", "pkg:npm/a@1.0.0")),
        ("pkg:maven/g/a@1?type=jar", "", ("Maven", "g:a", "1", "pkg:maven/g/a@1")),
        ("pkg:nuget/Crane.Hook@1", "", ("NuGet", "crane.hook", "1", "pkg:nuget/Crane.Hook@1")),
        ("pkg:generic/crane?download_url=x", "3", ("", "crane", "3", "pkg:generic/crane@3?download_url=x")),
        (
            "pkg:deb/debian/libssl3@3.0?upstream=openssl&distro=debian-12",
            "",
            ("Debian:12", "openssl", "3.0", "pkg:deb/debian/libssl3@3.0?distro=debian-12&upstream=openssl"),
        ),
    ],
)
def test_a_bill_s_package_has_one_name_and_one_purl(text: str, version: str, meant: tuple[str, str, str, str]) -> None:
    assert identified(text, version) == meant


def test_what_is_no_purl_identifies_nothing() -> None:
    assert identified("nonsense", "1") is None
