"""Package URLs: the names by which tools tell each other which package is meant. Text only; nothing is looked up.

Source: the purl specification (ECMA-427) and its type definitions. One difference on purpose: Go module paths keep their case, where
the type definition asks for lower case. They are case-sensitive, advisories name them so, and the definition itself says that it
predates modules.
"""

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

import msgspec

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.purl_ecosystems import DISTRIBUTIONS, LANGUAGES, TYPES, distribution_of, is_named_by_source
from watchbill.engines.dependencies.versions import normalise_name

_TYPE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.+-")
_MOST_CHARS = 4 * (limits.MAX_NAME_CHARS + limits.MAX_VERSION_CHARS)
_QUALIFIER_KEY = re.compile(r"[a-z.\-_][a-z0-9.\-_]*")
_LOWER_CASE = frozenset(("alpm", "apk", "bitbucket", "bitnami", "composer", "deb", "github", "githubactions", "hex", "pub"))
_LOWER_NAMESPACE = frozenset(("rpm", "qpkg"))
_LOWER_NAME = frozenset(("oci",))
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")


class Purl(msgspec.Struct, frozen=True):
    """A package URL taken apart: every part decoded, and spelled as its type asks for; qualifiers sorted by key."""

    type: str
    namespace: str
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""

    def __str__(self) -> str:
        """The canonical purl."""
        path = "/".join(_encoded(part) for part in (*self.namespace.split("/"), self.name) if part)
        version = f"@{_encoded(self.version)}" if self.version else ""
        qualifiers = "&".join(f"{key}={_encoded(value)}" for key, value in self.qualifiers)
        subpath = "/".join(_encoded(part) for part in self.subpath.split("/") if part)
        return f"pkg:{self.type}/{path}{version}" + (f"?{qualifiers}" if qualifiers else "") + (f"#{subpath}" if subpath else "")


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def make_purl(ecosystem: str, name: str, version: str = "") -> str:
    """The purl of a package, without a version where that is empty; empty for an ecosystem that has no purl type.

    `name` carries its namespace as the ecosystem writes it: `@scope/name`, `example.com/module`, `group:artifact`. A NuGet name keeps
    its case. The package of a distribution gets its release as `distro`, where the ecosystem tells it and it can be written back.
    """
    family, _, release = ecosystem.partition(":")
    purl_type = TYPES.get(family)
    if not name or (purl_type is None and family not in DISTRIBUTIONS):
        return ""
    if purl_type is None:
        purl_type, namespace, prefix = DISTRIBUTIONS[family]
        distro = (("distro", prefix + release.partition(":")[0].removeprefix("v")),) if release and prefix else ()
        return str(Purl(purl_type, namespace, name, version, distro))
    path = name if purl_type == "nuget" else normalise_name(ecosystem, name)
    if purl_type == "maven":
        path = path.replace(":", "/", 1)
    encoded = "/".join(_encoded(part) for part in path.split("/"))
    return f"pkg:{purl_type}/{encoded}@{_encoded(version)}" if version else f"pkg:{purl_type}/{encoded}"


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def split_purl(text: str) -> Purl | None:
    """The parts of a purl, None if it is none. Slashes after the scheme are skipped; odd or empty qualifiers are left out."""
    scheme, _, rest = text.partition(":")
    if scheme.lower() != "pkg" or len(text) > _MOST_CHARS:
        return None
    rest, _, subpath = rest.partition("#")
    rest, _, qualifiers = rest.partition("?")
    purl_type, slash, path = rest.strip("/").partition("/")
    purl_type = purl_type.lower()
    if not slash or not purl_type or not _TYPE_CHARACTERS.issuperset(purl_type):
        return None
    path, version = _split_version(path)
    decoded = [_decoded(part) for part in (*(part for part in path.split("/") if part), version)]
    parts = [part for part in decoded if part is not None]
    if len(parts) < 2 or len(parts) != len(decoded):
        return None
    namespace, name = _spelled(purl_type, "/".join(parts[:-2]), parts[-2])
    inner = (_decoded(part) for part in subpath.split("/") if part not in ("", ".", ".."))
    return Purl(purl_type, namespace, name, parts[-1], _qualifiers(qualifiers), "/".join(part for part in inner if part))


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def parse_purl(text: str) -> tuple[str, str, str] | None:
    """(ecosystem, name, version) of a purl as advisories write them, None if it is none.

    The ecosystem is empty for types that OSV has none for (oci, generic, ...); a missing version is empty; a Go version loses its `v`.
    A distribution whose advisories name source packages gives the name and version of the one in the `upstream` qualifier, and an
    `epoch` qualifier goes before the version, as in `1:3.0.7-24.el9`.
    """
    purl = split_purl(text)
    if purl is None:
        return None
    qualifiers = dict(purl.qualifiers)
    ecosystem = LANGUAGES.get(purl.type) or distribution_of(purl.type, purl.namespace, qualifiers)
    if ecosystem and purl.type not in LANGUAGES:
        return ecosystem, *_installed(purl, qualifiers, is_named_by_source(ecosystem))
    version = purl.version[1:] if ecosystem == "Go" and purl.version[:1] == "v" else purl.version
    if ecosystem == "Maven" and purl.namespace:
        return ecosystem, f"{purl.namespace.replace('/', '.')}:{purl.name}", version
    return ecosystem, normalise_name(ecosystem, f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name), version


