"""The smallest upgrade that mends, and the exact commands for it; pure, and it runs nothing.

A fix is only named when it is proven by the same advisories that raised the alarm: the version is judged again and none
of them may affect it. Names and versions come from strangers' files, so each is quoted for the shell, and one that
holds a control character yields no command at all.
"""

import re
import shlex
from collections.abc import Callable, Iterable
from functools import cmp_to_key

from watchbill.engines.dependencies.matching import is_affected
from watchbill.engines.dependencies.results import Hit
from watchbill.engines.dependencies.versions import compare

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BOUNDS_BEFORE_PRE_RELEASES = ("crates.io", "Go")


def nearest_fix(ecosystem: str, installed: str, hits: Iterable[Hit]) -> str:
    """The smallest version above `installed` that mends all of these hits that any version mends, or "" when there is none.

    A hit whose advisory names no newer fix is left aside: it must not hide the upgrade that mends the others.
    """
    mendable = [hit for hit in hits if hit.fixed]
    candidates = {_installable(ecosystem, fixed) for hit in mendable for fixed in hit.fixed}
    newer = [version for version in candidates if compare(ecosystem, version, installed) == 1]

    def order(one: str, other: str) -> int:
        return compare(ecosystem, one, other) or 0

    for version in sorted(newer, key=cmp_to_key(order)):
        if all(is_affected(version, hit.affected).state == "not_affected" for hit in mendable):
            return version
    return ""


def upgrade_command(ecosystem: str, manager: str, name: str, version: str) -> list[str]:
    """Shell lines that put `name` at exactly `version`, the last one proving it. `manager` is a tool (pip, poetry, uv, npm,
    yarn, pnpm, go, cargo, bundle, ...) or a lockfile kind (requirements, package-lock-v3, yarn-v1, gomod, ...); for an unknown one
    (an SBOM) the ecosystem's own tool is taken. Empty when there is no version to go to, or no command we know."""
    if not version or not name or name.startswith("-") or _UNSAFE.search(name + version):
        return []
    lines = _LINES.get(_tool(ecosystem, manager))
    return [] if lines is None else lines(name, version)


def _installable(ecosystem: str, version: str) -> str:
    """RustSec and the Go database write 1.2.3-0 for "from the first pre-release on"; what one installs is 1.2.3."""
    return version.removesuffix("-0") if ecosystem in _BOUNDS_BEFORE_PRE_RELEASES else version


def _tool(ecosystem: str, manager: str) -> str:
    plain = manager.lower().replace("-", "").replace("_", "")
    for prefix, tool in _TOOL_OF_KIND:
        if plain.startswith(prefix):
            return tool
    return _TOOL_OF_ECOSYSTEM.get(ecosystem, "")


def _pip(name: str, version: str) -> list[str]:
    wanted = shlex.quote(f"{name}=={version}")
    return [f"python -m pip install {wanted}  # and write the same in the requirements file", f"python -m pip show {shlex.quote(name)}"]


def _poetry(name: str, version: str) -> list[str]:
    return [f"poetry add {shlex.quote(f'{name}=={version}')}", f"poetry show {shlex.quote(name)}"]


def _uv(name: str, version: str) -> list[str]:
    return [f"uv lock --upgrade-package {shlex.quote(f'{name}=={version}')}", "uv sync", f"uv tree --invert --package {shlex.quote(name)}"]


def _npm(name: str, version: str) -> list[str]:
    return [
        f"npm install --save-exact {shlex.quote(f'{name}@{version}')}",
        f"npm ls {shlex.quote(name)}  # expect {shlex.quote(version)} once",
    ]


def _yarn(name: str, version: str) -> list[str]:
    return [f"yarn add --exact {shlex.quote(f'{name}@{version}')}", f"yarn why {shlex.quote(name)}"]


def _pnpm(name: str, version: str) -> list[str]:
    return [f"pnpm add --save-exact {shlex.quote(f'{name}@{version}')}", f"pnpm why {shlex.quote(name)}"]


def _go(name: str, version: str) -> list[str]:
    plain = version.removeprefix("v")
    if name in ("stdlib", "toolchain", "go"):
        return [f"go get {shlex.quote(f'go@{plain}')}", "go mod tidy", "go version"]
    return [f"go get {shlex.quote(f'{name}@v{plain}')}", "go mod tidy", f"go list -m {shlex.quote(name)}"]


