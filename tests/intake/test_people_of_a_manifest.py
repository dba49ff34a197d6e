"""What a look learns about people: catalog files beside lockfiles, an SBOM's own words, and whom to ask when nobody owns it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from tests.intake.conftest import lockfile, osv
from watchbill.base.acting import SYSTEM
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings.models import Finding
from watchbill.cases.findings.views import FindingDetail
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans import inverse, services
from watchbill.intake.scans.models import InventoryRow, Source
from watchbill.roster import models as roster_models
from watchbill.roster.services import apply_roster

pytestmark = pytest.mark.usefixtures("saltmarsh")

CATALOG = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{owner: {owner}}}\n"


def catalog(owner: str, name: str = "berth-board") -> str:
    return CATALOG.format(name=name, owner=owner)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A watched folder with a vulnerable lockfile in apps/board."""
    folder = tmp_path / "home" / "apps" / "board"
    folder.mkdir(parents=True)
    (folder / "package-lock.json").write_bytes(lockfile(left_shelf="1.1.0"))
    return tmp_path / "home"


def look(home: Path, service: str = "berth-board") -> services.LookResult:
    return services.check_now(services.watch_path(home, service=service, by=SYSTEM), by=SYSTEM)


def finding() -> FindingDetail:
    return findings.finding(Finding.objects.get().pk)


def nobody_owns_it() -> None:
    """A second service of nobody's: its team is security's own catch-all, so ownership has to be found elsewhere."""
    apply_roster("[[team]]\nslug='stewards'\nname='Stewards'", by=SYSTEM)


class TestCatalogFiles:
    def test_the_one_beside_the_lockfile_decides(self, home: Path) -> None:
        nobody_owns_it()
        (home / "catalog-info.yaml").write_text(catalog("berths"))
        (home / "apps" / "board" / "catalog-info.yaml").write_text(catalog("stewards"))
        look(home)
        assert (finding().team, finding().ownership_origin) == ("stewards", "catalog")
        assert finding().ownership.startswith("`apps/board/catalog-info.yaml` gives component berth-board to Stewards")

    def test_the_one_above_decides_where_there_is_no_nearer(self, home: Path) -> None:
        nobody_owns_it()
        (home / "catalog-info.yml").write_text(catalog("stewards"))
        look(home)
        assert finding().team == "stewards"

    def test_one_beside_no_lockfile_is_not_read(self, home: Path) -> None:
        (home / "other").mkdir()
        (home / "other" / "catalog-info.yaml").write_text("a: [")
        assert "could not" not in look(home).sentence
        assert finding().ownership_origin == "service"

    def test_a_changed_one_moves_the_finding_at_the_next_look(self, home: Path) -> None:
        nobody_owns_it()
        look(home)
        (home / "catalog-info.yaml").write_text(catalog("stewards"))
        look(home)
        assert finding().team == "stewards"

    def test_a_bad_one_is_noted_and_stops_no_look(self, home: Path) -> None:
        (home / "catalog-info.yaml").write_text("a: [")
        look(home)
        assert "catalog-info.yaml can't be read" in Source.objects.get().scans.get().notes[0]
        assert finding().team == "berths"

    def test_a_link_is_never_followed(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / "secret.yaml").write_text(catalog("stewards"))
        (home / "catalog-info.yaml").symlink_to(tmp_path / "secret.yaml")
        nobody_owns_it()
        look(home)
        assert finding().ownership_origin == "service"

    def test_one_above_the_watched_path_is_never_opened(self, home: Path) -> None:
        nobody_owns_it()
        (home.parent / "catalog-info.yaml").write_text(catalog("stewards"))
        look(home)
        assert finding().ownership_origin == "service"


def sbom(**component: object) -> bytes:
    purl = "pkg:npm/left-shelf@1.1.0"
    packages = [{"type": "library", "name": "left-shelf", "version": "1.1.0", "purl": purl}]
    about = {"type": "application", "name": "kiosk", "version": "3", **component}
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": about}, "components": packages}).encode()


def forget_the_service() -> None:
    """The roster no longer knows berth-board: what it brought in before has no owner there."""
    roster_models.Service.objects.all().delete()


def send(data: bytes, filename: str, *, orphaned: bool = False, **given: str) -> None:
    taken = services.receive(data, filename=filename, service="berth-board", by=SYSTEM, **given)
    if orphaned:
        forget_the_service()
    services.read_received(taken.inbox_id, by=SYSTEM)


