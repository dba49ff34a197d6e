"""The doors: sign-in, welcome links, the second factor, static files, health, the client, server verbs, and errors from outside."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.web.conftest import BY, Company
from watchbill.base import control, trail
from watchbill.base.datadir import DataDir, write_private
from watchbill.base.loop import LoopHealth
from watchbill.base.problem import Problem, busy
from watchbill.base.settings import settings
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.roster import sign_in_links
from watchbill.web import assets, errors
from watchbill.web.middleware import HEADERS, POLICY
from watchbill.web.pages import machine

PASSWORD = "correct horse battery"


@pytest.fixture
def dora(empty: Company) -> str:
    """Somebody with a password."""
    people.add_person("dora@example.test", "Dora", "engineer", "Europe/Amsterdam", PASSWORD, by=BY)
    return "dora@example.test"


def sign_in(email: str, password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return client


def test_the_door_leads_back_to_where_somebody_wanted_to_go(empty: Company) -> None:
    answer = Client().get("/findings/?q=is:open")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/findings/%3Fq%3Dis%3Aopen"


def test_the_right_password_opens(dora: str) -> None:
    assert sign_in(dora, PASSWORD).get("/").status_code == 200


def test_a_wrong_password_does_not_and_is_recorded_without_what_was_typed(dora: str) -> None:
    assert sign_in(dora, "wrong").get("/").status_code == 302
    event = trail.events(action="person.sign_in_failed")[0]
    assert "wrong" not in json.dumps(event.body)


def test_signing_in_is_recorded(dora: str) -> None:
    sign_in(dora, PASSWORD)
    assert trail.events(action="person.signed_in")[0].actor == dora


def test_somebody_let_go_can_not_come_in_any_more(dora: str) -> None:
    client = sign_in(dora, PASSWORD)
    people.set_active(dora, False, by=BY)
    assert client.get("/").status_code == 302


def test_nobody_signs_up(empty: Company) -> None:
    before = get_user_model().objects.count()
    Client().post("/accounts/signup/", {"email": "eve@example.test", "password1": PASSWORD, "password2": PASSWORD})
    assert get_user_model().objects.count() == before


def test_signing_out_takes_a_post(dora: str) -> None:
    client = sign_in(dora, PASSWORD)
    client.get("/accounts/logout/")
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


DOORS = ["/accounts/login/", "/accounts/password/reset/", "/accounts/logout/", "/accounts/password/change/", "/accounts/2fa/"]


@pytest.mark.parametrize("path", DOORS)
def test_the_doors_wear_the_look_and_carry_nothing_inline(dora: str, path: str) -> None:
    client = Client() if "login" in path or "reset" in path else sign_in(dora, PASSWORD)
    html = client.get(path).content.decode()
    assert "/static/look.css" in html
    assert "<style" not in html
    assert "data:" not in html
    assert not re.search(r"<script(?![^>]*src=)", html)
    assert len(re.findall(r"<h1\b", html)) == 1


def activating(dora: str) -> tuple[Client, str]:
    """A browser on the page that adds an app, its password given once more, and that page."""
    client = sign_in(dora, PASSWORD)
    path = reverse("mfa_activate_totp")
    html = client.post(f"/accounts/reauthenticate/?next={path}", {"password": PASSWORD, "next": path}, follow=True).content.decode()
    return client, html


def test_adding_a_second_factor_asks_for_the_password_once_more(dora: str) -> None:
    html = sign_in(dora, PASSWORD).get(reverse("mfa_activate_totp"), follow=True).content.decode()
    assert "Is it still you?" in html


def test_the_second_factors_code_is_a_picture_of_our_own(dora: str) -> None:
    client, html = activating(dora)
    assert f'src="{reverse("totp-picture")}"' in html
    picture = client.get(reverse("totp-picture"))
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["Cache-Control"] == "no-store"
    assert b"<svg" in picture.content


def test_with_a_second_factor_the_password_alone_opens_nothing(dora: str) -> None:
    client, html = activating(dora)
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", html)
    assert secret
    code = format_hotp_value(hotp_value(secret.group(1), next(iter(yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    assert trail.events(action="person.second_factor_added")
    again = Client()
    answer = again.post("/accounts/login/", {"login": dora, "password": PASSWORD}, follow=True)
    assert "Your second factor" in answer.content.decode()
    assert again.get("/").status_code == 302


def test_without_one_being_added_there_is_no_picture(dora: str) -> None:
    assert sign_in(dora, PASSWORD).get(reverse("totp-picture")).status_code == 404


def test_opening_a_welcome_link_spends_nothing(empty: Company, dora: str) -> None:
    link = sign_in_links.issue("sign_in", by=BY, email=dora)
    before = trail.size()
    for _ in range(3):
        assert Client().get(link).status_code == 200
    assert trail.size() == before


def test_pressing_its_button_signs_in_once(empty: Company, dora: str) -> None:
    link = sign_in_links.issue("sign_in", by=BY, email=dora)
    client = Client()
    assert client.post(link).status_code == 303
    assert client.get("/").status_code == 200
    second = Client()
    assert second.post(link).status_code == 410
    assert second.get("/").status_code == 302


def test_a_made_up_link_is_spent(empty: Company) -> None:
    answer = Client().get("/welcome/made-up")
    assert answer.status_code == 410
    assert "spent" in answer.content.decode()


def test_the_set_up_link_makes_the_first_administrator(empty: Company) -> None:
    link = sign_in_links.issue("set_up", by=BY)
    client = Client()
    assert "first administrator" in client.get(link).content.decode()
    given = {"name": "Ada", "email": "ada@example.test", "zone": "Europe/Amsterdam", "password": PASSWORD}
    assert client.post(link, given)["Location"] == "/setup/"
    assert roster.person("ada@example.test").role == "admin"
    assert client.get("/setup/people/").status_code == 200


@pytest.mark.parametrize(("field", "value"), [("password", "short"), ("email", "nobody"), ("zone", "Mars/Olympus")])
def test_a_refused_first_administrator_leaves_the_link_good(empty: Company, field: str, value: str) -> None:
    link = sign_in_links.issue("set_up", by=BY)
    given = {"name": "Ada", "email": "ada@example.test", "zone": "Europe/Amsterdam", "password": PASSWORD, field: value}
    assert Client().post(link, given).status_code == 422
    assert Client().get(link).status_code == 200


class TestStaticFiles:
    """Our own and vendored files."""

    def test_vendored_files_are_what_the_list_says(self) -> None:
        for name, (_, _, _, digest) in assets.VENDORED.items():
            assert hashlib.sha256(assets.assets()[name].data).hexdigest() == digest, name

    def test_every_file_is_ours_or_on_the_list(self) -> None:
        assert set(assets.assets()) == {"look.css", "ack.css", "look.js", "mark.svg", *assets.VENDORED}

    def test_our_own_script_stays_small(self) -> None:
        assert len(assets.assets()["look.js"].data) <= 10 * 1024

    def test_the_style_stays_within_its_budget(self) -> None:
        assert len(assets.assets()["look.css"].packed) <= 12 * 1024

    def test_a_file_by_its_own_address_is_kept_for_a_year(self) -> None:
        answer = Client().get(assets.address("look.css"))
        assert "immutable" in answer["Cache-Control"]
        assert answer["Content-Type"].startswith("text/css")

    def test_a_file_by_an_old_address_is_kept_for_a_minute(self) -> None:
        assert Client().get("/static/look.css?v=old")["Cache-Control"] == "public, max-age=60"

    def test_it_is_sent_packed_to_who_takes_that(self) -> None:
        answer = Client().get("/static/look.css", HTTP_ACCEPT_ENCODING="gzip, br")
        assert answer["Content-Encoding"] == "gzip"
        assert answer.content == assets.assets()["look.css"].packed
        assert "Accept-Encoding" in answer["Vary"]

    @pytest.mark.parametrize("name", ["../project.py", "nothing.css", "%2e%2e%2fproject.py", "look.css.map"])
    def test_nothing_else_is_served(self, name: str) -> None:
        assert Client().get(f"/static/{name}").status_code == 404

    def test_our_files_name_nobody_elses_address(self) -> None:
        for name in ("look.css", "ack.css", "look.js"):
            assert not re.search(rb"(?:src|href|url\()\W*https?://", assets.assets()[name].data), name


class TestHealth:
    """GET /healthz and /wb."""

    def test_it_is_well_when_nothing_is_behind(self, empty: Company) -> None:
        answer = Client().get("/healthz")
        assert answer.status_code == 200
        assert answer.json() == {"ok": True, "faults": []}

    def test_a_loop_that_lags_makes_it_unwell(self, empty: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "loop_health", lambda: [LoopHealth("pages", None, "", 11.0)])
        answer = Client().get("/healthz")
        assert answer.status_code == 503
        assert answer.json()["faults"] == ["loop pages is 11 s behind"]

    def test_ten_seconds_are_still_well(self, empty: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "loop_health", lambda: [LoopHealth("pages", None, "", 10.0)])
        assert Client().get("/healthz").status_code == 200

    def test_the_client_is_served_as_it_stands(self) -> None:
        answer = Client().get("/wb")
        assert answer.content == machine.CLIENT.read_bytes()
        assert answer["Content-Type"].startswith("text/x-python")


@pytest.fixture
def control_token(empty: Company) -> Iterator[str]:
    """What a running server leaves for server commands."""
    DataDir(settings().data).prepare()
    write_private(DataDir(settings().data).control, json.dumps({"url": "http://127.0.0.1:1", "token": "t0ken"}).encode())
    yield "t0ken"
    Path(DataDir(settings().data).control).unlink()


class TestServerVerbs:
    """POST /control/<verb>."""

    def ask(self, token: str, verb: str = "token.create", body: object = None, **extra: str) -> object:
        data = json.dumps(body if body is not None else {})
        return Client().post(f"/control/{verb}", data, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {token}", **extra)

    def test_the_right_key_from_this_machine_runs_it(self, control_token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        ran: list[object] = []
        monkeypatch.setattr(control, "run", lambda name, payload, by: ran.append((name, payload, by)) or {"ok": True})
        answer = self.ask(control_token, body={"x": 1}, HTTP_WATCHBILL_ACTOR="root")
        assert answer.json() == {"ok": True}
        name, payload, by = ran[0]
        assert (name, payload, by.name, by.source) == ("token.create", {"x": 1}, "root", "cli")

    def test_another_key_runs_nothing(self, control_token: str) -> None:
        assert self.ask("guess").status_code == 403

    def test_no_key_runs_nothing(self, control_token: str) -> None:
        assert Client().post("/control/token.create", "{}", content_type="application/json").status_code == 403

    def test_another_machine_runs_nothing(self, control_token: str) -> None:
        assert self.ask(control_token, REMOTE_ADDR="192.0.2.9").status_code == 403

    def test_a_proxys_errand_runs_nothing(self, control_token: str) -> None:
        assert self.ask(control_token, HTTP_X_FORWARDED_FOR="192.0.2.9").status_code == 403

    def test_an_unknown_verb_is_a_problem(self, control_token: str) -> None:
        answer = self.ask(control_token, "no.such")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"

    def test_what_is_no_object_is_refused(self, control_token: str) -> None:
        assert self.ask(control_token, body=[1]).status_code == 422

    def test_without_a_running_server_there_is_no_key(self, empty: Company) -> None:
        assert self.ask("t0ken").status_code == 403


class TestErrors:
    """How errors look."""

    def test_a_page_that_is_not_there_says_so_in_the_look(self, empty: Company) -> None:
        answer = empty.visit("viewer").get("/nothing/")
        assert answer.status_code == 404
        html = answer.content.decode()
        assert "No such page" in html
        assert '<nav class="nav"' in html

    def test_a_stranger_sees_the_door_instead_of_the_menu(self, empty: Company) -> None:
        html = Client().get("/nothing/").content.decode()
        assert '<nav class="nav"' not in html
        assert "To the door" in html

    def test_a_hostile_address_stays_text(self, empty: Company) -> None:
        html = empty.visit("viewer").get("/<script>alert(1)</script>/").content.decode()
        assert "<script>alert" not in html

    def test_a_mistake_of_ours_shows_nothing_of_the_inside(self, empty: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        client = empty.visit("viewer")
        client.raise_request_exception = False
        monkeypatch.setattr(roster, "services", lambda: 1 / 0)
        answer = client.get("/services/")
        assert answer.status_code == 500
        text = answer.content.decode()
        assert "ZeroDivision" not in text
        assert "watchbill/" not in text
        assert re.search(r"Mark \w{8}", text)

    def test_a_problem_that_passes_says_when_to_try_again(self, empty: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        def too_busy() -> None:
            raise busy(2.0)

        monkeypatch.setattr(roster, "services", too_busy)
        answer = empty.visit("viewer").get("/services/")
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")

    def test_the_way_back_is_always_one_of_ours(self) -> None:
        request = RequestFactory().post("/x/", HTTP_REFERER="https://elsewhere.example/trap")
        assert errors._own(request, request.headers["Referer"]) == ""
        request = RequestFactory().post("/x/", HTTP_REFERER="http://testserver/findings/1/")
        assert errors._own(request, request.headers["Referer"]) == "/findings/1/"

    def test_a_request_for_another_host_is_refused(self, empty: Company) -> None:
        answer = Client().get("/", HTTP_HOST="evil.example")
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()

    def test_a_problem_names_what_to_do(self, empty: Company) -> None:
        html = errors.problem_page(_anonymous(), Problem("x", "It broke", "A thing.", remedy="Mend it.")).content.decode()
        assert "<strong>What to do:</strong> <bdi>Mend it.</bdi>" in html


def _anonymous():
    request = RequestFactory().get("/")
    request.user = None
    return request


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "data:" not in POLICY
    for directive in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert directive in POLICY


def test_every_header_is_on_static_files_and_errors_too(empty: Company) -> None:
    for path in ("/static/look.css", "/nothing/", "/healthz", "/wb", "/api/v1/findings"):
        headers = Client().get(path).headers
        for name, value in HEADERS.items():
            assert headers[name] == value, (path, name)


def test_the_theme_goes_round_and_is_kept_in_this_browser(empty: Company) -> None:
    client = empty.visit("viewer")
    seen = []
    for _ in range(3):
        answer = client.post(reverse("look"), HTTP_REFERER="http://testserver/trail/")
        assert answer["Location"] == "http://testserver/trail/"
        seen.append(client.cookies["look"].value)
    assert seen == ["light", "dark", ""]


def test_the_chosen_theme_is_drawn_by_the_server(empty: Company) -> None:
    client = empty.visit("viewer")
    client.post(reverse("look"))
    assert 'data-theme="light"' in client.get("/").content.decode()


def test_a_theme_nobody_knows_is_not_drawn(empty: Company) -> None:
    client = empty.visit("viewer")
    client.cookies["look"] = '"><script>'
    assert "data-theme" not in client.get("/").content.decode().partition("<head>")[0]


def test_the_way_back_from_the_theme_is_never_another_site(empty: Company) -> None:
    assert empty.visit("viewer").post(reverse("look"), HTTP_REFERER="https://elsewhere.example/")["Location"] == "/"


def test_an_error_page_speaks_in_the_readers_zone(saltmarsh: Company) -> None:
    html = saltmarsh.visit("security").get("/nothing/here/").content.decode()
    assert re.search(r"\d\d:\d\d\xa0CES?T", html)
    assert "\xa0UTC" not in html


def test_a_token_is_offered_only_what_its_person_may(saltmarsh: Company) -> None:
    assert 'value="admin"' not in saltmarsh.visit("engineer").get("/setup/tokens/").content.decode()
    assert 'value="admin"' in saltmarsh.visit("admin").get("/setup/tokens/").content.decode()
