"""The sample company's data: our starter advisories, the starter KEV entries, and the lockfiles of its services.

The table below is what the first start finds. Whoever changes an advisory or a lockfile changes the table knowingly.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.shared_data import shared_data
from watchbill.cases.decisions.rules import IMPACT_OF_TIER, decide_ssvc
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.exploitation import automatable_from_cvss, best_vector, exploitation_from_references
from watchbill.engines.dependencies.fixes import nearest_fix
from watchbill.engines.dependencies.kev import KevCatalogue, parse_kev
from watchbill.engines.dependencies.matching import is_affected
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.packages import Inventory
from watchbill.engines.dependencies.reading import files_beside, read
from watchbill.engines.dependencies.results import Hit
from watchbill.engines.dependencies.store import AdvisoryStore

TREE = Path(__file__).resolve().parents[2]
DATA = TREE / "watchbill" / "sample_data"
SERVICES = TREE / "examples" / "saltmarsh"
ADVISORIES = sorted((DATA / "advisories").glob("*.json"))
LOCKFILES = sorted(path for path in SERVICES.glob("*/*") if path.is_file())

EXPECTED = {
    "berth-board/package-lock.json": {("react-server-dom-webpack", "19.1.1", "CVE-2025-55182")},
    "ci-runners/go.mod": {
        ("github.com/opencontainers/runc", "1.1.11", "CVE-2024-21626"),
        ("golang.org/x/crypto", "0.32.0", "CVE-2025-22869"),
        ("golang.org/x/net", "0.32.0", "CVE-2024-45338"),
    },
    "ci-runners/requirements.txt": {("setuptools", "69.0.3", "CVE-2024-6345"), ("setuptools", "69.0.3", "CVE-2025-47273")},
    "crane-gateway/Cargo.lock": {("openssl", "0.10.66", "CVE-2025-24898"), ("rustls", "0.23.4", "CVE-2024-32650")},
    "customs-bridge/customs-bridge.cdx.json": {
        ("aiohttp", "3.9.1", "CVE-2024-23334"),
        ("gunicorn", "21.2.0", "CVE-2024-1135"),
        ("paramiko", "3.3.1", "CVE-2023-48795"),
    },
    "gate-kiosk/requirements.txt": {("pillow", "10.0.0", "CVE-2023-4863"), ("pillow", "10.0.0", "CVE-2023-50447")},
    "invoice-worker/uv.lock": {
        ("cryptography", "42.0.2", "CVE-2024-26130"),
        ("idna", "3.6", "CVE-2024-3651"),
        ("requests", "2.31.0", "CVE-2024-35195"),
        ("requests", "2.31.0", "CVE-2024-47081"),
    },
    "manifest-api/poetry.lock": {
        ("django", "4.2.20", "CVE-2025-64459"),
        ("jinja2", "3.1.4", "CVE-2024-56326"),
        ("jinja2", "3.1.4", "CVE-2025-27516"),
        ("urllib3", "1.26.18", "CVE-2024-37891"),
    },
    "pay-portal/yarn.lock": {
        ("axios", "1.7.9", "CVE-2025-27152"),
        ("form-data", "4.0.1", "CVE-2025-7783"),
        ("tough-cookie", "4.1.2", "CVE-2023-26136"),
    },
    "tide-feed/pnpm-lock.yaml": {
        ("lodash", "4.17.20", "CVE-2021-23337"),
        ("semver", "7.5.1", "CVE-2022-25883"),
        ("ws", "8.16.0", "CVE-2024-37890"),
    },
}


def name_of(path: Path) -> str:
    return path.relative_to(SERVICES).as_posix() if path.is_relative_to(SERVICES) else path.name


def advisory(path: Path) -> Advisory:
    found = parse_osv(path.read_bytes(), path.name)
    assert isinstance(found, Advisory), found
    return found


def inventory(path: Path) -> Inventory:
    found = read(path.name, path.read_bytes(), files_beside(path))
    assert isinstance(found, Inventory), found
    return found


def catalogue() -> KevCatalogue:
    found = parse_kev((DATA / "kev.json").read_bytes(), "kev.json")
    assert isinstance(found, KevCatalogue), found
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(tmp_path_factory.mktemp("store") / "advisories.db") as opened:
        report = opened.load([DATA / "advisories"])
        assert (report.added, report.refused) == (len(ADVISORIES), ())
        opened.load_kev(DATA / "kev.json")
        yield opened


# the advisories


def test_there_are_enough_to_be_worth_a_start() -> None:
    assert 60 <= len(ADVISORIES) <= 80
    assert {item.ecosystem for path in ADVISORIES for item in advisory(path).affected} == {"PyPI", "npm", "Go", "crates.io"}


@pytest.mark.parametrize("path", ADVISORIES, ids=name_of)
def test_an_advisory_is_readable_named_by_its_file_and_says_what_is_wrong(path: Path) -> None:
    found = advisory(path)
    assert found.id == path.stem
    assert re.fullmatch(r"CVE-\d{4}-\d{4,}", found.id)
    assert 10 <= len(found.summary) <= 80
    assert 60 <= len(found.details) <= 600
    assert not found.summary.endswith(".")
    assert found.cwes
    assert not found.withdrawn


@pytest.mark.parametrize("path", ADVISORIES, ids=name_of)
def test_an_advisory_points_at_its_public_record_by_well_formed_links(path: Path) -> None:
    found = advisory(path)
    links = [url for _, url in found.references]
    assert len(links) == len(json.loads(path.read_bytes())["references"])
    assert len(set(links)) == len(links)
    assert f"https://nvd.nist.gov/vuln/detail/{found.id}" in links
    for url in links:
        parts = urlsplit(url)
        assert parts.scheme == "https"
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", parts.netloc)
        assert " " not in url


@pytest.mark.parametrize("path", ADVISORIES, ids=name_of)
def test_a_vector_where_one_is_given_answers_whether_it_can_be_automated(path: Path) -> None:
    for _, vector in advisory(path).severity:
        assert automatable_from_cvss(vector) is not None
        assert re.fullmatch(r"CVSS:3\.[01]/AV:[NALP]/AC:[LH]/PR:[NLH]/UI:[NR]/S:[UC]/C:[NLH]/I:[NLH]/A:[NLH]", vector)


@pytest.mark.parametrize("path", ADVISORIES, ids=name_of)
def test_every_fixed_version_is_really_outside_what_it_fixes(path: Path) -> None:
    for item in advisory(path).affected:
        assert item.ranges
        assert all(is_affected(version, item).state == "not_affected" for version in item.fixed)


def test_no_two_advisories_share_a_name() -> None:
    names = [name for path in ADVISORIES for name in (advisory(path).id, *advisory(path).aliases)]
    assert len(names) == len(set(names))


def test_react_is_affected_and_fixed_where_its_makers_say() -> None:
    webpack = next(item for item in advisory(DATA / "advisories" / "CVE-2025-55182.json").affected if item.package.endswith("webpack"))
    states = {
        version: is_affected(version, webpack).state for version in ("19.0.0", "19.0.1", "19.1.0", "19.1.1", "19.1.2", "19.2.0", "19.2.1")
    }
    assert [version for version, state in states.items() if state == "affected"] == ["19.0.0", "19.1.0", "19.1.1", "19.2.0"]


def test_no_text_is_copied_from_the_public_databases(tmp_path: Path) -> None:
    """Twelve words in a row that also stand in a public advisory of the same problem would be theirs, not ours."""
    with AdvisoryStore.open(tmp_path / "public.db") as public:
        public.load([shared_data("vulnerabilities", "osv")])
        for path in ADVISORIES:
            ours = advisory(path)
            words = re.findall(r"\w+", ours.details.lower())
            runs = {" ".join(words[at : at + 12]) for at in range(len(words) - 11)}
            for theirs in public.by_alias(ours.id):
                text = " ".join(re.findall(r"\w+", f"{theirs.summary} {theirs.details}".lower()))
                assert not [run for run in runs if run in text], path.name


# known exploited


def test_the_catalogue_names_each_entry_in_full() -> None:
    found = catalogue()
    assert len(found.entries) >= 20
    for entry in found.entries:
        assert entry.name
        assert entry.vendor
        assert entry.product


def test_every_entry_is_truly_in_the_public_catalogue_under_the_same_day() -> None:
    public = parse_kev(shared_data("vulnerabilities", "kev.json").read_bytes(), "kev.json")
    assert isinstance(public, KevCatalogue)
    days = {entry.cve: entry.date_added for entry in public.entries}
    ours = {entry.cve: entry.date_added for entry in catalogue().entries}
    assert ours.pop("CVE-2025-55182") == "2025-12-05"  # listed after the reference copy was taken
    assert ours == {cve: days.get(cve) for cve in ours}


def test_no_entry_is_worded_as_in_the_public_catalogue() -> None:
    public = json.loads(shared_data("vulnerabilities", "kev.json").read_bytes())["vulnerabilities"]
    theirs = {entry["cveID"]: entry for entry in public}
    for entry in json.loads((DATA / "kev.json").read_bytes())["vulnerabilities"]:
        other = theirs.get(entry["cveID"], {})
        assert entry["shortDescription"] != other.get("shortDescription")
        assert entry["vulnerabilityName"] != other.get("vulnerabilityName")


# the services


def test_the_table_names_every_lockfile() -> None:
    assert {name_of(path) for path in LOCKFILES} == set(EXPECTED)


@pytest.mark.parametrize("path", LOCKFILES, ids=name_of)
def test_a_lockfile_is_read_whole_and_every_package_is_pinned(path: Path) -> None:
    found = inventory(path)
    assert found.notes == ()
    assert 10 <= len(found.packages) <= 80
    assert [package.name for package in found.packages if not package.version] == []


@pytest.mark.parametrize("path", LOCKFILES, ids=name_of)
def test_a_lockfile_names_no_host_but_the_example_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert {urlsplit(url).netloc for url in re.findall(r"[a-z+]+://[^\s\"'}]+", text)} <= {"registry.example"}


@pytest.mark.parametrize("path", LOCKFILES, ids=name_of)
def test_a_lockfile_matches_exactly_what_the_table_says(path: Path, store: AdvisoryStore) -> None:
    found = store.match(inventory(path).packages)
    assert {(hit.package.name, hit.package.version, hit.advisory_id) for hit in found.hits} == EXPECTED[name_of(path)]
    assert found.unknown == ()


@pytest.mark.parametrize("path", LOCKFILES, ids=name_of)
def test_every_match_has_an_upgrade_that_mends_it(path: Path, store: AdvisoryStore) -> None:
    for hit in store.match(inventory(path).packages).hits:
        assert nearest_fix(hit.package.ecosystem, hit.package.version, [hit])


def test_the_upgrade_of_the_first_minute_leaves_berth_board_clean(store: AdvisoryStore) -> None:
    path = SERVICES / "berth-board" / "package-lock.json"
    (hit,) = store.match(inventory(path).packages).hits
    fix = nearest_fix("npm", hit.package.version, [hit])
    assert fix == "19.1.2"
    upgraded = read(
        path.name, path.read_bytes().replace(b'"version": "19.1.1",\n      "resolved"', b'"version": "19.1.2",\n      "resolved"')
    )
    assert isinstance(upgraded, Inventory)
    assert {package.version for package in upgraded.packages if package.name == "react-server-dom-webpack"} == {"19.1.2"}
    assert store.match(upgraded.packages).hits == ()


def test_pay_portal_has_the_fixed_react(store: AdvisoryStore) -> None:
    versions = {package.name: package.version for package in inventory(SERVICES / "pay-portal" / "yarn.lock").packages}
    assert versions["react-server-dom-webpack"] == "19.2.1"


# what it comes to


def outcome(store: AdvisoryStore, service: dict[str, object], hit: Hit) -> str:
    """The deployer's answer for one hit; what nobody has said is taken at its worst here, so that nothing is missed."""
    found = store.get(hit.advisory_id)
    assert found is not None
    reference = exploitation_from_references(found.references)
    exploitation = "active" if store.kev([found.id]) else "public_poc" if reference else "none"
    automatable = automatable_from_cvss(best_vector(found.severity)) or "yes"
    impact = IMPACT_OF_TIER.get(int(str(service.get("tier", 0)))) or "high"
    return decide_ssvc(exploitation, str(service.get("exposure", "open")), automatable, impact)


@pytest.fixture(scope="module")
def outcomes(store: AdvisoryStore) -> dict[tuple[str, str], str]:
    roster = tomllib.loads((TREE / "watchbill" / "sample" / "roster.toml").read_text(encoding="utf-8"))
    services = {service["slug"]: service for service in roster["service"]}
    assert {path.parent.name for path in LOCKFILES} == set(services)
    return {
        (path.parent.name, hit.package.name + " " + hit.advisory_id): outcome(store, services[path.parent.name], hit)
        for path in LOCKFILES
        for hit in store.match(inventory(path).packages).hits
    }


def test_exactly_one_finding_may_wake_somebody(outcomes: dict[tuple[str, str], str]) -> None:
    immediate = [key for key, answer in outcomes.items() if answer == "immediate"]
    assert immediate == [("berth-board", "react-server-dom-webpack CVE-2025-55182")]


def test_the_others_are_a_mix(outcomes: dict[tuple[str, str], str]) -> None:
    assert set(outcomes.values()) == {"immediate", "out_of_cycle", "scheduled", "defer"}
