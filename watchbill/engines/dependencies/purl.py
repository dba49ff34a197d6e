"""Package URLs: the names by which tools tell each other which package is meant. Text only; nothing is looked up.

Source: the purl specification (ECMA-427) and its type definitions. One difference on purpose: Go module paths keep their case, where
the type definition asks for lower case. They are case-sensitive, advisories name them so, and the definition itself says that it
predates modules.
"""

from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.versions import normalise_name

_TYPES = {
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
}
_ECOSYSTEMS = {purl_type: ecosystem for ecosystem, purl_type in _TYPES.items()}
_JOINED_BY_COLON = "Maven"
_TYPE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.+-")
_MOST_CHARS = 4 * (limits.MAX_NAME_CHARS + limits.MAX_VERSION_CHARS)


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def make_purl(ecosystem: str, name: str, version: str = "") -> str:
    """The purl of a package, without a version where that is empty; empty for an ecosystem that has no purl type.

    `name` carries its namespace as the ecosystem writes it: `@scope/name`, `example.com/module`, `group:artifact`.
    """
    purl_type = _TYPES.get(ecosystem.partition(":")[0])
    if purl_type is None or not name:
        return ""
    path = normalise_name(ecosystem, name)
    if purl_type == "maven":
        path = path.replace(":", "/", 1)
    encoded = "/".join(_encoded(part) for part in path.split("/"))
    return f"pkg:{purl_type}/{encoded}@{_encoded(version)}" if version else f"pkg:{purl_type}/{encoded}"


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def parse_purl(text: str) -> tuple[str, str, str] | None:
    """(ecosystem, name, version) of a purl, None if it is none.

    The ecosystem is empty for types that OSV's language ecosystems don't know (deb, oci, generic, ...); a missing version is empty.
    A Go version loses its `v`, as advisories write it. Qualifiers and subpath are left out.
    """
    scheme, _, rest = text.partition(":")
    if scheme.lower() != "pkg" or len(text) > _MOST_CHARS:
        return None
    rest = rest.partition("#")[0].partition("?")[0].strip("/")
    purl_type, slash, path = rest.partition("/")
    purl_type = purl_type.lower()
    if not slash or not purl_type or not _TYPE_CHARACTERS.issuperset(purl_type):
        return None
    path, version = _split_version(path)
    parts = [_decoded(part) for part in path.split("/") if part]
    decoded_version = _decoded(version)
    if not parts or decoded_version is None or None in parts:
        return None
    return _as_ecosystem(purl_type, [part for part in parts if part is not None], decoded_version)


def _as_ecosystem(purl_type: str, parts: list[str], version: str) -> tuple[str, str, str]:
    ecosystem = _ECOSYSTEMS.get(purl_type, "")
    if ecosystem == "Go" and version[:1] == "v":
        version = version[1:]
    if ecosystem == _JOINED_BY_COLON and len(parts) > 1:
        return ecosystem, f"{'.'.join(parts[:-1])}:{parts[-1]}", version
    return ecosystem, normalise_name(ecosystem, "/".join(parts)), version


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
