"""Which of OSV's ecosystems a distribution's package belongs to, and by which name its advisories call it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies.purl import make_purl, parse_purl
from watchbill.engines.dependencies.purl_ecosystems import DISTRIBUTIONS, LANGUAGES, TYPES, distribution_of, is_named_by_source


@pytest.mark.parametrize(
    ("purl_type", "namespace", "distro", "ecosystem"),
    [
        ("deb", "debian", "debian-12", "Debian:12"),
        ("deb", "debian", "debian-12.5", "Debian:12"),
        ("deb", "debian", "12", "Debian:12"),
        ("deb", "debian", "bookworm", "Debian:12"),
        ("deb", "debian", "debian-trixie", "Debian:13"),
        ("deb", "debian", "trixie/sid", "Debian:13"),
        ("deb", "debian", "sid", "Debian:sid"),
        ("deb", "debian", "debian-3.1", "Debian:3.1"),
        ("deb", "debian", "", "Debian"),
        ("deb", "debian", "unheard-of", "Debian"),
        ("deb", "", "debian-11", "Debian:11"),
        ("deb", "Debian", "debian-11", "Debian:11"),
        ("deb", "ubuntu", "ubuntu-22.04", "Ubuntu:22.04:LTS"),
        ("deb", "ubuntu", "22.04.3", "Ubuntu:22.04:LTS"),
        ("deb", "ubuntu", "jammy", "Ubuntu:22.04:LTS"),
        ("deb", "ubuntu", "ubuntu-23.10", "Ubuntu:23.10"),
        ("deb", "ubuntu", "ubuntu-23.04", "Ubuntu:23.04"),
        ("deb", "ubuntu", "ubuntu-9", "Ubuntu"),
        ("deb", "raspbian", "raspbian-11", ""),
        ("apk", "alpine", "alpine-3.19.1", "Alpine:v3.19"),
        ("apk", "alpine", "3.19", "Alpine:v3.19"),
        ("apk", "alpine", "v3.9.2", "Alpine:v3.9"),
        ("apk", "alpine", "alpine-edge", "Alpine"),
        ("apk", "wolfi", "wolfi-20230201", "Wolfi"),
        ("apk", "chainguard", "chainguard-20230214", "Chainguard"),
        ("rpm", "rocky", "rocky-9.3", "Rocky Linux:9"),
        ("rpm", "rocky-linux", "rocky-linux-8", "Rocky Linux:8"),
        ("rpm", "almalinux", "almalinux-8.10", "AlmaLinux:8"),
        ("rpm", "alma", "alma-9", "AlmaLinux:9"),
        ("rpm", "redhat", "rhel-9.2", "Red Hat"),
        ("rpm", "", "rhel-9.2", "Red Hat"),
        ("rpm", "opensuse", "opensuse-leap-15.5", "openSUSE:Leap 15.5"),
        ("rpm", "opensuse", "opensuse-tumbleweed-20240101", "openSUSE:Tumbleweed"),
        ("rpm", "opensuse-leap", "15.6", "openSUSE:Leap 15.6"),
        ("rpm", "suse", "sles-15.5", "SUSE:Linux Enterprise Server 15 SP5"),
        ("rpm", "suse", "slem-5", "SUSE"),
        ("rpm", "mageia", "mageia-9", "Mageia:9"),
        ("rpm", "openeuler", "openeuler-22.03", "openEuler:22.03"),
        ("rpm", "openEuler", "openeuler-22.03-lts-sp1", "openEuler:22.03-LTS-SP1"),
        ("rpm", "openEuler", "openEuler-24.03 (LTS)", "openEuler:24.03-LTS"),
        ("rpm", "photon", "photon-5.0", "Photon OS:5.0"),
        ("rpm", "azurelinux", "azurelinux-3.0", "Azure Linux:3"),
        ("rpm", "fedora", "fedora-40", ""),
        ("rpm", "centos", "centos-7", ""),
        ("oci", "debian", "debian-12", ""),
    ],
)
def test_a_distribution_and_its_release_are_an_ecosystem(purl_type: str, namespace: str, distro: str, ecosystem: str) -> None:
    assert distribution_of(purl_type, namespace, {"distro": distro} if distro else {}) == ecosystem


@pytest.mark.parametrize(
    ("purl", "meant"),
    [
        ("pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl&distro=debian-12", ("Debian:12", "openssl", "3.0.11-1")),
        ("pkg:deb/debian/libc-bin@2.36-9?upstream=glibc%402.36-8&distro=debian-12", ("Debian:12", "glibc", "2.36-8")),
        ("pkg:apk/alpine/libcrypto3@3.1.4-r5?upstream=openssl&distro=alpine-3.19.1", ("Alpine:v3.19", "openssl", "3.1.4-r5")),
        (
            "pkg:rpm/rocky/openssl-libs@3.0.7-24.el9?epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm&distro=rocky-9.3",
            ("Rocky Linux:9", "openssl", "1:3.0.7-24.el9"),
        ),
        (
            "pkg:rpm/rocky/perl-Carp@1.50-460.el9?upstream=perl-5.32.1-480.el9.src.rpm&distro=rocky-9",
            ("Rocky Linux:9", "perl", "5.32.1-480.el9"),
        ),
        ("pkg:rpm/almalinux/bind-libs@9.16?upstream=bind-9.16-1.el9.src.rpm&distro=almalinux-9", ("AlmaLinux:9", "bind-libs", "9.16")),
        ("pkg:rpm/redhat/bash@5.1?epoch=0&upstream=bash-5.1-2.src.rpm", ("Red Hat", "bash", "5.1")),
        ("pkg:apk/wolfi/libcrypto3@3.1?upstream=openssl", ("Wolfi", "libcrypto3", "3.1")),
        ("pkg:deb/debian/bash@1:5.0?epoch=2", ("Debian", "bash", "1:5.0")),
        ("pkg:deb/debian/bash?epoch=2", ("Debian", "bash", "")),
        ("pkg:deb/debian/bash@5?epoch=%C2%B2", ("Debian", "bash", "5")),
    ],
)
def test_a_distribution_s_package_has_the_name_that_advisories_use(purl: str, meant: tuple[str, str, str]) -> None:
    assert parse_purl(purl) == meant


@pytest.mark.parametrize(
    ("ecosystem", "by_source"), [("Debian:12", True), ("Alpine:v3.19", True), ("AlmaLinux:9", False), ("PyPI", False), ("", False)]
)
def test_most_distributions_name_source_packages(ecosystem: str, by_source: bool) -> None:
    assert is_named_by_source(ecosystem) is by_source


def test_each_language_has_one_type_and_each_type_one_language() -> None:
    assert {LANGUAGES[purl_type] for purl_type in TYPES.values()} == set(TYPES)


@pytest.mark.parametrize(
    "ecosystem",
    ["Debian:12", "Ubuntu:22.04:LTS", "Ubuntu:23.10", "Alpine:v3.19", "Rocky Linux:9", "AlmaLinux:9", "Mageia:9", "Photon OS:5.0", "Wolfi"],
)
def test_an_ecosystem_written_as_a_purl_reads_back(ecosystem: str) -> None:
    assert parse_purl(make_purl(ecosystem, "bash", "5.0-1")) == (ecosystem, "bash", "5.0-1")


@given(st.sampled_from(sorted(DISTRIBUTIONS.values())), st.text(max_size=30))
def test_any_release_gives_an_ecosystem_of_its_family(known: tuple[str, str, str], distro: str) -> None:
    purl_type, namespace, _ = known
    family = distribution_of(purl_type, namespace, {})
    assert distribution_of(purl_type, namespace, {"distro": distro}).partition(":")[0] == family
