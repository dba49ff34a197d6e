"""What pages say of advisories: how old they are, what failed, the other names of a problem, and how likely it is to be exploited."""

import json
from pathlib import Path

import pytest
from django.urls import reverse

from tests.web.conftest import Company
from watchbill.base import loop
from watchbill.base.acting import SYSTEM
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import advisories


def page(company: Company, name: str, *args: object) -> str:
    return str(company.visit("admin").get(reverse(name, args=args)).content.decode())


@pytest.mark.parametrize("name", ["now", "setup"])
def test_how_old_the_advisories_are_stands_there(saltmarsh: Company, name: str) -> None:
    assert "Advisories are" in page(saltmarsh, name)


@pytest.mark.parametrize("name", ["now", "setup"])
def test_what_the_last_update_could_not_bring_stands_there(saltmarsh: Company, name: str, request: pytest.FixtureRequest) -> None:
    failed = json.dumps({"at": "2026-11-23T09:00:00Z", "failures": ["npm: the mirror is <away>"]})
    advisories.store().note("update", failed)
    request.addfinalizer(lambda: advisories.store().note("update", "{}"))
    html = page(saltmarsh, name)
    assert "the mirror is &lt;away&gt;" in html
    assert "last update failed" in html.lower()


def test_a_finding_says_what_it_is_also_called(saltmarsh: Company) -> None:
    row = next(row for row in findings.search("is:open").rows if findings.finding(row.id).aliases)
    assert f"{row.advisory} is also known as " in page(saltmarsh, "finding", row.id)


def test_a_finding_says_how_likely_it_is_and_as_of_when(saltmarsh: Company, tmp_path: Path) -> None:
    row = next(row for row in findings.search("is:open").rows if row.advisory.startswith("CVE-"))
    day = "2026-11-22"
    scores = f"#model_version:v1,score_date:{day}T00:00:00+0000\ncve,epss,percentile\n{row.advisory},0.43,0.973\n"
    (tmp_path / "epss.csv").write_text(scores)
    advisories.load([tmp_path / "epss.csv"], by=SYSTEM)
    loop.run_turns()
    html = page(saltmarsh, "finding", row.id)
    assert "How likely is it?" in html
    assert "EPSS 0.43: likelier to be exploited in 30 days than 97 % of CVEs" in html
    assert f"FIRST EPSS v1, {row.advisory}" in html
