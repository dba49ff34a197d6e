"""Findings: the list answers a search line, the page answers the questions in their order, and each verb asks for the role it needs."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from tests.web.conftest import BY, Company
from watchbill.base import clock
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings.models import Finding
from watchbill.paging.channels import apprise
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample
from watchbill.web.api.findings import detail_facts
from watchbill.web.pages.findings import csv_answer
from watchbill.web.telling import named

ORDER = [
    "What",
    "Why you",
    "Why now",
    "What happens if I don’t",
    "What to do",
    "How it will be proven",
    "What changed around it",
    "History",
]


def page_of(company: Company, finding_id: int, role: str = "engineer") -> str:
    return company.visit(role).get(reverse("finding", args=[finding_id])).content.decode()


def some_open() -> int:
    return findings.search("is:open decision:digest").rows[0].id


def press(company: Company, finding_id: int, role: str = "engineer", **form: str) -> int:
    return company.visit(role).post(reverse("finding-act", args=[finding_id]), form).status_code


def test_the_questions_stand_in_the_looks_order(saltmarsh: Company, story: sample.Story) -> None:
    html = page_of(saltmarsh, story.finding_id)
    asked = re.findall(r'<h2 id="q\d">(.*?)</h2>', html)
    assert asked == ORDER


def test_why_it_matches_is_folded_away_step_by_step(saltmarsh: Company, story: sample.Story) -> None:
    html = page_of(saltmarsh, story.finding_id)
    finding = findings.finding(story.finding_id)
    fold = html.split("<summary>Why this matches</summary>")[1].split("</details>")[0]
    assert f"Version {finding.installed} is inside range" in fold
    assert "Affected: in a range." in fold


def test_the_exact_command_is_there_to_copy(saltmarsh: Company, story: sample.Story) -> None:
    html = page_of(saltmarsh, story.finding_id)
    for command in findings.finding(story.finding_id).upgrade:
        assert command in html


def test_every_input_of_the_decision_names_its_source(saltmarsh: Company, story: sample.Story) -> None:
    html = page_of(saltmarsh, story.finding_id)
    inputs = findings.finding(story.finding_id).inputs
    assert len(inputs) == 4
    for one in inputs:
        assert named(one.source, {person.email: person.name for person in roster.people()}) in html


def test_what_was_assumed_is_shown_as_assumed(saltmarsh: Company) -> None:
    guessed = next(row.id for row in findings.search("is:open service:tide-feed").rows)
    assert '<span class="tag">assumed</span>' in page_of(saltmarsh, guessed)


def test_the_deploy_before_it_stands_beside_it(saltmarsh: Company, story: sample.Story) -> None:
    assert "Deploy 4112 of berth-board" in page_of(saltmarsh, story.finding_id)


def test_history_links_each_step_to_its_event(saltmarsh: Company, story: sample.Story) -> None:
    html = page_of(saltmarsh, story.finding_id)
    links = re.findall(r'class="proof" href="/trail/(\d+)/"', html)
    assert links
    for seq in links:
        assert saltmarsh.visit("engineer").get(f"/trail/{seq}/").status_code == 200


def test_a_finding_that_is_not_there_is_said_so(saltmarsh: Company) -> None:
    answer = saltmarsh.visit("engineer").get(reverse("finding", args=[999_999]))
    assert answer.status_code == 404
    assert "No such finding" in answer.content.decode()


def test_taking_it_also_answers_its_page(saltmarsh: Company, story: sample.Story) -> None:
    assert press(saltmarsh, story.finding_id, do="take") == 303
    html = page_of(saltmarsh, story.finding_id)
    assert "is on it" in html


def test_claiming_the_fix_waits_for_proof(saltmarsh: Company) -> None:
    number = some_open()
    assert press(saltmarsh, number, do="fixed") == 303
    assert findings.finding(number).state in ("fix_claimed", "verifying")
    assert "wait for the proof" in page_of(saltmarsh, number)


def test_accepting_a_risk_asks_for_a_second_name(saltmarsh: Company) -> None:
    number = some_open()
    until = (clock.now() + timedelta(days=30)).date().isoformat()
    assert press(saltmarsh, number, do="accept", reason="Only reads our own files", until=until) == 303
    asked = findings.finding(number).acceptance
    assert asked is not None
    assert asked.state == "requested"
    assert findings.finding(number).state != "accepted"


def test_another_person_of_security_signs_it(saltmarsh: Company) -> None:
    number = some_open()
    until = (clock.now() + timedelta(days=30)).date().isoformat()
    press(saltmarsh, number, do="accept", reason="Only reads our own files", until=until)
    asked = findings.finding(number).acceptance
    assert asked is not None
    assert "Second name on a risk" in saltmarsh.visit("security").get("/").content.decode()
    assert press(saltmarsh, number, "security", do="sign", acceptance=str(asked.id)) == 303
    assert findings.finding(number).state == "accepted"


def test_nobody_signs_their_own_request(saltmarsh: Company) -> None:
    number = some_open()
    until = (clock.now() + timedelta(days=30)).date().isoformat()
    press(saltmarsh, number, "security", do="accept", reason="Only reads our own files", until=until)
    asked = findings.finding(number).acceptance
    assert asked is not None
    assert press(saltmarsh, number, "security", do="sign", acceptance=str(asked.id)) == 403
    assert "somebody else signs" in page_of(saltmarsh, number, "security")


@pytest.mark.parametrize("until", ["", "soon", "2026-13-40"])
def test_an_acceptance_without_a_day_is_refused(saltmarsh: Company, until: str) -> None:
    assert press(saltmarsh, some_open(), do="accept", reason="because", until=until) == 422


def test_an_acceptance_beyond_half_a_year_is_refused(saltmarsh: Company) -> None:
    until = (clock.now() + timedelta(days=400)).date().isoformat()
    assert press(saltmarsh, some_open(), do="accept", reason="because", until=until) in (409, 422)


def test_security_may_call_it_not_affected_at_once(saltmarsh: Company) -> None:
    number = some_open()
    assert press(saltmarsh, number, "security", do="not_affected", reason="That part is never loaded") == 303
    assert findings.finding(number).state == "not_affected"


def test_an_engineers_not_affected_waits_for_a_second_look(saltmarsh: Company) -> None:
    number = some_open()
    assert press(saltmarsh, number, do="not_affected", reason="That part is never loaded") == 303
    assert findings.finding(number).state != "not_affected"


def test_handing_on_changes_the_owner(saltmarsh: Company) -> None:
    number = some_open()
    other = next(team.slug for team in roster.teams() if team.slug != findings.finding(number).team)
    assert press(saltmarsh, number, do="assign", team=other) == 303
    assert findings.finding(number).team == other


def test_a_viewer_finds_no_verbs_and_may_use_none(saltmarsh: Company) -> None:
    number = some_open()
    assert 'value="take"' not in page_of(saltmarsh, number, "viewer")
    for verb in ("take", "fixed", "accept", "not_affected", "assign"):
        assert press(saltmarsh, number, "viewer", do=verb) == 403


def test_an_unknown_verb_is_refused(saltmarsh: Company) -> None:
    assert press(saltmarsh, some_open(), do="explode") == 422


def test_the_list_shows_what_is_open_and_the_most_pressing_first(saltmarsh: Company, story: sample.Story) -> None:
    html = saltmarsh.visit("viewer").get("/findings/").content.decode()
    ids = [int(found) for found in re.findall(r'class="t" href="/findings/(\d+)/"', html)]
    assert ids[0] == story.finding_id
    assert len(ids) == findings.search("is:open").total


def test_a_facet_adds_its_word_to_the_search_and_takes_it_out_again(saltmarsh: Company) -> None:
    client = saltmarsh.visit("viewer")
    assert "decision:hours is:open" in client.get("/findings/").content.decode().replace("%20", " ").replace("%3A", ":")
    picked = client.get("/findings/", {"q": "decision:hours is:open"}).content.decode()
    assert 'aria-current="true"' in picked


def test_a_search_that_matches_nothing_says_what_was_looked_for(saltmarsh: Company) -> None:
    html = saltmarsh.visit("viewer").get("/findings/", {"q": "package:nothing-like-it"}).content.decode()
    assert "Nothing matches" in html
    assert "package:nothing-like-it" in html


def test_a_word_that_the_search_does_not_know_is_explained(saltmarsh: Company) -> None:
    answer = saltmarsh.visit("viewer").get("/findings/", {"q": "colour:red"})
    assert answer.status_code == 422
    assert "What to do" in answer.content.decode() or "colour" in answer.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999", ""])
def test_a_page_number_that_is_none_is_the_first(saltmarsh: Company, page: str) -> None:
    assert saltmarsh.visit("viewer").get("/findings/", {"page": page}).status_code == 200


def test_the_list_comes_as_json_with_the_same_rows(saltmarsh: Company) -> None:
    told = saltmarsh.visit("viewer").get("/findings.json", {"q": "is:open"}).json()
    assert told["total"] == len(told["findings"]) == findings.search("is:open").total
    assert set(told["findings"][0]) >= {"id", "title", "decision", "state", "service", "team", "why", "due"}


def test_the_list_comes_as_csv_with_the_same_rows(saltmarsh: Company) -> None:
    answer = saltmarsh.visit("viewer").get("/findings.csv", {"q": "is:open"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == findings.search("is:open").total
    assert answer["Content-Disposition"] == 'attachment; filename="findings.csv"'


def test_another_kind_of_file_is_not_there(saltmarsh: Company) -> None:
    assert saltmarsh.visit("viewer").get("/findings.exe").status_code == 404


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(cell: str) -> None:
    text = csv_answer([{"title": cell}], "x.csv").content.decode()
    assert "'" + cell.strip() in text.replace('"', "") or f"'{cell}" in text.replace('"', "")


def test_numbers_in_a_csv_stay_numbers() -> None:
    assert csv_answer([{"n": -5, "none": None, "many": ["a", "b"]}], "x.csv").content.decode().splitlines()[1] == "-5,,a b"


def test_decisions_stand_from_the_loudest_to_the_quietest(saltmarsh: Company) -> None:
    html = saltmarsh.visit("engineer").get("/findings/").content.decode()
    chips = re.search(r"<span>Decision</span>(.*?)</p>", html)
    assert chips
    assert re.findall(r"(now|hours|digest|silent) <span", chips.group(1)) == ["now", "hours", "digest", "silent"]


def test_names_of_the_problem_lead_to_what_is_told_of_them(saltmarsh: Company, story: sample.Story) -> None:
    html = page_of(saltmarsh, story.finding_id)
    assert re.search(r'<a href="[^"]*CVE-2025-55182"[^>]*>CVE-2025-55182</a>', html)
    assert ">weakness CWE-502</a>" in html
    assert ">https://" not in html


def test_no_machine_number_of_a_scan_is_shown(saltmarsh: Company, story: sample.Story) -> None:
    text = re.sub(r"<[^>]*>", "", page_of(saltmarsh, story.finding_id))
    assert not re.search(r"(look|advisories)-01[0-9a-z]{20}", text)


def test_security_retires_what_is_gone_with_a_reason(saltmarsh: Company) -> None:
    number = some_open()
    assert "Retire it" in page_of(saltmarsh, number, "security")
    assert press(saltmarsh, number, "security", do="retire", reason="The service was switched off") == 303
    assert findings.finding(number).state == "retired"
    html = page_of(saltmarsh, number, "security")
    assert "The service was switched off" in html
    assert "How it was closed" in html


def test_an_engineer_retires_nothing(saltmarsh: Company) -> None:
    number = some_open()
    assert "Retire it" not in page_of(saltmarsh, number)
    assert press(saltmarsh, number, do="retire", reason="The service was switched off") == 403
    assert findings.finding(number).state != "retired"


def asked_by_the_only_one_of_security(company: Company) -> tuple[int, int]:
    """Security is Mira alone; she asks for a risk of berth-board, Alice's service. The finding's number and the request's."""
    for one in roster.people():
        if one.role in ("security", "admin") and one.email != "mira@saltmarsh.example":
            people.set_role(one.email, "viewer", by=BY)
    number = findings.search("service:berth-board is:open").rows[0].id
    until = (clock.now() + timedelta(days=20)).date().isoformat()
    form = {"do": "accept", "reason": "It is behind the gate until spring", "until": until}
    company.visit_as("mira@saltmarsh.example").post(reverse("finding-act", args=[number]), form)
    asked = findings.finding(number).acceptance
    assert asked is not None
    return number, asked.id


