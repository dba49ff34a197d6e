"""Between the types of package URLs and the names of OSV's ecosystems. Tables and text only; nothing is looked up.

A distribution's ecosystem carries its release ("Debian:12", "Alpine:v3.19"), which a purl tells in its `distro` qualifier. Where it
doesn't, or the release isn't known here, the family's bare name is given: the version can still be ordered, and no advisory of another
release is taken for this one's. Sources: the purl type definitions, the "Defined ecosystems" of the OSV schema.
"""

import re
from collections.abc import Callable, Mapping

TYPES = {
    "PyPI": "pypi",
    "npm": "npm",
    "Go": "golang",
    "crates.io": "cargo",
    "Maven": "maven",
    "RubyGems": "gem",
    "Packagist": "composer",
    "NuGet": "nuget",
    "Pub": "pub",
    "Hex": "hex",
    "Hackage": "hackage",
    "CRAN": "cran",
    "SwiftURL": "swift",
    "ConanCenter": "conan",
    "Bitnami": "bitnami",
    "Julia": "julia",
    "opam": "opam",
    "GitHub Actions": "githubactions",
}
"""The purl type of each ecosystem whose packages are named without a distribution."""

LANGUAGES = {purl_type: ecosystem for ecosystem, purl_type in TYPES.items()}

DISTRIBUTIONS = {
    "Debian": ("deb", "debian", "debian-"),
    "Ubuntu": ("deb", "ubuntu", "ubuntu-"),
    "Alpine": ("apk", "alpine", "alpine-"),
    "Wolfi": ("apk", "wolfi", ""),
    "Chainguard": ("apk", "chainguard", ""),
    "Red Hat": ("rpm", "redhat", ""),
    "Rocky Linux": ("rpm", "rocky", "rocky-"),
    "AlmaLinux": ("rpm", "almalinux", "almalinux-"),
    "openSUSE": ("rpm", "opensuse", ""),
    "SUSE": ("rpm", "suse", ""),
    "Mageia": ("rpm", "mageia", "mageia-"),
    "openEuler": ("rpm", "openeuler", ""),
    "Photon OS": ("rpm", "photon", "photon-"),
    "Azure Linux": ("rpm", "azurelinux", "azurelinux-"),
}
"""(purl type, namespace, what precedes the release in `distro`; empty where a release can't be written back) by family."""

_FAMILIES = {(purl_type, namespace): family for family, (purl_type, namespace, _) in DISTRIBUTIONS.items()} | {
    ("rpm", "rhel"): "Red Hat",
    ("rpm", "rocky-linux"): "Rocky Linux",
    ("rpm", "rockylinux"): "Rocky Linux",
    ("rpm", "alma"): "AlmaLinux",
    ("rpm", "sles"): "SUSE",
    ("rpm", "sle"): "SUSE",
    ("rpm", "opensuse-leap"): "openSUSE",
    ("rpm", "opensuse-tumbleweed"): "openSUSE",
    ("rpm", "photon-os"): "Photon OS",
}
_NAMED_BY_BINARY = frozenset(("Wolfi", "Chainguard", "Red Hat", "AlmaLinux", "Photon OS", "Azure Linux"))
_DEBIAN = {
    "buzz": "1.1",
    "rex": "1.2",
    "bo": "1.3",
    "hamm": "2.0",
    "slink": "2.1",
    "potato": "2.2",
    "woody": "3.0",
    "sarge": "3.1",
    "etch": "4.0",
    "lenny": "5.0",
    "squeeze": "6.0",
    "wheezy": "7",
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
    "sid": "sid",
}
_UBUNTU = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "kinetic": "22.10",
    "lunar": "23.04",
    "mantic": "23.10",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
}
_NUMBERS = re.compile(r"(?:^|[-_ v:])([0-9]+(?:\.[0-9]+)*)(?=$|[-_ .])")
_YEAR_AND_MONTH = re.compile(r"[0-9]{2}\.[0-9]{2}")
_LONG_TERM = re.compile(r"[0-9][02468]\.04")
_OPENEULER = re.compile(r"([0-9]{2}\.[0-9]{2})(?:[-_ ]*\(?(lts)(?:[-_ ]*(sp[0-9]+))?\)?)?", re.IGNORECASE)
_SERVICE_PACK = re.compile(r"([0-9]+)\.([0-9]+)")


