"""The 2 a.m. page: a phone, no sign-in, one link. GET shows, POST acts; nothing about it may leak or weigh."""

import gzip
import re
from datetime import timedelta

from django.test import Client
from django.urls import reverse

from tests.web.conftest import Company
from watchbill.base import clock, trail
from watchbill.paging import queries as paging
from watchbill.paging.links import path_for
from watchbill.sample import queries as sample
from watchbill.web import assets

BUDGET = 14 * 1024


def test_it_opens_without_signing_in(phone_link: str) -> None:
    assert Client().get(phone_link).status_code == 200


def test_it_says_what_whose_how_bad_and_who_is_next(phone_link: str, story: sample.Story) -> None:
    html = Client().get(phone_link).content.decode()
    alert = paging.alert(story.alert_id)
    assert alert.title in html
    assert paging.pages(story.alert_id)[0].person in html
    assert '<span class="now">now</span>' in html
    assert alert.next_targets[0] in html


def test_looking_acknowledges_nothing(phone_link: str, story: sample.Story) -> None:
    before = trail.size()
    client = Client()
    for _ in range(3):
        client.get(phone_link)
        client.head(phone_link)
    assert paging.alert(story.alert_id).state == "triggered"
    assert trail.size() == before


def test_pressing_acknowledge_stops_the_ringing(phone_link: str, story: sample.Story) -> None:
    answer = Client().post(phone_link, {"do": "ack"})
    assert answer.status_code == 303
    assert answer["Location"] == phone_link
    assert paging.alert(story.alert_id).state == "acknowledged"


def test_it_is_kept_who_acknowledged_and_by_what(phone_link: str, story: sample.Story) -> None:
    person = paging.pages(story.alert_id)[0].person
    Client().post(phone_link, {"do": "ack"})
    event = trail.events(action="alert.acknowledged")[0]
    assert event.actor_kind == "link"
    assert event.body["person"] == person


def test_after_it_the_page_says_who_is_on_it(phone_link: str) -> None:
    client = Client()
    html = client.post(phone_link, {"do": "ack"}, follow=True).content.decode()
    assert "Acknowledged: you are on it" in html
    assert "<button" not in html


def test_acknowledging_twice_does_no_harm(phone_link: str, story: sample.Story) -> None:
    client = Client()
    client.post(phone_link, {"do": "ack"})
    assert client.post(phone_link, {"do": "ack"}).status_code == 303
    assert paging.alert(story.alert_id).state == "acknowledged"


def test_escalate_now_pages_the_next_person(phone_link: str, story: sample.Story) -> None:
    before = {page.person_id for page in paging.pages(story.alert_id)}
    Client().post(phone_link, {"do": "escalate"})
    assert {page.person_id for page in paging.pages(story.alert_id)} - before


def test_a_form_that_says_neither_changes_nothing(phone_link: str, story: sample.Story) -> None:
    assert Client().post(phone_link, {"do": "delete"}).status_code == 422
    assert paging.alert(story.alert_id).state == "triggered"


def test_a_changed_link_opens_nothing(phone_link: str) -> None:
    client = Client()
    assert client.get(phone_link[:-2] + "xy").status_code in (404, 410)
    assert client.get("/p/nothing").status_code in (404, 410)


def test_a_changed_link_acknowledges_nothing(phone_link: str, story: sample.Story) -> None:
    assert Client().post(phone_link[:-2] + "xy", {"do": "ack"}).status_code in (404, 410)
    assert paging.alert(story.alert_id).state == "triggered"


def test_an_old_link_says_that_it_is_old(story: sample.Story) -> None:
    page = paging.pages(story.alert_id)[0]
    old = path_for(page.id, page.alert_id, page.person_id, clock.now() - timedelta(days=40))
    answer = Client().get(old)
    assert answer.status_code in (404, 410)
    assert "Sign in" in answer.content.decode()


def test_the_link_is_never_kept_cached_or_passed_on(phone_link: str) -> None:
    for answer in (Client().get(phone_link), Client().post(phone_link, {"do": "ack"}), Client().get("/p/nothing")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex"


def test_it_weighs_less_than_one_first_flight_of_packets(phone_link: str) -> None:
    html = Client().get(phone_link).content
    css = assets.assets()["ack.css"].packed
    assert len(gzip.compress(html, 9)) + len(css) <= BUDGET


def test_it_carries_no_script_and_sets_no_cookie(phone_link: str) -> None:
    answer = Client().get(phone_link)
    assert b"<script" not in answer.content
    assert not answer.cookies


def test_it_says_where_and_why_this_person(phone_link: str, story: sample.Story) -> None:
    html = Client().get(phone_link).content.decode()
    assert "Service berth-board, team Berths, open to the internet." in html
    assert "CODEOWNERS" in html
    assert paging.pages(story.alert_id)[0].why_you.rstrip(".") in html


def test_it_says_until_when_its_link_is_good(phone_link: str) -> None:
    assert "alone and works until" in Client().get(phone_link).content.decode()


def test_commands_are_set_as_commands(phone_link: str) -> None:
    assert "<code>npm install --save-exact" in Client().get(phone_link).content.decode()


def test_its_buttons_stand_before_the_reading_matter(phone_link: str) -> None:
    html = Client().get(phone_link).content.decode()
    assert html.index("Acknowledge") < html.index("First things")


def test_times_are_in_the_zone_of_whoever_was_paged(phone_link: str) -> None:
    html = Client().get(phone_link).content.decode()
    assert re.search(r"\d\d:\d\d\xa0CES?T", html)


def test_the_samples_phone_brings_you_back_to_the_sample_and_nowhere_else(phone_link: str) -> None:
    assert Client().post(phone_link, {"do": "ack", "back": "/sample/"})["Location"] == "/sample/"
    assert Client().post(phone_link, {"do": "ack", "back": "https://elsewhere.example/"})["Location"] == phone_link


def test_other_ways_of_asking_are_refused(phone_link: str) -> None:
    assert Client().put(phone_link).status_code == 405
    assert Client().delete(phone_link).status_code == 405


def test_the_desk_tells_this_browser_what_rings(saltmarsh: Company, story: sample.Story) -> None:
    client = saltmarsh.visit_as(sample.newcomer().email)
    told = client.get(reverse("ringing")).json()["pages"]
    assert [page["title"] for page in told] == [paging.alert(story.alert_id).title]


def test_the_desk_goes_quiet_after_an_acknowledgement(saltmarsh: Company, phone_link: str) -> None:
    client = saltmarsh.visit_as(sample.newcomer().email)
    client.post(phone_link, {"do": "ack"})
    assert client.get(reverse("ringing")).json() == {"pages": []}


def test_a_stranger_hears_of_nothing_that_rings() -> None:
    answer = Client().get(reverse("ringing"))
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
