"""The catalogue of known exploited vulnerabilities is read whole, or refused."""

import json
from typing import Any

import pytest

from tests.engines.dependencies.osv_samples import as_bytes, kev, kev_entry
from tests.shared_data import shared_data
from watchbill.engines.dependencies import kev as kev_module
from watchbill.engines.dependencies.kev import KevCatalogue, KevEntry, parse_kev
from watchbill.engines.dependencies.packages import Unreadable


def read(document: object) -> KevCatalogue:
    found = parse_kev(as_bytes(document), "kev.json")
    assert isinstance(found, KevCatalogue), found
    return found


def refusal(data: object) -> Unreadable:
    found = parse_kev(data if isinstance(data, bytes) else as_bytes(data), "kev.json")
    assert isinstance(found, Unreadable), found
    return found


def test_an_entry_keeps_what_a_page_shows() -> None:
    found = read(kev(kev_entry("CVE-2026-1000", notes="see the maker", knownRansomwareCampaignUse="Known")))
    assert found.version == "2026.11.03"
    assert found.released == "2026-11-03T00:00:00Z"
    assert found.entries == (
        KevEntry("CVE-2026-1000", "2026-11-02", "Hawser parts", "Salt", "hawser", True, "2026-11-23", "see the maker"),
    )


def test_unknown_ransomware_use_claims_nothing() -> None:
    assert not read(kev(kev_entry("CVE-2026-1000"))).entries[0].ransomware


def test_a_due_date_that_is_no_day_is_no_due_date() -> None:
    assert read(kev(kev_entry("CVE-2026-1000", dueDate="soon"))).entries[0].due == ""


def test_a_catalogue_that_holds_fewer_than_it_says_was_cut_short() -> None:
    assert refusal(kev(kev_entry("CVE-2026-1000"), count=2)).code == "cut_short"


def test_a_catalogue_that_does_not_count_itself_is_read() -> None:
    document = kev(kev_entry("CVE-2026-1000"))
    del document["count"]
    assert len(read(document).entries) == 1


def test_an_empty_catalogue_is_refused_because_it_would_clear_everything() -> None:
    assert refusal(kev()).code == "empty"


def test_a_cve_that_stands_twice_is_refused() -> None:
    assert refusal(kev(kev_entry("CVE-2026-1000"), kev_entry("CVE-2026-1000"))).code == "duplicate"


@pytest.mark.parametrize(
    "change",
    [{"cveID": "GHSA-1"}, {"cveID": None}, {"dateAdded": "yesterday"}, {"dateAdded": ""}, {"notes": 5}, {"product": []}],
)
def test_a_bad_entry_refuses_the_catalogue(change: dict[str, Any]) -> None:
    assert refusal(kev(kev_entry("CVE-2026-1000", **change))).code == "bad_entry"


def test_an_entry_that_is_no_object_refuses_the_catalogue() -> None:
    assert refusal({"vulnerabilities": ["CVE-2026-1000"]}).code == "bad_entry"


@pytest.mark.parametrize("document", [[], {}, {"vulnerabilities": {}}, {"id": "A-1"}])
def test_another_document_is_no_catalogue(document: object) -> None:
    assert refusal(document).code == "not_kev"


def test_half_a_file_is_refused() -> None:
    data = as_bytes(kev(kev_entry("CVE-2026-1000")))
    assert refusal(data[: len(data) // 2]).code == "not_json"


def test_a_catalogue_past_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    document = kev(kev_entry("CVE-2026-1000"), kev_entry("CVE-2026-1001"))
    monkeypatch.setattr(kev_module, "MAX_KEV_ENTRIES", 2)
    assert len(read(document).entries) == 2
    monkeypatch.setattr(kev_module, "MAX_KEV_ENTRIES", 1)
    assert refusal(document).code == "too_large"
    monkeypatch.setattr(kev_module, "MAX_KEV_BYTES", len(as_bytes(document)) - 1)
    assert refusal(document).code == "too_large"


def test_the_public_catalogue_is_read_entry_by_entry() -> None:
    data = shared_data("vulnerabilities", "kev.json").read_bytes()
    found = parse_kev(data, "kev.json")
    assert isinstance(found, KevCatalogue)
    assert len(found.entries) == json.loads(data)["count"] == 1404
    assert all(entry.due for entry in found.entries)