class TestSbomsOwnWords:
    def test_its_supplier_owns_what_nobody_else_does(self) -> None:
        send(sbom(supplier={"name": "Berths"}), "bom.json", orphaned=True)
        assert (finding().team, finding().ownership_origin) == ("berths", "sbom")
        assert finding().ownership == "The SBOM `bom.json` names Berths, which is Berths."

    def test_its_contact_is_known_by_address(self) -> None:
        send(sbom(supplier={"name": "ACME", "contact": [{"email": "alice@saltmarsh.example"}]}), "bom.json", orphaned=True)
        assert finding().team == "berths"

    def test_strangers_are_named_and_it_falls_to_security(self) -> None:
        send(sbom(supplier={"name": "ACME"}), "bom.json", orphaned=True)
        assert finding().ownership_origin == "fallback"
        assert "The SBOM names ACME, whom the roster doesn't know." in finding().ownership

    def test_an_advisory_that_comes_later_still_knows_them(self, store: AdvisoryStore) -> None:
        data = sbom(supplier={"name": "Berths"}).replace(b"left-shelf", b"right-shelf")
        send(data, "bom.json", orphaned=True)
        assert not Finding.objects.exists()
        store.load_advisories([("right.json", osv("GHSA-right", "right-shelf", "1.2.0"))])
        inverse.match_inventory(["GHSA-right"], by=SYSTEM)
        assert finding().ownership_origin == "sbom"


HISTORY = "2/3 Alice D <alice@saltmarsh.example>\n1/3 Eve <eve@elsewhere.example>"


class TestWhomToAsk:
    def test_what_nobody_owns_suggests_the_last_committers_and_assigns_nobody(self) -> None:
        send(lockfile(left_shelf="1.1.0"), "package-lock.json", orphaned=True, committers=HISTORY)
        assert finding().perhaps_ask == (
            "Alice Duarte (2 of the last 3 commits to this file)",
            "Eve (1 of the last 3 commits to this file)",
        )
        assert (finding().team, finding().ownership_origin, finding().taken_by) == ("security", "fallback", "")

    def test_what_has_an_owner_suggests_nobody(self) -> None:
        send(lockfile(left_shelf="1.1.0"), "package-lock.json", committers=HISTORY)
        assert finding().perhaps_ask == ()
        assert Source.objects.get().hints == {}

    def test_a_watched_checkouts_own_history_is_asked(self, home: Path) -> None:
        alice = ["-c", "user.name=Al", "-c", "user.email=alice@saltmarsh.example"]
        for words in (["init", "-q"], ["add", "."], [*alice, "commit", "-qm", "x"]):
            subprocess.run(["git", "-C", str(home), *words], check=True, capture_output=True)
        source = services.watch_path(home, service="berth-board", by=SYSTEM)
        forget_the_service()
        services.check_now(source, by=SYSTEM)
        assert finding().perhaps_ask == ("Alice Duarte (the only commit to this file)",)
        assert finding().team == "security"

    def test_nonsense_of_a_client_is_no_suggestion(self) -> None:
        send(lockfile(left_shelf="1.1.0"), "package-lock.json", orphaned=True, committers="<script>\n" * 900)
        assert finding().perhaps_ask == ()


def nested() -> bytes:
    """express needs body-parser, which needs left-shelf."""
    packages = {
        "": {"name": "board", "dependencies": {"express": "4.18.2"}},
        "node_modules/express": {"version": "4.18.2", "dependencies": {"body-parser": "1.20.1"}},
        "node_modules/body-parser": {"version": "1.20.1", "dependencies": {"left-shelf": "1.1.0"}},
        "node_modules/left-shelf": {"version": "1.1.0"},
    }
    return json.dumps({"name": "board", "lockfileVersion": 3, "packages": packages}).encode()


class TestTheWayIn:
    def test_a_finding_says_through_which_direct_dependency_it_comes(self) -> None:
        send(nested(), "package-lock.json")
        assert finding().path == ("express@4.18.2", "body-parser@1.20.1")
        assert finding().comes_in == "It comes in through express 4.18.2 \u2192 body-parser 1.20.1; bump express."

    def test_a_direct_one_says_nothing_of_a_way(self) -> None:
        send(lockfile(left_shelf="1.1.0"), "package-lock.json")
        assert (finding().path, finding().comes_in) == ((), "")

    def test_an_advisory_that_comes_later_still_knows_the_way(self, store: AdvisoryStore) -> None:
        send(nested().replace(b"left-shelf", b"right-shelf"), "package-lock.json")
        assert InventoryRow.objects.get(name="right-shelf").path == ["express@4.18.2", "body-parser@1.20.1"]
        store.load_advisories([("right.json", osv("GHSA-right", "right-shelf", "1.2.0"))])
        inverse.match_inventory(["GHSA-right"], by=SYSTEM)
        assert finding().path == ("express@4.18.2", "body-parser@1.20.1")

    def test_another_way_to_the_same_package_is_the_same_finding(self, saltmarsh: SettableClock) -> None:
        send(nested(), "package-lock.json")
        before = finding().id
        saltmarsh.forward(minutes=1)
        send(nested().replace(b"body-parser", b"mind-parser"), "package-lock.json")
        assert finding().id == before
        assert finding().path[-1] == "mind-parser@1.20.1"