def test_where_security_is_one_person_the_owner_signs(saltmarsh: Company) -> None:
    number, request = asked_by_the_only_one_of_security(saltmarsh)
    alice = saltmarsh.visit_as("alice@saltmarsh.example")
    assert "Sign it" in alice.get(reverse("finding", args=[number])).content.decode()
    assert "Second name on a risk" in alice.get("/").content.decode()
    alice.post(reverse("finding-act", args=[number]), {"do": "sign", "acceptance": str(request)})
    assert findings.finding(number).state == "accepted"


def test_whoever_owns_something_else_does_not_sign(saltmarsh: Company) -> None:
    number, request = asked_by_the_only_one_of_security(saltmarsh)
    jun = saltmarsh.visit_as("jun@saltmarsh.example")
    assert "Sign it" not in jun.get(reverse("finding", args=[number])).content.decode()
    assert jun.post(reverse("finding-act", args=[number]), {"do": "sign", "acceptance": str(request)}).status_code == 403


def test_a_request_is_signed_on_its_own_page_only(saltmarsh: Company) -> None:
    number, request = asked_by_the_only_one_of_security(saltmarsh)
    other = some_open()
    assert other != number
    alice = saltmarsh.visit_as("alice@saltmarsh.example")
    assert alice.post(reverse("finding-act", args=[other]), {"do": "sign", "acceptance": str(request)}).status_code == 422
    assert findings.finding(number).state != "accepted"


