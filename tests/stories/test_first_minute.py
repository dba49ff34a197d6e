"""The first minute: a newcomer starts the sample company and one signal goes the whole way, in a real server with real mail.

A lockfile holds a vulnerable package; its owner's on-call is paged; nobody answers; the next one acknowledges from the link in the mail,
without signing in; the package is upgraded; the look that follows proves it fixed; and every step stands in the trail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests import databases
from tests.stories.harness import Client, Postbox, Server, eventually, running

pytestmark = pytest.mark.story

# On PostgreSQL the same story is told by one process, and by two that serve pages beside two that page people.
HOUSES = [{}, {"web": 2, "work": 2}] if databases.postgres() else [{}]


@pytest.fixture(scope="module")
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    yield box
    box.stop()


@pytest.fixture(scope="module", params=HOUSES, ids=["one process", "four processes"][: len(HOUSES)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postbox: Postbox) -> Iterator[Server]:
    postbox.messages.clear()
    with running(tmp_path_factory.mktemp("home"), sample=True, postbox=postbox, **request.param) as started:
        yield started


@pytest.fixture(scope="module")
def newcomer(server: Server) -> Client:
    client = server.client()
    client.get(server.link)
    client.press("Sign in")
    return client


def ack_path(body: str) -> str:
    """The path of the acknowledge link in a mail."""
    found = re.search(r"https?://[^/\s]+(/p/\S+)", body)
    assert found, body
    return found.group(1)


def actions(client: Client) -> list[str]:
    """The trail's actions, oldest first, as the API tells them."""
    answer = client.get("/trail/?format=json")
    return [event["action"] for event in reversed(answer.json()["events"])]


class TestTheFirstMinute:
    """Told in order; each test is the next thing that happens."""

    def test_the_link_signs_in_the_person_who_is_being_paged(self, newcomer: Client, server: Server) -> None:
        page = newcomer.get("/").text
        assert "sample" in page.lower()
        assert "Acknowledge" in page
        assert server.client().get(server.link).status == 410

    def test_the_person_on_call_gets_mail_that_says_what_why_and_what_next(self, postbox: Postbox) -> None:
        message = eventually(lambda: postbox.messages[:1], "the first page by mail")[0]
        body = message.get_content()
        assert "react-server-dom-webpack" in str(message["Subject"]) + body
        assert "/p/" in body

    def test_looking_at_the_link_acknowledges_nothing(self, postbox: Postbox, server: Server) -> None:
        stranger = server.client()
        page = stranger.get(ack_path(postbox.messages[0].get_content()))
        assert page.status == 200
        assert "<script" not in page.text
        assert "Acknowledge" in stranger.get(ack_path(postbox.messages[0].get_content())).text

    def test_when_nobody_answers_for_ten_minutes_the_next_person_is_paged(self, newcomer: Client, postbox: Postbox) -> None:
        first = str(postbox.messages[0]["To"])
        newcomer.get("/sample/")
        newcomer.press("Nobody answers")
        eventually(lambda: [message for message in postbox.messages if str(message["To"]) != first], "a page to somebody else")

    def test_that_person_acknowledges_from_the_mail_without_signing_in(self, postbox: Postbox, server: Server) -> None:
        first = str(postbox.messages[0]["To"])
        message = next(message for message in postbox.messages if str(message["To"]) != first)
        phone = server.client()
        phone.get(ack_path(message.get_content()))
        answer = phone.press("Acknowledge")
        assert answer.status == 200
        assert "cknowledged" in answer.text

    def test_after_the_acknowledgement_nobody_else_is_paged(self, newcomer: Client, postbox: Postbox) -> None:
        before = len(postbox.messages)
        newcomer.get("/sample/")
        newcomer.press("+10 min") if "+10 min" in newcomer.last.text else None
        assert len(postbox.messages) == before

    def test_upgrading_and_scanning_again_proves_it_fixed(self, newcomer: Client) -> None:
        newcomer.get("/sample/")
        newcomer.press("Upgrade it")
        page = newcomer.get("/sample/").text
        assert "fixed" in page
        assert "19.1.2" in page

    def test_every_step_stands_in_the_trail_in_order(self, newcomer: Client) -> None:
        told = actions(newcomer)
        begun = ["advisories.loaded", "roster.applied", "finding.opened", "alert.opened"]
        steps = [*begun, "page.sent", "alert.acknowledged", "finding.fixed"]
        places = [told.index(step) for step in steps]
        assert places == sorted(places), told

    def test_the_trail_verifies(self, server: Server) -> None:
        done = server.run("audit", "verify", check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    @databases.sqlite_only  # one PostgreSQL database holds one company
    def test_one_click_starts_an_empty_company(self, newcomer: Client, server: Server) -> None:
        newcomer.get("/setup/")
        page = newcomer.press("Start")
        found = re.search(r"/welcome/[\w-]+", page.text + str(page.headers))
        assert found
        eventually(lambda: server.answers(found.group(0)), "the empty company's set-up page")
        fresh = server.client()
        assert "Saltmarsh" not in fresh.get(found.group(0)).text
