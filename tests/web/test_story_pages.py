"""The first minute on the pages: the phone, the clock, the upgrade, the proof; and the way out of the sample."""

import re

import pytest
from django.urls import reverse

from tests.databases import sqlite_only
from tests.web.conftest import Company
from watchbill.base import clock, serving, state, trail
from watchbill.cases.findings import queries as findings
from watchbill.paging import queries as paging
from watchbill.sample import queries as sample


def told() -> sample.Story:
    story = sample.story()
    assert story is not None
    return story


def html_of(company: Company, path: str = "/sample/") -> str:
    return company.visit_as(sample.newcomer().email).get(path).content.decode()


def test_the_phone_shows_the_real_page_with_its_real_form(saltmarsh: Company, story: sample.Story) -> None:
    html = html_of(saltmarsh)
    assert 'action="/p/' in html
    assert f"Page for <b><bdi>{story.phone_person}</bdi></b>" in html
    assert paging.alert(story.alert_id).title in html


def test_the_buttons_of_the_first_minute_are_there(saltmarsh: Company) -> None:
    html = html_of(saltmarsh)
    for button in ("Acknowledge", "Nobody answers: +10 min", "Upgrade it and re-scan"):
        assert button in html


def test_when_nobody_answers_the_phone_becomes_the_next_persons(saltmarsh: Company, story: sample.Story) -> None:
    client = saltmarsh.visit_as(sample.newcomer().email)
    answer = client.post(reverse("sample-forward"))
    assert answer["Location"] == "/sample/"
    html = client.get("/sample/").content.decode()
    assert told().phone_person != story.phone_person
    assert f"Nobody answered, so it rings for <bdi>{told().phone_person}</bdi>" in html


def test_the_samples_clock_moves_and_the_trail_says_so(saltmarsh: Company) -> None:
    before = clock.now()
    saltmarsh.visit("engineer").post(reverse("sample-forward"))
    assert (clock.now() - before).total_seconds() >= 600
    assert 'by 10 min <a class="proof"' in html_of(saltmarsh).replace("</bdi>", "")


def test_upgrading_turns_the_finding_green_with_its_proof(saltmarsh: Company, story: sample.Story) -> None:
    saltmarsh.visit("engineer").post(reverse("sample-upgrade"))
    assert findings.finding(story.finding_id).state == "fixed"
    html = html_of(saltmarsh)
    assert "<h1>Fixed, and proven</h1>" in html
    assert 'data-v="fixed"' in html
    assert findings.finding(story.finding_id).proof_sentence.split(" ")[0] in html


def test_once_fixed_the_page_speaks_of_what_was(saltmarsh: Company) -> None:
    saltmarsh.visit("engineer").post(reverse("sample-upgrade"))
    html = html_of(saltmarsh)
    assert "It rang, was answered, was fixed, and a newer scan proves it." in html
    assert "was now" in html
    assert "First things" not in html
    assert "It may wake people" not in html


def test_the_fixed_finding_asks_how_it_was_proven(saltmarsh: Company, story: sample.Story) -> None:
    saltmarsh.visit("engineer").post(reverse("sample-upgrade"))
    html = html_of(saltmarsh, reverse("finding", args=[story.finding_id]))
    assert "How it was proven" in html
    assert "What happens if I" not in html
    assert "; gone at" in html
    assert html.index('data-v="fixed"') < html.index("was now")


def test_now_says_when_it_was_paged_and_why_it_is_this_person(saltmarsh: Company) -> None:
    html = html_of(saltmarsh, "/")
    assert "Paged to you" in html
    assert "Why you: " in html


def test_once_fixed_nothing_rings_and_no_button_plays_on(saltmarsh: Company) -> None:
    saltmarsh.visit("engineer").post(reverse("sample-upgrade"))
    html = html_of(saltmarsh)
    assert "Nobody answers" not in html
    assert "Upgrade it" not in html


def test_the_fixed_findings_page_shows_its_proof_and_no_verbs(saltmarsh: Company, story: sample.Story) -> None:
    saltmarsh.visit("engineer").post(reverse("sample-upgrade"))
    html = html_of(saltmarsh, reverse("finding", args=[story.finding_id]))
    assert "Fixed, and proven." in html
    assert "Take it" not in html
    assert 'data-v="pass">proven' in html


@sqlite_only  # one PostgreSQL database holds one company
def test_leaving_the_sample_gives_the_link_and_asks_the_server_to_start_over(saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(serving, "stop_soon", lambda: asked.append("stop"))
    answer = saltmarsh.visit("admin").post(reverse("sample-own"))
    link = re.search(r'href="(/welcome/[^"]+)"', answer.content.decode())
    assert link
    assert answer["Refresh"] == f"6; url={link.group(1)}"
    assert asked == ["stop"]
    assert trail.events(action="sample.left")


def test_outside_the_sample_its_pages_are_not_there(empty: Company) -> None:
    client = empty.visit("admin")
    assert state.get("company") != "sample"
    assert client.get("/sample/").status_code == 404
    for name in ("sample-forward", "sample-upgrade", "sample-own"):
        assert client.post(reverse(name)).status_code in (404, 409)


def test_the_banner_says_that_it_is_a_sample_only_in_the_sample(saltmarsh: Company) -> None:
    assert "Sample company." in html_of(saltmarsh, "/")


def test_an_empty_company_has_no_banner_of_the_sample(empty: Company) -> None:
    html = empty.visit("admin").get("/").content.decode()
    assert "Sample company." not in html
    assert "No witness configured." in html


def test_an_empty_company_says_that_nothing_was_looked_at(empty: Company) -> None:
    html = empty.visit("admin").get("/").content.decode()
    assert "<h1>Nothing needs you yet</h1>" in html
    assert "Nothing has been looked at yet." in html
    assert "Set up the first source" in html


def test_now_shows_the_ringing_page_as_the_one_loud_thing(saltmarsh: Company) -> None:
    html = html_of(saltmarsh, "/")
    assert html.count("need hot") == 1
    assert html.count('class="decision" data-v="now"') == 1


def test_acknowledging_on_now_leads_to_the_finding(saltmarsh: Company, story: sample.Story) -> None:
    client = saltmarsh.visit_as(sample.newcomer().email)
    answer = client.post(reverse("alert-act", args=[story.alert_id]), {"do": "ack"})
    assert answer["Location"] == paging.alert(story.alert_id).link
    assert paging.alert(story.alert_id).state == "acknowledged"
    assert "need hot" not in client.get("/").content.decode()


def test_a_viewer_sees_what_rings_but_can_not_answer_it(saltmarsh: Company, story: sample.Story) -> None:
    answer = saltmarsh.visit("viewer").post(reverse("alert-act", args=[story.alert_id]), {"do": "ack"})
    assert answer.status_code == 403
    assert paging.alert(story.alert_id).state == "triggered"


def test_the_alert_says_why_this_person_was_or_was_not_paged(saltmarsh: Company, story: sample.Story) -> None:
    path = reverse("alert", args=[story.alert_id])
    assert "You were paged at the desk" in saltmarsh.visit_as(sample.newcomer().email).get(path).content.decode()
    assert "You were not paged" in saltmarsh.visit("viewer").get(path).content.decode()


def test_escalating_from_the_alert_pages_the_next(saltmarsh: Company, story: sample.Story) -> None:
    before = len(paging.pages(story.alert_id))
    saltmarsh.visit("engineer").post(reverse("alert-act", args=[story.alert_id]), {"do": "escalate"})
    assert len(paging.pages(story.alert_id)) > before