def test_an_empty_company_is_told_that_nothing_was_looked_at(empty: Company) -> None:
    html = empty.visit("admin").get("/findings/").content.decode()
    assert "Nothing has been looked at yet." in html


def with_facts(finding_id: int, **facts: object) -> None:
    """The finding with more known about it, as a scan would have brought it."""
    row = Finding.objects.get(pk=finding_id)
    Finding.objects.filter(pk=finding_id).update(facts={**row.facts, **facts}, unowned=True)


def test_how_it_comes_in_stands_where_one_looks_for_what_to_do(saltmarsh: Company) -> None:
    number = some_open()
    with_facts(number, path=["express@4.18.2", "<b>@1"])
    html = page_of(saltmarsh, number)
    assert "It comes in through express 4.18.2 \u2192 &lt;b&gt; 1; bump express." in html


def test_whom_to_ask_is_suggested_and_said_to_be_no_more(saltmarsh: Company) -> None:
    number = some_open()
    with_facts(number, committers=["Alice (4 of the last 10 commits to this file)", "<i>Eve</i> (1 of the last 10 commits to this file)"])
    html = page_of(saltmarsh, number)
    assert "Perhaps ask: Alice (4 of the last 10 commits to this file) and &lt;i&gt;Eve&lt;/i&gt;" in html
    assert "nobody was assigned" in html


