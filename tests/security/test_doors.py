"""Every address and every API operation, tried as nobody, viewer, engineer, security and administrator: closed unless it says otherwise.

The tables below say who may; an address that stands in none of them fails the first test, so a new one has to be thought about.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.web.conftest import BY, ROLES, Company
from watchbill.base import trail
from watchbill.cases.incidents import services as cord
from watchbill.intake.scans import queries as scans
from watchbill.paging import queries as paging
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample
from watchbill.web.api.api import api, openapi
from watchbill.web.middleware import HEADERS

pytestmark = pytest.mark.filterwarnings("default")

OPEN = {"ack", "welcome", "static", "favicon", "healthz", "wb"}
KEYED = {"control", "api-changes", "api-inbox", "api-inbox-state"}
TOLD = {"api-openapi"}
READ = {
    *("now", "sample", "findings", "findings-file", "finding", "alert", "incidents", "incident", "on-call", "on-call-schedule"),
    *(
        "services",
        "service",
        "sources",
        "source",
        "trail",
        "trail-file",
        "trail-event",
        "trail-run",
        "trail-run-file",
        "setup",
        "tokens",
        "me",
    ),
    *("ringing", "totp-picture"),
}
OWN = {"look", "trail-export", "my-methods", "my-method", "my-rules"}
ACT = {"finding-act", "alert-act", "on-call-cover", "source-check", "trail-check", "setup-token"}
TRIAGE = {"service-context", "held-scan"}
CONFIGURE = {"setup-roster", "setup-owners"}
ADMIN = {"people"}
SAMPLE_PLAY = {"sample-forward", "sample-upgrade", "sample-own"}
EVERY = OPEN | KEYED | TOLD | READ | OWN | ACT | TRIAGE | CONFIGURE | ADMIN | SAMPLE_PLAY

MAY = {"viewer": OWN, "engineer": OWN | ACT, "security": OWN | ACT | TRIAGE | CONFIGURE, "admin": OWN | ACT | TRIAGE | CONFIGURE | ADMIN}


def names(patterns: list[Any] | None = None) -> dict[str, URLPattern]:
    """Every address of our own by its name; the sign-in library's and the API's have tests of their own."""
    found = {}
    for one in patterns or get_resolver().url_patterns:
        if isinstance(one, URLResolver):
            assert str(one.pattern) in ("accounts/", "api/v1/"), one
        elif one.name:
            found[one.name] = one
    return found


@pytest.fixture
def places(saltmarsh: Company) -> dict[str, str]:
    """A real address for every name."""
    story = sample.story()
    assert story is not None
    started = cord.start_incident("odd logins on db3", by=BY)
    given: dict[str, list[Any]] = {
        "findings-file": ["json"], "finding": [story.finding_id], "finding-act": [story.finding_id], "alert": [story.alert_id],
        "alert-act": [story.alert_id], "incident": [started.id], "on-call-schedule": [roster.security_schedule()],
        "on-call-cover": [roster.security_schedule()], "service": ["berth-board"], "service-context": ["berth-board"],
        "source": [scans.sources()[0].id], "source-check": [scans.sources()[0].id], "held-scan": ["none"], "trail-file": ["json"],
        "trail-event": [1], "trail-run": [1], "trail-run-file": [1],
        "my-method": [1], "ack": ["wrong"], "welcome": ["wrong"], "static": ["none"], "control": ["roster.apply"],
        "api-inbox-state": [1],
    }  # fmt: skip
    return {name: reverse(name, args=given.get(name, [])) for name in names()}


def test_every_address_stands_in_the_table_of_who_may(saltmarsh: Company) -> None:
    assert set(names()) == EVERY


@pytest.mark.parametrize("name", sorted(EVERY - OPEN - KEYED - TOLD))
def test_a_stranger_is_sent_to_the_door(saltmarsh: Company, places: dict[str, str], name: str) -> None:
    before = trail.size()
    for method in ("get", "post", "put", "delete", "patch", "options"):
        answer = getattr(Client(), method)(places[name])
        assert answer.status_code in (302, 401, 403, 405), (method, answer.status_code)
        if answer.status_code == 302:
            assert answer["Location"].startswith("/accounts/login/?next=/")
    assert trail.size() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(ACT | TRIAGE | CONFIGURE | ADMIN))
def test_a_form_is_refused_to_whoever_may_not(saltmarsh: Company, places: dict[str, str], role: str, name: str) -> None:
    browser = saltmarsh.visit(role)
    before = trail.size()
    answer = browser.post(places[name], {"do": "take", "exposure": "x"})
    allowed = name in MAY[role] and (name, role) != ("on-call-cover", "engineer")  # a team covers its own watch, and this is security's
    assert (answer.status_code != 403) == allowed, answer.status_code
    assert answer.status_code < 500
    if not allowed:
        assert trail.size() == before


@pytest.mark.parametrize("role", ["security", "engineer", "viewer"])
def test_only_an_administrator_sees_people_and_their_roles(saltmarsh: Company, role: str) -> None:
    assert saltmarsh.visit(role).get(reverse("people")).status_code == 403


@pytest.mark.parametrize("do", ["sign", "reject", "accept", "not_affected", "fixed", "take", "assign"])
def test_a_viewer_changes_no_finding(saltmarsh: Company, places: dict[str, str], do: str) -> None:
    browser = saltmarsh.visit("viewer")
    before = trail.size()
    answer = browser.post(places["finding-act"], {"do": do, "acceptance": "1", "reason": "because I say so, at length"})
    assert answer.status_code in (403, 422)
    assert trail.size() == before


@pytest.mark.parametrize("role", ["viewer", "engineer"])
def test_a_token_is_only_made_for_oneself_and_never_above_ones_role(saltmarsh: Company, role: str) -> None:
    before = {token.id for token in roster.tokens()}
    saltmarsh.visit(role).post(
        reverse("tokens"), {"name": "mine", "scope": ["admin"], "person": "admin@example.test", "email": "admin@example.test"}
    )
    saltmarsh.visit(role).post(reverse("setup-token"), {"person": "admin@example.test"})
    made = [token for token in roster.tokens() if token.id not in before]
    own = {roster.person(token.person_email).role for token in made}
    assert own <= {role}
    assert all("admin" not in token.scopes for token in made)
    if role == "viewer":
        assert not made


def test_nobody_revokes_the_token_of_somebody_else(saltmarsh: Company) -> None:
    admin = next(person for person in roster.people() if person.role == "admin")
    token, _ = people.create_token("his", admin.email, ("read",), 5, by=BY)
    answer = saltmarsh.visit("engineer").post(reverse("tokens"), {"do": "revoke", "token": str(token.id)})
    assert answer.status_code == 404
    assert not roster.token(token.id).revoked if hasattr(roster, "token") else True


def test_a_stranger_gets_nothing_from_the_api(saltmarsh: Company) -> None:
    client = Client()
    for path, verbs in api_operations().items():
        for verb in verbs:
            answer = getattr(client, verb)(path, data=b"{}", content_type="application/json") if verb != "get" else client.get(path)
            assert answer.status_code == 401, (verb, path)
            assert answer["Content-Type"] == "application/problem+json"
            assert answer["WWW-Authenticate"] == "Bearer"


def api_operations() -> dict[str, list[str]]:
    """Path -> methods, from the OpenAPI document that the server hands out, with every number filled in."""
    paths = openapi(None)["paths"]  # type: ignore[arg-type]
    return {
        re.sub(r"\{[^}]+\}", "1", path): [verb for verb in verbs if verb in ("get", "post", "put", "patch", "delete")]
        for path, verbs in paths.items()
    }


def test_no_operation_of_the_api_is_missing_from_its_document() -> None:
    ours = {
        f"/api/v1{path}".replace("int:", "").rstrip("/")
        for prefix, router in api._routers
        for path in (prefix + one for one in router.path_operations)
    }
    told = {path.rstrip("/") for path in openapi(None)["paths"]}  # type: ignore[arg-type]
    assert ours <= told


@pytest.mark.parametrize("scope", ["read", "act", "send"])
def test_a_token_opens_its_scope_and_nothing_else(saltmarsh: Company, scope: str) -> None:
    admin = next(person for person in roster.people() if person.role == "admin")
    _, raw = people.create_token("one scope", admin.email, (scope,), 5, by=BY)
    headers = {"authorization": f"Bearer {raw}"}
    client = Client()
    reads = client.get("/api/v1/findings", headers=headers).status_code
    acts = client.post("/api/v1/alerts/99999/ack", headers=headers).status_code
    sends = client.get("/api/v1/inbox/99999", headers=headers).status_code
    assert (reads == 200) == (scope == "read")
    assert (acts == 404) == (scope == "act")
    assert (sends == 404) == (scope == "send")
    assert {reads, acts, sends} <= {200, 403, 404}


def test_an_expired_a_revoked_and_a_deactivated_persons_token_are_all_the_same(saltmarsh: Company) -> None:
    engineer = next(person for person in roster.people() if person.role == "engineer")
    token, revoked = people.create_token("r", engineer.email, ("read",), 5, by=BY)
    people.revoke_token(token.id, by=BY)
    _, left = people.create_token("l", engineer.email, ("read",), 5, by=BY)
    people.set_active(engineer.email, False, by=BY)
    answers = [Client().get("/api/v1/findings", headers={"authorization": f"Bearer {raw}"}) for raw in (revoked, left, "wbk_made_up", "")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_a_tokens_holder_who_loses_a_role_loses_it_for_the_token(saltmarsh: Company) -> None:
    engineer = next(person for person in roster.people() if person.role == "engineer")
    _, raw = people.create_token("acts", engineer.email, ("act", "read"), 5, by=BY)
    people.set_role(engineer.email, "viewer", by=BY)
    story = sample.story()
    assert story is not None
    answer = Client().post(f"/api/v1/alerts/{story.alert_id}/ack", headers={"authorization": f"Bearer {raw}"})
    assert answer.status_code == 403
    assert paging.alert(story.alert_id).state == "triggered"


def test_the_session_of_somebody_deactivated_opens_nothing(saltmarsh: Company) -> None:
    engineer = next(person for person in roster.people() if person.role == "engineer")
    browser = saltmarsh.visit_as(engineer.email)
    assert browser.get("/").status_code == 200
    people.set_active(engineer.email, False, by=BY)
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/", "/accounts/login/", "/nowhere", "/static/none", "/api/v1/findings", "/healthz", "/p/x", "/welcome/x", "/wb", "/favicon.ico"],
)
def test_every_answer_carries_the_policy(saltmarsh: Company, path: str) -> None:
    answer = Client().get(path)
    for name in HEADERS:
        assert name in answer.headers, (path, name)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_every_form_of_ours_needs_its_browsers_mark(saltmarsh: Company, places: dict[str, str]) -> None:
    admin = next(person for person in roster.people() if person.role == "admin")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = saltmarsh.visit_as(admin.email).cookies
    before = trail.size()
    for name in sorted(EVERY - OPEN - KEYED - TOLD):
        answer = strict.post(places[name], {"do": "take"})
        assert answer.status_code in (403, 405), name
    assert trail.size() == before


def test_the_json_of_a_problem_holds_no_inside(saltmarsh: Company) -> None:
    answer = Client().get("/api/v1/nowhere")
    assert set(json.loads(answer.content)) <= {
        "type",
        "title",
        "status",
        "detail",
        "field",
        "remedy",
        "retryable",
        "retry_after",
        "instance",
    }