def identified(text: str, version: str = "") -> tuple[str, str, str, str] | None:
    """(ecosystem, name, version, purl) of a package that a bill of materials names by purl, None if that is none.

    `version` is what the bill says beside the purl, for one that carries none. The purl is canonical; where its type has an ecosystem
    of its own the qualifiers are left out, so that every source writes one package alike, and elsewhere (distributions, images) kept.
    """
    purl = split_purl(text)
    if purl is None:
        return None
    if not purl.version and version:
        purl = msgspec.structs.replace(purl, version=version)
    meant = parse_purl(str(purl))
    if meant is None:
        return None
    ecosystem, name, plain = meant
    if purl.type in LANGUAGES:
        named = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        return ecosystem, name, plain, make_purl(ecosystem, named if ecosystem == "NuGet" else name, plain)
    return ecosystem, name, plain, str(purl)


def _installed(purl: Purl, qualifiers: dict[str, str], by_source: bool) -> tuple[str, str]:
    """(name, version) of a distribution's package."""
    name, version, epoch = purl.name, purl.version, qualifiers.get("epoch", "")
    source = qualifiers.get("upstream", "") if by_source else ""
    if found := _SOURCE_RPM.fullmatch(source):
        name, version = (found[1], found[2]) if version and found[1] != name else (found[1], version)
    elif source:
        name, _, sourced = source.partition("@")
        version = sourced or version
    if version and ":" not in version and epoch.isdecimal() and int(epoch):
        version = f"{int(epoch)}:{version}"
    return name, version


def _spelled(purl_type: str, namespace: str, name: str) -> tuple[str, str]:
    """Namespace and name in the case that the type's definition asks for."""
    if purl_type in _LOWER_CASE:
        return namespace.lower(), name.lower()
    if purl_type in _LOWER_NAMESPACE:
        return namespace.lower(), name
    if purl_type in _LOWER_NAME:
        return namespace, name.lower()
    return namespace, normalise_name("PyPI", name) if purl_type == "pypi" else name


def _qualifiers(text: str) -> tuple[tuple[str, str], ...]:
    """Sorted by key; of a key written twice the first one counts."""
    found: dict[str, str] = {}
    for pair in text.split("&"):
        key, _, encoded = pair.partition("=")
        value = _decoded(encoded)
        if value and _QUALIFIER_KEY.fullmatch(key.lower()):
            found.setdefault(key.lower(), value)
    return tuple(sorted(found.items()))


def _split_version(path: str) -> tuple[str, str]:
    """Cut at the last `@`, unless it opens a part of the name: a scope written plainly (`@scope/name`) is no version."""
    at = path.rfind("@")
    if at <= 0 or path[at - 1] == "/":
        return path, ""
    return path[:at].rstrip("/"), path[at + 1 :]


def _encoded(text: str) -> str:
    return quote(text, safe=":~", errors="backslashreplace")


def _decoded(text: str) -> str | None:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        return None
