"""What to upgrade to, proven against the same advisories, and the exact lines to type."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import affected, package
from watchbill.engines.dependencies.advisory import Affected
from watchbill.engines.dependencies.fixes import nearest_fix, upgrade_command
from watchbill.engines.dependencies.matching import is_affected
from watchbill.engines.dependencies.packages import ReaderInfo
from watchbill.engines.dependencies.reading import kinds
from watchbill.engines.dependencies.results import Hit

BRANCHES = affected([("introduced", "19.1.0"), ("fixed", "19.1.2")], [("introduced", "19.2.0"), ("fixed", "19.2.1")])


def hit(version: str, what: Affected) -> Hit:
    verdict = is_affected(version, what)
    assert verdict.state == "affected"
    return Hit(package("hawser", version, what.ecosystem), "SALT-2026-1", verdict.fixed, "range", what)


def test_the_nearest_fix_stays_on_the_branch() -> None:
    assert nearest_fix("npm", "19.1.1", [hit("19.1.1", BRANCHES)]) == "19.1.2"


def test_one_upgrade_mends_all_hits_at_once() -> None:
    early = affected([("introduced", "0"), ("fixed", "1.2.0")])
    late = affected([("introduced", "1.0.0"), ("fixed", "1.10.0")])
    assert nearest_fix("npm", "1.1.0", [hit("1.1.0", early), hit("1.1.0", late)]) == "1.10.0"


def test_a_fix_for_one_that_is_vulnerable_to_another_is_passed_over() -> None:
    other = affected([("introduced", "0"), ("fixed", "19.2.0")])
    assert nearest_fix("npm", "19.1.1", [hit("19.1.1", BRANCHES), hit("19.1.1", other)]) == "19.2.1"


def test_without_a_fix_there_is_none() -> None:
    assert nearest_fix("npm", "1.0.0", [hit("1.0.0", affected([("introduced", "0")]))]) == ""


def test_a_hit_nobody_can_mend_does_not_hide_the_upgrade_that_mends_another() -> None:
    hits = [hit("19.1.1", BRANCHES), hit("19.1.1", affected([("introduced", "0")]))]
    assert nearest_fix("npm", "19.1.1", hits) == "19.1.2"


def test_no_hits_need_no_fix() -> None:
    assert nearest_fix("npm", "1.0.0", []) == ""


def test_a_fix_that_is_listed_as_affected_is_passed_over() -> None:
    wrong = affected([("introduced", "0"), ("fixed", "1.1.0")], [("introduced", "0"), ("fixed", "1.2.0")], versions=["1.1.0"])
    assert nearest_fix("npm", "1.0.0", [hit("1.0.0", wrong)]) == "1.2.0"


def test_a_bound_before_the_first_pre_release_becomes_what_one_installs() -> None:
    crate = affected([("introduced", "0.0.0-0"), ("fixed", "0.8.2-0")], ecosystem="crates.io")
    assert nearest_fix("crates.io", "0.8.1", [hit("0.8.1", crate)]) == "0.8.2"


@pytest.mark.parametrize(
    ("ecosystem", "installed", "fixed"),
    [("CRAN", "0.1", "0.1-0"), ("Debian:12", "1.1-1", "1.2-0"), ("Maven", "1.0-alpha-0", "1.0-0"), ("npm", "1.0.0", "1.1.0-0")],
)
def test_a_fix_that_ends_so_elsewhere_is_named_as_it_is(ecosystem: str, installed: str, fixed: str) -> None:
    what = affected([("introduced", "0"), ("fixed", fixed)], ecosystem=ecosystem)
    assert nearest_fix(ecosystem, installed, [hit(installed, what)]) == fixed


def test_an_installed_version_nobody_can_order_gets_no_fix() -> None:
    listed = affected([("introduced", "0"), ("fixed", "2.0.0")], versions=["odd one"])
    assert nearest_fix("npm", "odd one", [hit("odd one", listed)]) == ""


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=5))
def test_a_fix_that_is_named_is_proven(bounds: list[tuple[int, int]]) -> None:
    spans = [affected([("introduced", f"0.{low}.0"), ("fixed", f"0.{low + width}.0")]) for low, width in bounds]
    hits = [hit("0.5.0", span) for span in spans if is_affected("0.5.0", span).state == "affected"]
    fix = nearest_fix("npm", "0.5.0", hits)
    assert bool(fix) == bool(hits)
    assert all(is_affected(fix, one.affected).state == "not_affected" for one in hits)


@pytest.mark.parametrize(
    ("ecosystem", "manager", "name", "version", "first"),
    [
        ("npm", "npm", "react-server-dom-webpack", "19.1.2", "npm install --save-exact react-server-dom-webpack@19.1.2"),
        ("npm", "package-lock-v3", "@tide/board", "1.0.0", "npm install --save-exact @tide/board@1.0.0"),
        ("npm", "yarn", "lodash", "4.17.21", "yarn add --exact lodash@4.17.21"),
        ("npm", "yarn-v1", "lodash", "4.17.21", "yarn add --exact lodash@4.17.21"),
        ("npm", "pnpm", "ws", "8.17.1", "pnpm add --save-exact ws@8.17.1"),
        ("PyPI", "requirements", "pillow", "10.0.1", "python -m pip install pillow==10.0.1  # and write the same in the requirements file"),
        ("PyPI", "poetry", "jinja2", "3.1.6", "poetry add jinja2==3.1.6"),
        ("PyPI", "uv", "requests", "2.32.4", "uv lock --upgrade-package requests==2.32.4"),
        ("Go", "gomod", "github.com/opencontainers/runc", "1.1.12", "go get github.com/opencontainers/runc@v1.1.12"),
        ("Go", "go", "golang.org/x/net", "v0.33.0", "go get golang.org/x/net@v0.33.0"),
        ("Go", "go.mod", "stdlib", "1.22.7", "go get go@1.22.7"),
        ("crates.io", "cargo", "rustls", "0.23.5", "cargo update -p rustls --precise 0.23.5"),
        ("npm", "cyclonedx", "ws", "8.17.1", "npm install --save-exact ws@8.17.1"),
        ("PyPI", "pipfile", "jinja2", "3.1.6", "pipenv upgrade jinja2==3.1.6"),
        ("PyPI", "pdm", "jinja2", "3.1.6", "pdm add jinja2==3.1.6"),
        ("RubyGems", "gemfile", "rack", "3.0.9", "bundle update --conservative rack  # expect 3.0.9, or raise the bound in the Gemfile"),
        ("Packagist", "composer", "twig/twig", "3.14.1", "composer update twig/twig --with twig/twig:3.14.1 --with-dependencies"),
        ("NuGet", "nuget", "npgsql", "8.0.3", "dotnet add package npgsql --version 8.0.3"),
        ("Maven", "pom", "org.tide:board", "1.2", "mvn versions:use-dep-version -Dincludes=org.tide:board -DdepVersion=1.2"),
        ("Maven", "gradle", "a:b", "1.2", "gradle dependencies --update-locks a:b  # after asking for 1.2 in the build file"),
        ("Maven", "cyclonedx", "a:b", "1.2", "mvn versions:use-dep-version -Dincludes=a:b -DdepVersion=1.2"),
        ("Pub", "", "shelf", "1.4.2", "dart pub add shelf:1.4.2"),
        ("PyPI", "", "jinja2", "3.1.6", "python -m pip install jinja2==3.1.6  # and write the same in the requirements file"),
    ],
)
def test_the_command_is_the_one_of_the_tool_in_use(ecosystem: str, manager: str, name: str, version: str, first: str) -> None:
    assert upgrade_command(ecosystem, manager, name, version)[0] == first


@pytest.mark.parametrize("reader", [info for info in kinds() if len(info.ecosystems) == 1], ids=lambda info: info.name)
def test_every_lockfile_reader_has_a_command(reader: ReaderInfo) -> None:
    """A reader's name is the manager that intake asks with; it must not fall back to another tool by accident."""
    first = upgrade_command(reader.ecosystems[0], reader.name, "hawser", "1.2.3")[0]
    tools = {"gomod": "go", "gosum": "go", "packagelock": "npm", "requirements": "python", "pylock": "python", "pipfile": "pipenv"}
    tools |= {"gemfile": "bundle", "nuget": "dotnet", "pom": "mvn", "gradle_verification": "gradle"}
    assert first.split()[0] == tools.get(reader.name, reader.name)