def test_what_has_an_owner_suggests_nobody(saltmarsh: Company) -> None:
    number = some_open()
    with_facts(number, committers=["Alice (4 of the last 10 commits to this file)"])
    Finding.objects.filter(pk=number).update(unowned=False)
    assert "Perhaps ask" not in page_of(saltmarsh, number)


def test_the_api_tells_the_way_in_and_whom_to_ask(saltmarsh: Company) -> None:
    number = some_open()
    with_facts(number, path=["express@4.18.2"], committers=["Alice (the only commit to this file)"])
    told = detail_facts(findings.finding(number))
    assert (told["path"], told["perhaps_ask"]) == (["express@4.18.2"], ["Alice (the only commit to this file)"])


def test_a_channel_that_can_not_be_used_yet_says_so_on_its_form(saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "unusable", lambda: apprise.MISSING)
    html = saltmarsh.visit("engineer").get(reverse("me")).content.decode()
    assert "Nothing can go this way yet: the extra is not installed: pip install" in html


def test_a_package_that_comes_in_through_another_is_raised_by_itself_only_where_that_does_not_help(saltmarsh: Company) -> None:
    number = some_open()
    assert "put it in by itself" not in page_of(saltmarsh, number)
    with_facts(number, path=["express@4.18.2"], upgrade=["npm install --save-exact qs@6.14.1", "npm ls qs"])
    assert "put it in by itself; the last line tells whether it took" in " ".join(page_of(saltmarsh, number).split())