def distribution_of(purl_type: str, namespace: str, qualifiers: Mapping[str, str]) -> str:
    """OSV's ecosystem of an operating system's package, empty if the purl names none that OSV knows.

    "Debian:12" of deb, debian, {"distro": "debian-12.5"}; the bare "Debian" where no release is told.
    """
    distro = qualifiers.get("distro", "").strip().lower()
    family = _FAMILIES.get((purl_type, namespace.lower())) or _family_of(purl_type, distro)
    if not family:
        return ""
    release = _RELEASES.get(family, _major)(distro) if distro else ""
    return f"{family}:{release}" if release else family


def is_named_by_source(ecosystem: str) -> bool:
    """Whether advisories of a distribution name the source package ("openssl") rather than the installed one ("libssl3")."""
    family = ecosystem.partition(":")[0]
    return family in DISTRIBUTIONS and family not in _NAMED_BY_BINARY


def _family_of(purl_type: str, distro: str) -> str:
    """The family that a `distro` such as "rocky-9.3" begins with, for a purl whose namespace is missing or another word."""
    name = re.split(r"[-_: ]?[0-9]", distro, maxsplit=1)[0]
    return _FAMILIES.get((purl_type, name), "")


def _number(distro: str) -> str:
    found = _NUMBERS.search(distro)
    return found[1] if found else ""


def _major(distro: str) -> str:
    return _number(distro).partition(".")[0]


def _debian(distro: str) -> str:
    """Releases are whole numbers since 7, points before it; a code name stands for its number."""
    named = _DEBIAN.get(distro.removeprefix("debian-").partition("/")[0])
    if named:
        return named
    number = _number(distro)
    major = number.partition(".")[0]
    return number if major.isdigit() and int(major) < 7 else major


def _ubuntu(distro: str) -> str:
    """The year and month, with ":LTS" for April of even years."""
    number = _UBUNTU.get(distro.removeprefix("ubuntu-")) or _number(distro)
    found = _YEAR_AND_MONTH.match(number)
    if not found:
        return ""
    return f"{found[0]}:LTS" if _LONG_TERM.fullmatch(found[0]) else found[0]


def _alpine(distro: str) -> str:
    """The branch, "v3.19"; the rolling one has none."""
    parts = _number(distro).split(".")
    return f"v{parts[0]}.{parts[1]}" if len(parts) > 1 else ""


def _two_parts(distro: str) -> str:
    return ".".join(_number(distro).split(".")[:2])


def _opensuse(distro: str) -> str:
    """The marketing name of /etc/os-release: "Leap 15.5", "Tumbleweed"."""
    if "tumbleweed" in distro:
        return "Tumbleweed"
    number = _two_parts(distro)
    return f"Leap {number}" if number else ""


def _suse(distro: str) -> str:
    """Of SUSE's products only the server is told by a `distro` such as "sles-15.5"; others have names that it doesn't carry."""
    found = _SERVICE_PACK.search(distro)
    return f"Linux Enterprise Server {found[1]} SP{found[2]}" if found and "sle" in distro else ""


def _openeuler(distro: str) -> str:
    found = _OPENEULER.search(distro)
    return "-".join(part.upper() for part in found.groups() if part) if found else ""


def _none(distro: str) -> str:
    """Red Hat's ecosystems are product streams (CPE names), which a `distro` doesn't tell; the rolling ones have no releases."""
    del distro
    return ""


_RELEASES: dict[str, Callable[[str], str]] = {
    "Debian": _debian,
    "Ubuntu": _ubuntu,
    "Alpine": _alpine,
    "openSUSE": _opensuse,
    "SUSE": _suse,
    "openEuler": _openeuler,
    "Photon OS": _two_parts,
    "Red Hat": _none,
    "Wolfi": _none,
    "Chainguard": _none,
}
