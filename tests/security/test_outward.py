"""What leaves the house by somebody else's wish: contact methods, second signatures, server verbs, and what our own answers give away."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from tests.web.conftest import BY, Company
from watchbill.base import clock, datadir, keys, outgoing, settings, trail
from watchbill.base.acting import Actor
from watchbill.base.datadir import DataDir, write_private
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings import services as verbs
from watchbill.paging import contacts
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample

pytestmark = pytest.mark.filterwarnings("default")
REASON = "Nobody can reach it before the new gate is built."


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/control/roster.apply",
        "http://localhost/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://user:pass@host.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://host.example:99999/",
    ],
)
def test_no_call_goes_inside_or_elsewhere_than_http(url: str) -> None:
    with pytest.raises(outgoing.CallFailed):
        outgoing.request("GET", url, timeout=2)


def test_a_name_is_asked_once_and_one_private_address_among_its_own_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rebinding(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("8.8.8.8", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(outgoing.Refused):
        outgoing.request("GET", "http://rebind.example/", timeout=2)
    assert asked == ["rebind.example"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "http://", "//host.example", "http://a b/", "http://x/\r\nHost: y"]
)
def test_a_contact_method_leads_to_the_web_or_nowhere(saltmarsh: Company, url: str) -> None:
    person = next(one for one in roster.people() if one.role == "engineer")
    with pytest.raises(Problem):
        contacts.add_contact_method(person.id, "webhook", {"url": url, "secret": "whsec_x"}, by=BY)


def test_the_secrets_of_a_contact_method_are_nowhere_to_be_read(saltmarsh: Company) -> None:
    person = next(one for one in roster.people() if one.role == "engineer")
    browser = saltmarsh.visit_as(person.email)
    secret = "whsec_bm9ib2R5IHNob3VsZCBldmVyIHJlYWQgdGhpcw=="
    form = {"channel": "webhook", "webhook.url": "https://hooks.example.com/x", "webhook.secret": secret}
    assert browser.post("/me/contact", form).status_code == 303
    for path in ("/me/", "/setup/", "/trail/", "/trail/events.json", "/trail/events.csv"):
        assert secret not in browser.get(path).content.decode(), path


def test_a_token_is_shown_once_and_stands_nowhere_else(saltmarsh: Company) -> None:
    admin = next(person for person in roster.people() if person.role == "admin")
    browser = saltmarsh.visit_as(admin.email)
    page = browser.post("/setup/tokens/", {"name": "mine", "scope": ["read"]}).content.decode()
    raw = "wbk_" + page.split("wbk_")[1].split("<")[0].split('"')[0].strip()
    assert len(raw) > 30
    for path in ("/setup/tokens/", "/setup/", "/trail/", "/trail/events.json", "/me/"):
        assert raw not in browser.get(path).content.decode(), path


def person_of(role: str) -> Actor:
    return Actor("person", next(person for person in roster.people() if person.role == role).email, "web")


@pytest.fixture
def finding_id(saltmarsh: Company) -> int:
    story = sample.story()
    assert story is not None
    return story.finding_id


@pytest.mark.parametrize("role", ["engineer", "security", "admin"])
def test_nobody_signs_what_they_asked_for(finding_id: int, role: str) -> None:
    by = person_of(role)
    number = verbs.accept_risk(finding_id, reason=REASON, until=clock.now() + timedelta(days=30), by=by)
    with pytest.raises(Problem) as refused:
        verbs.sign_acceptance(number, by=by)
    assert refused.value.status == 403
    assert findings.finding(finding_id).state != "accepted"


@pytest.mark.parametrize("role", ["viewer", "engineer"])
def test_only_security_signs(finding_id: int, role: str) -> None:
    number = verbs.accept_risk(finding_id, reason=REASON, until=clock.now() + timedelta(days=30), by=person_of("security"))
    with pytest.raises(Problem) as refused:
        verbs.sign_acceptance(number, by=person_of(role))
    assert refused.value.status == 403


def test_two_requests_at_once_and_a_second_signature_change_nothing(finding_id: int) -> None:
    number = verbs.accept_risk(finding_id, reason=REASON, until=clock.now() + timedelta(days=30), by=person_of("engineer"))
    with pytest.raises(Problem):
        verbs.accept_risk(finding_id, reason=REASON, until=clock.now() + timedelta(days=30), by=person_of("admin"))
    verbs.sign_acceptance(number, by=person_of("security"))
    with pytest.raises(Problem):
        verbs.sign_acceptance(number, by=person_of("admin"))
    assert findings.finding(finding_id).state == "accepted"


@pytest.mark.parametrize("days", [0, -1, 182, 36500])
def test_no_acceptance_is_for_ever(finding_id: int, days: int) -> None:
    with pytest.raises(Problem):
        verbs.accept_risk(finding_id, reason=REASON, until=clock.now() + timedelta(days=days), by=person_of("security"))


@pytest.fixture
def control_key(saltmarsh: Company) -> str:
    own = settings.settings()
    write_private(DataDir(own.data).control, b'{"url": "http://127.0.0.1:8080", "token": "the-key", "pid": 1}')
    assert datadir.read_control(own.data) is not None
    return "the-key"


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("203.0.113.9", {}),
        ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.9"}),
        ("", {}),
        ("::ffff:203.0.113.9", {"x-real-ip": "127.0.0.1"}),
    ],
)
def test_a_server_verb_is_refused_from_elsewhere_even_with_the_key(control_key: str, address: str, headers: dict[str, str]) -> None:
    given = {"authorization": f"Bearer {control_key}", **headers}
    answer = Client(REMOTE_ADDR=address).post("/control/roster.apply", b"{}", content_type="application/json", headers=given)
    assert answer.status_code == 403


@pytest.mark.parametrize("key", ["", "the-ke", "the-keyy", "THE-KEY", "null"])
def test_a_server_verb_is_refused_without_the_key(control_key: str, key: str) -> None:
    before = trail.size()
    answer = Client().post("/control/roster.apply", b"{}", content_type="application/json", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 403
    assert trail.size() == before


def test_a_session_of_an_administrator_is_no_key(saltmarsh: Company, control_key: str) -> None:
    assert saltmarsh.visit("admin").post("/control/roster.apply", b"{}", content_type="application/json").status_code == 403


@pytest.mark.parametrize(
    "name", ["../conftest.py", "..%2f..%2fproject.py", "%2e%2e/project.py", "....//project.py", "/etc/passwd", "mark.svg%00.css"]
)
def test_no_file_but_ours_is_served(saltmarsh: Company, name: str) -> None:
    assert Client().get(f"/static/{name}").status_code in (301, 302, 404)


def test_a_link_signed_for_another_purpose_acknowledges_nothing(saltmarsh: Company) -> None:
    other = keys.sign("something.else", "1.1.1", clock.now() + timedelta(days=1))
    assert Client().post(f"/p/{other}", {"do": "ack"}).status_code == 404


def test_a_link_is_over_when_its_time_is(saltmarsh: Company, phone_link: str) -> None:
    token = phone_link.removeprefix("/p/")
    with pytest.raises(Problem) as refused:
        keys.unsign("paging.ack", token, clock.now() + timedelta(days=30))
    assert refused.value.status == 410


def test_a_page_that_breaks_says_nothing_of_the_inside(saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2 at /srv/secret")

    monkeypatch.setattr("watchbill.web.pages.services.roster.services", broken)
    browser = saltmarsh.visit("viewer")
    browser.raise_request_exception = False
    answer = browser.get("/services/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "hunter2" not in text
    assert "Traceback" not in text
    assert "/srv" not in text
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@override_settings(ALLOWED_HOSTS=["localhost"])
def test_the_answer_to_a_strange_host_repeats_nothing_of_it() -> None:
    answer = Client().get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


def test_what_check_shows_masks_every_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MAIL_PASSWORD": "hunter2",
        "SIGN_IN_OIDC_CLIENT_SECRET": "hunter2",
        "DATABASE_URL": "postgres://u:hunter2@db.example/x",
    }.items():
        monkeypatch.setenv(f"WATCHBILL_{name}", value)
    settings.forget()
    try:
        assert "hunter2" not in str(settings.explain())
    finally:
        monkeypatch.undo()
        settings.forget()


def test_the_heartbeats_address_is_a_secret_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_PAGING_HEARTBEAT_URL", "https://beat.example/ping/hunter2")
    settings.forget()
    try:
        assert "hunter2" not in str(settings.explain())
    finally:
        monkeypatch.undo()
        settings.forget()


def test_a_role_taken_away_counts_for_the_very_next_request(saltmarsh: Company) -> None:
    people.add_person("eve@saltmarsh.example", "Eve", "admin", "UTC", None, by=BY)
    browser = saltmarsh.visit_as("eve@saltmarsh.example")
    assert browser.get("/setup/people/").status_code == 200
    people.set_role("eve@saltmarsh.example", "viewer", by=BY)
    assert browser.get("/setup/people/").status_code == 403


def test_a_session_lasts_as_long_as_the_setting_says(saltmarsh: Company) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    browser = Client()
    browser.post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery"})
    assert browser.cookies["watchbill_session"]["max-age"] == settings.settings().sign_in.session_hours * 3600


def test_where_passwords_are_off_the_right_one_opens_nothing(saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people.add_person("dora@saltmarsh.example", "Dora", "engineer", "UTC", "correct horse battery", by=BY)
    monkeypatch.setenv("WATCHBILL_SIGN_IN_PASSWORD", "false")
    settings.forget()
    try:
        browser = Client()
        browser.post("/accounts/login/", {"login": "dora@saltmarsh.example", "password": "correct horse battery"})
        assert browser.get("/").status_code == 302
    finally:
        monkeypatch.undo()
        settings.forget()
