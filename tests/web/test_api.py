"""The API as a program sees it: bearer tokens with scopes, one shape of error, cursors, idempotency, and a document that says all of it."""

import gzip
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web.conftest import BY, Company
from watchbill.base import clock, inbox, limits, loop, trail
from watchbill.base.changes import changes_around
from watchbill.cases.findings import queries as findings
from watchbill.paging import queries as paging
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample
from watchbill.web.api import inbox as way_in
from watchbill.web.api.door import cursor, position

LOCK = json.dumps(
    {"name": "x", "lockfileVersion": 3, "packages": {"": {"name": "x"}, "node_modules/left-pad": {"version": "1.3.0"}}}
).encode()


class Program:
    """A program with a token."""

    def __init__(self, role: str, *scopes: str) -> None:
        self.person = next(person for person in roster.people() if person.role == role and person.active)
        self.token, raw = people.create_token("a program", self.person.email, scopes, 30, by=BY)
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {raw}"}
        self.client = Client()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, **self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        data = json.dumps(body if body is not None else {})
        return self.client.post(f"/api/v1{path}", data, content_type="application/json", **self.headers, **headers)

    def send(self, data: bytes, query: str, **headers: str) -> Any:
        return self.client.post(f"/api/v1/inbox?{query}", data, content_type="application/octet-stream", **self.headers, **headers)


@pytest.fixture
def reader(saltmarsh: Company) -> Program:
    return Program("viewer", "read")


@pytest.fixture
def hand(saltmarsh: Company) -> Program:
    return Program("engineer", "read", "act", "send")


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.content)
    assert told["status"] == status
    assert told["type"].startswith("urn:watchbill:problem:")
    assert told["title"]
    return told


READS = ["/findings", "/alerts", "/oncall", "/services", "/status", "/trail"]


@pytest.mark.parametrize("path", READS)
def test_without_a_token_nothing_is_read(saltmarsh: Company, path: str) -> None:
    answer = Client().get(f"/api/v1{path}")
    problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", READS)
def test_a_cookie_is_no_token(saltmarsh: Company, path: str) -> None:
    problem(saltmarsh.visit("admin").get(f"/api/v1{path}"), 401)