def _cargo(name: str, version: str) -> list[str]:
    return [f"cargo update -p {shlex.quote(name)} --precise {shlex.quote(version)}", f"cargo tree -i {shlex.quote(name)}"]


def _pipenv(name: str, version: str) -> list[str]:
    return [f"pipenv upgrade {shlex.quote(f'{name}=={version}')}", "pipenv sync", f"pipenv run pip show {shlex.quote(name)}"]


def _pdm(name: str, version: str) -> list[str]:
    return [f"pdm add {shlex.quote(f'{name}=={version}')}", f"pdm list {shlex.quote(name)}"]


def _pylock(name: str, version: str) -> list[str]:
    wanted = shlex.quote(f"{name}=={version}")
    return [
        f"python -m pip install {wanted}  # and lock again with the tool that wrote the file",
        f"python -m pip show {shlex.quote(name)}",
    ]


def _bundle(name: str, version: str) -> list[str]:
    """Bundler takes no version here: the Gemfile's bound does, if it is in the way."""
    quoted = shlex.quote(name)
    return [
        f"bundle update --conservative {quoted}  # expect {shlex.quote(version)}, or raise the bound in the Gemfile",
        f"bundle info {quoted}",
    ]


def _composer(name: str, version: str) -> list[str]:
    quoted = shlex.quote(name)
    return [f"composer update {quoted} --with {shlex.quote(f'{name}:{version}')} --with-dependencies", f"composer show {quoted}"]


def _dotnet(name: str, version: str) -> list[str]:
    return [
        f"dotnet add package {shlex.quote(name)} --version {shlex.quote(version)}",
        "dotnet restore --force-evaluate",
        "dotnet list package --include-transitive",
    ]


def _mvn(name: str, version: str) -> list[str]:
    which = shlex.quote(f"-Dincludes={name}")
    return [f"mvn versions:use-dep-version {which} {shlex.quote(f'-DdepVersion={version}')}", f"mvn dependency:tree {which}"]


def _gradle(name: str, version: str) -> list[str]:
    """Gradle locks what the build file asks for, so that comes first."""
    quoted = shlex.quote(name)
    return [
        f"gradle dependencies --update-locks {quoted}  # after asking for {shlex.quote(version)} in the build file",
        f"gradle dependencyInsight --dependency {quoted}",
    ]


def _dart(name: str, version: str) -> list[str]:
    return [f"dart pub add {shlex.quote(f'{name}:{version}')}", "dart pub deps"]


_LINES: dict[str, Callable[[str, str], list[str]]] = {
    "pip": _pip,
    "poetry": _poetry,
    "uv": _uv,
    "npm": _npm,
    "yarn": _yarn,
    "pnpm": _pnpm,
    "go": _go,
    "cargo": _cargo,
    "pipenv": _pipenv,
    "pdm": _pdm,
    "pylock": _pylock,
    "bundle": _bundle,
    "composer": _composer,
    "dotnet": _dotnet,
    "mvn": _mvn,
    "gradle": _gradle,
    "dart": _dart,
}
_TOOL_OF_KIND = (
    ("pipfile", "pipenv"),
    ("pipenv", "pipenv"),
    ("pip", "pip"),
    ("pdm", "pdm"),
    ("pylock", "pylock"),
    ("requirements", "pip"),
    ("poetry", "poetry"),
    ("uv", "uv"),
    ("npm", "npm"),
    ("packagelock", "npm"),
    ("pnpm", "pnpm"),
    ("yarn", "yarn"),
    ("go", "go"),
    ("cargo", "cargo"),
    ("gem", "bundle"),
    ("bundle", "bundle"),
    ("composer", "composer"),
    ("nuget", "dotnet"),
    ("dotnet", "dotnet"),
    ("pom", "mvn"),
    ("mvn", "mvn"),
    ("maven", "mvn"),
    ("gradle", "gradle"),
    ("pub", "dart"),
    ("dart", "dart"),
)
_TOOL_OF_ECOSYSTEM = {
    "PyPI": "pip",
    "npm": "npm",
    "Go": "go",
    "crates.io": "cargo",
    "RubyGems": "bundle",
    "Packagist": "composer",
    "NuGet": "dotnet",
    "Maven": "mvn",
    "Pub": "dart",
}
"""Not the distributions: their advisories name source packages, which no command installs."""
