"""Every reader against our own samples, and against the published ones: what stands in the file comes out, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shared_data import SHARED, shared_data
from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.engines.dependencies.purl import parse_purl
from watchbill.engines.dependencies.reading import files_beside, kinds, read, reader_for
from watchbill.engines.dependencies.versions import normalise_name

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "lockfiles"
PUBLISHED = sorted(folder.name for folder in SHARED.joinpath("vulnerabilities", "lockfiles").glob("*/") if folder.is_dir()) or ["any"]
BLANK = (b"", b"{}")
READ_AS_UTF_16 = ("requirements", "cyclonedx_xml", "gradle_verification", "pom")
NAMESPACES = (b"cyclonedx.org", b"maven.apache.org", b"schema.gradle.org", b"spdx.org", b"www.w3.org")  # names of notations, no registries


def our_samples() -> list[tuple[str, Path]]:
    return [
        (info.name, SAMPLES / info.name / file)
        for info in kinds()
        if (SAMPLES / info.name / "expected.json").exists()  # another test asks for it
        for file in json.loads((SAMPLES / info.name / "expected.json").read_text())
    ]


def written_down(package: Package) -> dict[str, Any]:
    """A package as our expected.json files write it."""
    plain: dict[str, Any] = {"ecosystem": package.ecosystem, "name": package.name, "version": package.version, "place": package.place}
    if package.bound:
        plain["bound"] = package.bound
    if package.direct is not None:
        plain["direct"] = package.direct
    if package.groups:
        plain["groups"] = list(package.groups)
    if package.path:
        plain["path"] = list(package.path)
    return plain


def inventory_of(path: Path, data: bytes | None = None) -> Inventory:
    found = read(path.name, path.read_bytes() if data is None else data, files_beside(path))
    assert isinstance(found, Inventory), found
    return found


@pytest.mark.parametrize(("kind", "path"), our_samples(), ids=lambda value: value.name if isinstance(value, Path) else value)
class TestOurSamples:
    def test_its_packages_are_those_expected(self, kind: str, path: Path) -> None:
        expected = json.loads((SAMPLES / kind / "expected.json").read_text())[path.name]
        assert [written_down(package) for package in inventory_of(path).packages] == expected["packages"]

    def test_what_could_not_be_used_is_said_with_its_place(self, kind: str, path: Path) -> None:
        expected = json.loads((SAMPLES / kind / "expected.json").read_text())[path.name]
        assert [[note.code, note.where] for note in inventory_of(path).notes] == expected["notes"]

    def test_its_reader_knows_it_under_any_name(self, kind: str, path: Path) -> None:
        found = reader_for("upload.bin", path.read_bytes())
        assert found is not None
        assert found.name == kind

    def test_it_reads_the_same_with_windows_line_ends(self, kind: str, path: Path) -> None:
        windows = path.read_bytes().replace(b"\n", b"\r\n")
        assert inventory_of(path, windows) == inventory_of(path)

    def test_it_reads_the_same_with_a_byte_order_mark(self, kind: str, path: Path) -> None:
        assert inventory_of(path, b"\xef\xbb\xbf" + path.read_bytes()) == inventory_of(path)

    def test_it_names_no_registry_that_exists(self, kind: str, path: Path) -> None:
        hosts = [part.split(b"/")[0] for part in path.read_bytes().split(b"://")[1:]]
        assert all(host.endswith(b"registry.example") or host in NAMESPACES for host in hosts)

    def test_wherever_it_is_cut_off_it_gives_an_inventory_or_a_reason(self, kind: str, path: Path) -> None:
        data = path.read_bytes()
        for end in range(0, len(data), 7):
            found = read(path.name, data[:end])
            assert isinstance(found, Inventory) or found.code in ("truncated", "syntax", "shape", "unsupported"), (end, found)

    def test_utf_16_is_refused_for_its_encoding_or_read_the_same(self, kind: str, path: Path) -> None:
        found = read(path.name, path.read_text().encode("utf-16"), files_beside(path))
        if kind in READ_AS_UTF_16:
            assert found == inventory_of(path)
        else:
            assert isinstance(found, Unreadable)
            assert found.code in ("encoding", "unsupported")

    def test_each_purl_names_the_package_it_belongs_to(self, kind: str, path: Path) -> None:
        for package in inventory_of(path).packages:
            assert package.purl == "" or package.purl.startswith("pkg:")
            assert package.version == "" or not package.purl or "@" in package.purl.rpartition("/")[2]


@pytest.mark.parametrize("kind", PUBLISHED)
@pytest.mark.parametrize("named", ["as in the wild", "as published"])
def test_every_published_sample_reads_as_expected(kind: str, named: str) -> None:
    folder = shared_data("vulnerabilities", "lockfiles", kind)
    expected = json.loads((folder / "expected.json").read_text())
    ecosystem = "PyPI" if expected["purl_type"] == "pypi" else ""
    for file, meant in expected["files"].items():
        path = folder / file
        if named == "as published" and path.read_bytes().strip() in BLANK:
            continue  # nothing in it says what it is, and neither does its name
        name = expected["real_file_name"] if named == "as in the wild" else str(path)
        found = read(name, path.read_bytes(), files_beside(path))
        if meant["error"]:
            assert isinstance(found, Unreadable), file
            continue
        assert isinstance(found, Inventory), (file, found)
        pinned = {
            (normalise_name(ecosystem, package["name"]), package["version"] if package.get("comparator", "==") == "==" else "")
            for package in meant["packages"]
        }
        assert {(package.name, package.version) for package in found.packages} == pinned, file


@pytest.mark.parametrize("kind", PUBLISHED)
def test_groups_of_the_published_samples_are_those_expected(kind: str) -> None:
    folder = shared_data("vulnerabilities", "lockfiles", kind)
    for file, meant in json.loads((folder / "expected.json").read_text())["files"].items():
        grouped = {(p["name"], p["version"]): set(p["groups"]) for p in meant["packages"] or () if p.get("groups")}
        if not grouped:
            continue
        packages = inventory_of(folder / file).packages
        assert {(p.name, p.version): set(p.groups) for p in packages if (p.name, p.version) in grouped} == grouped


def purls_in(component: dict[str, Any]) -> set[str]:
    """The purls of a component and of all inside it, read without our reader."""
    inner = [purls_in(part) for part in component.get("components", [])]
    return set().union(*inner, [component["purl"]] if component.get("purl") else [])


@pytest.mark.parametrize(
    ("file", "ecosystems"),
    [
        ("keycloak-10.0.2.json", {"Maven"}),
        ("dropwizard-1.3.15.json", {"Maven"}),
        ("proton-bridge-v1.8.0.json", {"Go"}),
        ("protonmail-webclient-v4.json", {"npm"}),
        ("laravel-7.12.0.cdx-1.4.json", {"Packagist"}),
    ],
)
def test_the_published_bills_of_materials_are_read_to_the_last_purl(file: str, ecosystems: set[str]) -> None:
    path = shared_data("vulnerabilities", "sboms", file)
    found = inventory_of(path)
    assert {package.ecosystem for package in found.packages} == ecosystems
    expected = {parse_purl(purl) for purl in purls_in(json.loads(path.read_text()))}
    assert {(package.ecosystem, package.name, package.version) for package in found.packages} == expected


def test_no_published_bill_of_materials_is_refused() -> None:
    for path in sorted(shared_data("vulnerabilities", "sboms").rglob("*.*")):
        if path.is_file():
            assert isinstance(read(path.name, path.read_bytes()), Inventory), path.name


@pytest.mark.parametrize(
    ("file", "packages", "direct"),
    [("keycloak-10.0.2.json", 902, 0), ("cern-lhc-vdm-editor.xml", 43, 0), ("proton-bridge-v1.8.0.json", 201, 56)],
)
def test_the_published_bills_hold_as_many_packages_as_they_write(file: str, packages: int, direct: int) -> None:
    """Keycloak's 903 components are 902 packages: two differ in the type of the archive only."""
    found = inventory_of(shared_data("vulnerabilities", "sboms", file))
    assert (len(found.packages), sum(package.direct is True for package in found.packages)) == (packages, direct)