@pytest.mark.parametrize("path", READS)
def test_a_token_that_may_read_reads(reader: Program, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wbk_nothing", "Basic YTpi", "bearer\x00"])
def test_what_is_no_token_opens_nothing(saltmarsh: Company, header: str) -> None:
    problem(Client().get("/api/v1/findings", HTTP_AUTHORIZATION=header), 401)


def test_a_revoked_token_opens_nothing(reader: Program) -> None:
    people.revoke_token(reader.token.id, by=BY)
    problem(reader.get("/findings"), 401)


def test_a_token_opens_only_its_scopes(reader: Program, story: sample.Story) -> None:
    told = problem(reader.post(f"/alerts/{story.alert_id}/ack"), 403)
    assert "act" in told["detail"]
    problem(reader.send(LOCK, "service=berth-board&filename=package-lock.json"), 403)


def test_findings_are_searched_by_the_same_line_as_on_the_page(reader: Program, story: sample.Story) -> None:
    told = reader.get("/findings", q="decision:now").json()
    assert [row["id"] for row in told["items"]] == [story.finding_id]


def test_a_list_goes_on_by_its_cursor_until_its_end(reader: Program) -> None:
    seen, following = [], ""
    while following is not None:
        told = reader.get("/findings", limit=5, cursor=following).json()
        assert len(told["items"]) <= 5
        seen += [row["id"] for row in told["items"]]
        following = told["next"]
    assert sorted(seen) == sorted(row.id for row in findings.search("is:open", size=100).rows)


@pytest.mark.parametrize("limit", ["0", "-1", "501", "many"])
def test_a_limit_out_of_bounds_is_refused_by_name(reader: Program, limit: str) -> None:
    assert "limit" in problem(reader.get("/findings", limit=limit), 422)["field"]


def test_a_cursor_of_somebody_elses_is_refused(reader: Program) -> None:
    problem(reader.get("/findings", cursor="not-ours"), 422)
    problem(reader.get("/trail", cursor="not-ours"), 422)


@pytest.mark.parametrize("at", [1, 7, 123_456])
def test_a_position_comes_back_out_of_its_cursor(at: int) -> None:
    assert position(cursor(at), 0) == at


def test_one_finding_tells_what_its_page_tells(reader: Program, story: sample.Story) -> None:
    told = reader.get(f"/findings/{story.finding_id}").json()
    assert told["package"] == "react-server-dom-webpack"
    assert told["outcome"] == "immediate"
    assert len(told["inputs"]) == 4
    assert told["upgrade"]
    assert told["proof"]


def test_a_finding_that_is_not_there_is_a_problem(reader: Program) -> None:
    problem(reader.get("/findings/999999"), 404)


def test_taking_and_claiming_a_fix_over_the_api(hand: Program, story: sample.Story) -> None:
    assert hand.post(f"/findings/{story.finding_id}/take").status_code == 200
    told = hand.post(f"/findings/{story.finding_id}/claim_fix").json()
    assert told["state"] in ("fix_claimed", "verifying")


def test_accepting_a_risk_needs_a_moment_with_a_zone(hand: Program, story: sample.Story) -> None:
    problem(hand.post(f"/findings/{story.finding_id}/accept_risk", {"reason": "x"}), 422)
    problem(hand.post(f"/findings/{story.finding_id}/accept_risk", {"reason": "x", "until": "2026-12-24T00:00:00"}), 422)


def test_what_rings_for_me_is_asked_for_by_name(saltmarsh: Company, story: sample.Story) -> None:
    bob = sample.newcomer()
    _, raw = people.create_token("bob's", bob.email, ("read",), 30, by=BY)
    told = Client().get("/api/v1/alerts?mine=true", HTTP_AUTHORIZATION=f"Bearer {raw}").json()
    assert [alert["id"] for alert in told["items"]] == [story.alert_id]


def test_acknowledging_over_the_api_says_whether_somebody_was_first(hand: Program, story: sample.Story) -> None:
    first = hand.post(f"/alerts/{story.alert_id}/ack").json()
    again = hand.post(f"/alerts/{story.alert_id}/ack").json()
    assert (first["already"], again["already"]) == (False, True)
    assert first["alert"]["acknowledged_by"] == hand.person.name
    assert paging.alert(story.alert_id).state == "acknowledged"


def test_the_trail_keeps_that_it_was_a_token(hand: Program, story: sample.Story) -> None:
    hand.post(f"/alerts/{story.alert_id}/ack")
    event = trail.events(action="alert.acknowledged")[0]
    assert (event.actor, event.actor_kind, event.source) == (hand.person.email, "token", "api")


def test_escalating_over_the_api(hand: Program, story: sample.Story) -> None:
    before = len(paging.pages(story.alert_id))
    assert hand.post(f"/alerts/{story.alert_id}/escalate").status_code == 200
    assert len(paging.pages(story.alert_id)) > before


def test_who_is_on_call_for_a_service(reader: Program) -> None:
    told = reader.get("/oncall", service="berth-board").json()
    assert told["team"] == "berths"
    assert told["rule"]
    assert roster.security_schedule() in [watch["schedule"] for watch in told["items"]]


def test_who_is_on_call_for_what_is_not_there(reader: Program) -> None:
    problem(reader.get("/oncall", service="nothing"), 404)
    problem(reader.get("/oncall", schedule="nothing"), 404)


def test_a_change_is_told_once_per_key(hand: Program) -> None:
    given = {"summary": "Deploy 9 of tide-feed", "targets": ["service:tide-feed"], "kind": "deploy", "source": "ci"}
    first = hand.post("/changes", given, HTTP_IDEMPOTENCY_KEY="build-9")
    again = hand.post("/changes", given, HTTP_IDEMPOTENCY_KEY="build-9")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    found = changes_around(clock.now(), timedelta(hours=1), ["service:tide-feed"])
    assert [change.summary for change in found] == ["Deploy 9 of tide-feed"]


def test_a_change_without_words_is_refused(hand: Program) -> None:
    assert problem(hand.post("/changes", {"summary": " "}), 422)["field"] == "summary"
    problem(hand.post("/changes", {}), 422)


def test_anybody_with_a_token_may_pull_the_cord(reader: Program) -> None:
    answer = reader.post("/incidents", {"text": "Odd logins on db3"})
    assert answer.status_code == 201
    told = answer.json()
    assert told["codename"]
    assert told["url"] == f"/incidents/{told['id']}/"


def test_a_cord_pulled_twice_under_one_key_is_one_incident(reader: Program) -> None:
    given = {"text": "Odd logins on db3"}
    first = reader.post("/incidents", given, HTTP_IDEMPOTENCY_KEY="pull-1")
    again = reader.post("/incidents", given, HTTP_IDEMPOTENCY_KEY="pull-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len([alert for alert in paging.open_alerts() if alert.subject.startswith("incident:")]) == 1


def test_another_persons_incident_is_seen_by_nobody_else(saltmarsh: Company, reader: Program) -> None:
    Program("engineer", "read").post("/incidents", {"text": "Odd logins on db3"})
    assert "Odd logins" not in reader.get("/trail", limit=500).content.decode()
    assert all(not alert["subject"].startswith("incident:") for alert in reader.get("/alerts").json()["items"])


def test_the_trail_is_read_by_target_and_goes_on(reader: Program, story: sample.Story) -> None:
    told = reader.get("/trail", target=f"finding:{story.finding_id}").json()
    assert {event["target"] for event in told["items"]} == {f"finding:{story.finding_id}"}
    first = reader.get("/trail", limit=10).json()
    second = reader.get("/trail", limit=10, cursor=first["next"]).json()
    assert first["items"][-1]["seq"] == second["items"][0]["seq"] + 1


def test_a_moment_without_a_zone_is_refused(reader: Program) -> None:
    assert problem(reader.get("/trail", start="2026-11-23T15:49:00"), 422)["field"] == "start"


def test_the_status_says_how_the_place_stands(saltmarsh: Company, reader: Program) -> None:
    told = reader.get("/status").json()
    assert told["person"] == reader.person.email
    assert told["open_findings"] == findings.search("is:open").total
    assert told["sources"]["total"] > 0


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/findings", "/api/"])
def test_an_address_that_is_not_there_is_a_problem(saltmarsh: Company, path: str) -> None:
    problem(Client().get(path), 404)


def test_a_way_that_is_not_taken_is_refused(hand: Program) -> None:
    problem(hand.client.delete("/api/v1/findings", **hand.headers), 405)
    problem(hand.client.get("/api/v1/inbox", **hand.headers), 405)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"text": 3}', b"\xff", b""])
def test_a_body_that_is_no_such_thing_is_a_problem(reader: Program, body: bytes) -> None:
    answer = reader.client.post("/api/v1/incidents", body, content_type="application/json", **reader.headers)
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"


def test_the_document_is_openapi_3_1_and_knows_every_address(saltmarsh: Company) -> None:
    told = Client().get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert "/api/v1/inbox" in told["paths"]
    assert "/api/v1/findings/{finding_id}" in told["paths"] or "/api/v1/findings/{int:finding_id}" in told["paths"]


def test_every_operation_declares_its_errors(saltmarsh: Company) -> None:
    told = Client().get("/api/v1/openapi.json").json()
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403", "404"} <= set(operation["responses"]), (method, path)


class TestTheWayIn:
    """POST /api/v1/inbox."""

    def test_what_was_answered_202_for_is_kept(self, hand: Program) -> None:
        answer = hand.send(LOCK, "service=berth-board&filename=package-lock.json")
        assert answer.status_code == 202
        assert inbox.read_bytes(answer.json()["id"]) == LOCK

    def test_what_became_of_it_can_be_asked(self, hand: Program) -> None:
        number = hand.send(LOCK, "service=berth-board&filename=sub/package-lock.json").json()["id"]
        loop.run_turns()
        told = hand.get(f"/inbox/{number}").json()
        assert told["state"] == "read"

    def test_what_can_not_be_read_says_why(self, hand: Program) -> None:
        number = hand.send(b"{ not json", "service=berth-board&filename=package-lock.json").json()["id"]
        loop.run_turns()
        told = hand.get(f"/inbox/{number}").json()
        assert told["state"] == "unreadable"
        assert told["problem"]

    def test_the_same_key_twice_is_taken_once(self, hand: Program) -> None:
        query = "service=berth-board&filename=package-lock.json"
        first = hand.send(LOCK, query, HTTP_IDEMPOTENCY_KEY="k1").json()
        again = hand.send(LOCK, query, HTTP_IDEMPOTENCY_KEY="k1").json()
        assert (first["id"], first["repeated"], again["repeated"]) == (again["id"], False, True)

    def test_another_tokens_key_is_another_key(self, saltmarsh: Company, hand: Program) -> None:
        query = "service=berth-board&filename=package-lock.json"
        first = hand.send(LOCK, query, HTTP_IDEMPOTENCY_KEY="k1").json()
        other = Program("engineer", "send").send(LOCK, query, HTTP_IDEMPOTENCY_KEY="k1").json()
        assert first["id"] != other["id"]

    def test_it_may_come_gzipped(self, hand: Program) -> None:
        answer = hand.send(gzip.compress(LOCK), "service=berth-board&filename=package-lock.json", HTTP_CONTENT_ENCODING="gzip")
        assert inbox.read_bytes(answer.json()["id"]) == LOCK

    def test_a_gzip_bomb_stops_at_the_limit(self, hand: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MANIFEST_BYTES", 10_000)
        bomb = gzip.compress(b"0" * 5_000_000)
        assert len(bomb) < 10_000
        problem(hand.send(bomb, "service=berth-board&filename=package-lock.json", HTTP_CONTENT_ENCODING="gzip"), 413)

    def test_a_gzip_cut_short_is_refused(self, hand: Program) -> None:
        problem(hand.send(gzip.compress(LOCK)[:-9], "service=berth-board&filename=package-lock.json", HTTP_CONTENT_ENCODING="gzip"), 422)

    def test_what_is_no_gzip_is_refused(self, hand: Program) -> None:
        problem(hand.send(LOCK, "service=berth-board&filename=package-lock.json", HTTP_CONTENT_ENCODING="gzip"), 422)

    def test_another_encoding_is_refused(self, hand: Program) -> None:
        problem(hand.send(LOCK, "service=berth-board&filename=package-lock.json", HTTP_CONTENT_ENCODING="br"), 415)

    @pytest.mark.parametrize("more", [0, 1])
    def test_the_limit_is_where_it_is_said_to_be(self, hand: Program, monkeypatch: pytest.MonkeyPatch, more: int) -> None:
        monkeypatch.setattr(limits, "MANIFEST_BYTES", 2_000)
        answer = hand.send(b"x" * (2_000 + more), "service=berth-board&filename=package-lock.json")
        assert answer.status_code == (413 if more else 202)

    def test_an_unknown_service_is_a_problem(self, hand: Program) -> None:
        problem(hand.send(LOCK, "service=nothing&filename=package-lock.json"), 404)

    @pytest.mark.parametrize("name", ["../../etc/passwd", "", "a\nb", "x" * 500])
    def test_a_name_that_is_no_place_in_a_repository_is_refused(self, hand: Program, name: str) -> None:
        problem(hand.send(LOCK, urlencode({"service": "berth-board", "filename": name})), 422)

    def test_nothing_at_all_is_refused(self, hand: Program) -> None:
        problem(hand.send(b"", "service=berth-board&filename=package-lock.json"), 422)

    def test_a_form_may_bring_several_files(self, hand: Program) -> None:
        files = [SimpleUploadedFile("package-lock.json", LOCK), SimpleUploadedFile("requirements.txt", b"idna==3.6\n")]
        answer = hand.client.post("/api/v1/inbox", {"service": "berth-board", "file": files}, **hand.headers)
        assert answer.status_code == 202
        assert [item["filename"] for item in answer.json()["items"]] == ["package-lock.json", "requirements.txt"]

    def test_a_form_may_name_places_itself(self, hand: Program) -> None:
        given = {
            "service": "berth-board",
            "filename": "apps/board/package-lock.json",
            "file": SimpleUploadedFile("package-lock.json", LOCK),
        }
        answer = hand.client.post("/api/v1/inbox", given, **hand.headers)
        assert answer.json()["items"][0]["filename"] == "apps/board/package-lock.json"

    def test_a_form_without_files_is_refused(self, hand: Program) -> None:
        problem(hand.client.post("/api/v1/inbox", {"service": "berth-board"}, **hand.headers), 422)

    def test_a_key_that_is_too_long_is_refused(self, hand: Program) -> None:
        key = "k" * (way_in.KEY_CHARS + 1)
        problem(hand.send(LOCK, "service=berth-board&filename=package-lock.json", HTTP_IDEMPOTENCY_KEY=key), 422)

    def test_what_is_not_complete_closes_nothing(self, hand: Program) -> None:
        before = findings.search("is:open service:berth-board").total
        hand.send(LOCK, "service=berth-board&filename=package-lock.json&complete=false")
        loop.run_turns()
        assert findings.search("is:open service:berth-board").total >= before

    def test_somebody_elses_mail_is_not_read_here(self, hand: Program) -> None:
        kept = inbox.accept(b"hello", kind="mail", source="post", by=BY)
        problem(hand.get(f"/inbox/{kept.id}"), 404)