def test_the_last_line_shows_that_it_worked() -> None:
    assert upgrade_command("npm", "npm", "ws", "8.17.1")[-1] == "npm ls ws  # expect 8.17.1 once"


@pytest.mark.parametrize(
    ("ecosystem", "name", "version"),
    [("Debian:12", "openssl", "3.0.11-1"), ("Hackage", "aeson", "2.0"), ("npm", "ws", ""), ("npm", "", "1.0.0")],
)
def test_without_a_version_or_a_known_tool_there_is_no_command(ecosystem: str, name: str, version: str) -> None:
    assert upgrade_command(ecosystem, "sbom", name, version) == []


@pytest.mark.parametrize("bad", ["ws\nrm -rf /", "ws\x1b[2J", "\u202ews", "--registry=evil", "ws\u2028"])
def test_a_name_that_would_act_on_a_terminal_gets_no_command(bad: str) -> None:
    assert upgrade_command("npm", "npm", bad, "1.0.0") == []


@given(
    st.text(min_size=1, max_size=20),
    st.text(min_size=1, max_size=12),
    st.sampled_from("npm poetry uv yarn pnpm go cargo pipenv pdm pylock bundle composer dotnet mvn gradle dart".split()),  # noqa: SIM905 - a row
)
def test_no_name_or_version_breaks_out_of_its_word(name: str, version: str, manager: str) -> None:
    for line in upgrade_command("npm", manager, name, version):
        words = shlex.split(line, comments=True)
        assert len(words) <= 8
        unquoted = shlex.shlex(line, posix=False, punctuation_chars=";|&<>")
        unquoted.whitespace_split = True
        assert not {";", "|", "&", "&&", ">", "<"} & {word for word in unquoted if not word.startswith(("'", '"'))}
