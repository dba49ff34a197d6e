"""Requests that no honest client sends: each gets a clear refusal, never a 500, and changes nothing."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from tests.web.conftest import BY, Company
from watchbill.base import trail
from watchbill.cases.incidents import services as cord
from watchbill.paging import queries as paging
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample

pytestmark = pytest.mark.filterwarnings("default")
HUGE = "9" * 30


@pytest.fixture
def headers(saltmarsh: Company) -> dict[str, str]:
    """A token that may do all that a token may."""
    admin = next(person for person in roster.people() if person.role == "admin")
    _, raw = people.create_token("all", admin.email, ("read", "act", "send"), 5, by=BY)
    return {"authorization": f"Bearer {raw}"}


def quiet(client: Client | None = None) -> Client:
    """A browser that shows a 500 rather than raising it."""
    made = client or Client()
    made.raise_request_exception = False
    return made


@pytest.mark.parametrize(
    "path",
    [
        f"/findings/{HUGE}/",
        f"/alerts/{HUGE}/",
        f"/incidents/{HUGE}/",
        f"/sources/{HUGE}/",
        f"/trail/{HUGE}/",
        f"/trail/?before={HUGE}",
        "/trail/?before=9223372036854775807",
        "/trail/?at=1970-01-01T00:00%2B14:00",
        "/trail/?at=8999-12-31T23:59:59-14:00&span=7d",
        "/trail/?q=%00%1b",
        "/findings/?q=%00",
        f"/findings/?q={'a' * 5000}",
        f"/findings/?q=id:{HUGE}",
        "/findings/?q=sort:",
        "/findings/?q=%22",
        f"/findings/?page={HUGE}",
        "/findings/?after=%00&cursor=zzz",
        "/services/%00/",
        "/on-call/?week=9999-99-99",
        "/on-call/?week=0001-01-01",
    ],
)
def test_a_hostile_address_is_answered_calmly(saltmarsh: Company, path: str) -> None:
    assert quiet(saltmarsh.visit("admin")).get(path).status_code < 500


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/findings/{HUGE}",
        f"/api/v1/alerts/{HUGE}",
        f"/api/v1/inbox/{HUGE}",
        "/api/v1/trail?start=0001-01-01T00:00:00%2B14:00",
        "/api/v1/trail?end=9999-12-31T23:59:59-14:00",
        "/api/v1/trail?cursor=cDk5OTk5OTk5OTk5OTk5OTk5",
        "/api/v1/trail?q=%00",
        "/api/v1/findings?cursor=%00",
        "/api/v1/findings?q=%00",
        f"/api/v1/findings?limit={HUGE}",
        "/api/v1/oncall?service=%00",
        "/api/v1/oncall?schedule=zzz",
    ],
)
def test_a_hostile_question_to_the_api_is_answered_calmly(headers: dict[str, str], path: str) -> None:
    assert quiet().get(path, headers=headers).status_code < 500


BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/changes", {"summary": "x\ud800"}),
    ("/api/v1/changes", {"summary": "x", "occurred_at": "0001-01-01T00:00:00+14:00"}),
    ("/api/v1/changes", {"summary": "x", "occurred_at": "2026-10-01T00:00:00"}),
    ("/api/v1/changes", {"summary": "x" * 2_000_000}),
    ("/api/v1/changes", {"summary": "x", "targets": ["a"] * 5000}),
    ("/api/v1/changes", {"summary": "x", "targets": ["a" * 5000]}),
    ("/api/v1/changes", {"summary": "x", "links": ["javascript:alert(1)"]}),
    ("/api/v1/findings/1/not_affected", {"reason": "because I say so \ud800"}),
    ("/api/v1/findings/1/not_affected", {"reason": "short"}),
    ("/api/v1/findings/1/accept_risk", {"reason": "because I say so", "until": "9999-12-31T23:59:59-14:00"}),
    ("/api/v1/findings/1/accept_risk", {"reason": "because I say so", "until": "2020-01-01T00:00:00Z"}),
    ("/api/v1/findings/1/accept_risk", {"reason": "because I say so", "until": -1e18}),
    ("/api/v1/findings/1/assign", {"team": "\x00"}),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_a_hostile_body_is_refused_with_a_problem_and_changes_nothing(headers: dict[str, str], path: str, body: dict[str, Any]) -> None:
    before = trail.size()
    answer = quiet().post(path, data=json.dumps(body), content_type="application/json", headers=headers)
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert trail.size() == before


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"", b"null", b"[]", b'"' + b"1" * 10_000])
def test_what_is_no_body_is_refused(headers: dict[str, str], body: bytes) -> None:
    answer = quiet().post("/api/v1/changes", data=body, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("text", ["", " ", "\x00", "x" * 2_400_000, "\u202e\x1b[2J", "<script>"])
def test_no_sentence_keeps_anybody_from_the_cord(headers: dict[str, str], text: str) -> None:
    answer = quiet().post("/api/v1/incidents", data=json.dumps({"text": text}), content_type="application/json", headers=headers)
    assert answer.status_code == 201


def test_nobody_gives_themselves_another_address(saltmarsh: Company) -> None:
    person = next(one for one in roster.people() if one.role == "security")
    browser = saltmarsh.visit_as(person.email)
    for button in ("action_add", "action_primary", "action_remove", "action_send"):
        assert browser.post("/accounts/email/", {"email": "somebody@else.example", button: ""}).status_code == 404
    assert roster.person(person.id).email == person.email


def test_the_link_of_somebody_let_go_acts_no_more(saltmarsh: Company, story: sample.Story, phone_link: str) -> None:
    people.set_active(paging_person(story), False, by=BY)
    assert Client().get(phone_link).status_code == 404
    assert Client().post(phone_link, {"do": "ack"}).status_code == 404
    assert paging.alert(story.alert_id).state == "triggered"


def paging_person(story: sample.Story) -> str:
    return roster.person(paging.pages(story.alert_id)[0].person_id).email


def test_looking_at_a_link_never_acts(saltmarsh: Company, story: sample.Story, phone_link: str) -> None:
    for method in ("get", "head"):
        for query in ("", "?do=ack", "?do=escalate"):
            getattr(Client(), method)(phone_link + query)
    assert paging.alert(story.alert_id).state == "triggered"


def test_a_link_with_any_letter_changed_opens_nothing(saltmarsh: Company, story: sample.Story, phone_link: str) -> None:
    for place in range(len("/p/"), len(phone_link) - 1):
        other = "A" if phone_link[place] != "A" else "B"
        assert Client().post(phone_link[:place] + other + phone_link[place + 1 :], {"do": "ack"}).status_code in (404, 410)
    assert paging.alert(story.alert_id).state == "triggered"


def test_a_link_sends_nobody_to_another_site(saltmarsh: Company, phone_link: str) -> None:
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = Client().post(f"{phone_link}?next={back}", {"do": "ack", "back": back, "next": back})
        assert answer["Location"] == phone_link


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"])
def test_signing_in_leads_nobody_to_another_site(saltmarsh: Company, to: str) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    answer = Client().post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery", "next": to})
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_the_sessions_key_changes_when_somebody_signs_in(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    browser = Client()
    session = browser.session
    session["planted"] = "by the attacker"
    session.save()
    planted = session.session_key
    browser.post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery"})
    assert browser.session.session_key != planted
    stolen = Client()
    stolen.cookies["watchbill_session"] = planted
    assert stolen.get("/").status_code == 302


def test_a_session_id_of_the_strangers_own_making_is_not_taken(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    browser = Client()
    browser.cookies["watchbill_session"] = "a" * 32
    browser.post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery"})
    assert browser.cookies["watchbill_session"].value != "a" * 32


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    browser = Client()
    browser.get("/accounts/login/")
    browser.post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery"})
    for name in ("watchbill_session", "csrftoken"):
        assert browser.cookies[name]["httponly"]
        assert browser.cookies[name]["samesite"] == "Lax"


def test_guessing_passwords_is_slowed_down(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    for number in range(25):
        Client().post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": f"guess {number}"})
    late = Client()
    late.post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery"})
    assert late.get("/").status_code == 302, "the right password opened after 25 wrong ones at once"


def test_guessing_is_not_helped_by_a_forged_address(saltmarsh: Company) -> None:
    people.add_person("erin@saltmarsh.example", "Erin", "engineer", "UTC", "correct horse battery", by=BY)
    for number in range(25):
        forged = {"x-forwarded-for": f"198.51.100.{number}"}
        Client().post("/accounts/login/", {"login": "erin@saltmarsh.example", "password": f"guess {number}"}, headers=forged)
    late = Client()
    late.post(
        "/accounts/login/",
        {"login": "erin@saltmarsh.example", "password": "correct horse battery"},
        headers={"x-forwarded-for": "203.0.113.9"},
    )
    assert late.get("/").status_code == 302


def test_a_strange_host_is_refused(saltmarsh: Company) -> None:
    assert Client().get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400


def test_a_reset_of_the_password_never_links_to_the_askers_host(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    Client().post("/accounts/password/reset/", {"email": "dora@saltmarsh.example"}, headers={"host": "localhost:6666"})
    assert mail.outbox
    assert [line for message in mail.outbox for line in message.body.splitlines() if "6666" in line] == []


def test_a_reset_says_the_same_for_known_and_unknown_people(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    known = Client().post("/accounts/password/reset/", {"email": "dora@saltmarsh.example"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@saltmarsh.example"})
    assert (known.status_code, known.get("Location")) == (unknown.status_code, unknown.get("Location"))


@pytest.mark.parametrize("role", ["viewer", "engineer"])
def test_a_private_incident_is_private_everywhere(saltmarsh: Company, role: str) -> None:
    started = cord.start_incident("odd logins on db3", by=BY)
    alert = paging.alert_for(f"incident:{started.id}")
    assert alert is not None
    person = get_user_model().objects.filter(role=role).order_by("pk").last()
    assert person is not None
    if any(page.person_id == person.pk for page in paging.pages(alert.id)):
        pytest.skip("this one was paged, and so is in")
    browser = quiet(saltmarsh.visit_as(person.email))
    _, raw = people.create_token("r", person.email, ("read",), 5, by=BY)
    token = {"authorization": f"Bearer {raw}"}
    secrets = (started.codename, "odd logins", f"incident:{started.id}", f"alert:{alert.id}", f"/incidents/{started.id}/")
    paths = [
        "/", "/incidents/", f"/incidents/{started.id}/", f"/alerts/{alert.id}/", "/trail/", "/trail/?format=json", "/trail/events.csv",
        f"/trail/?on=incident:{started.id}", f"/trail/?q={started.codename.split()[0]}", "/findings/?q=is:all", "/me/ringing.json",
        "/api/v1/alerts", f"/api/v1/alerts/{alert.id}", "/api/v1/trail?limit=500", f"/api/v1/trail?target=incident:{started.id}",
        f"/api/v1/trail?target=alert:{alert.id}", "/api/v1/status", "/setup/", "/sources/",
    ]  # fmt: skip
    for path in paths:
        answer = browser.get(path, headers=token if path.startswith("/api/") else {})
        text = answer.content.decode()
        for secret in secrets:
            assert secret in unquote(path) or secret not in text, (path, secret)
