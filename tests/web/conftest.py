"""Two companies for the pages: Saltmarsh Terminals with something ringing, and an empty one; and people of every role, signed in.

Each is built once a session in a database file of its own and copied for each test, so that no other room's tests see it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import DjangoDbBlocker

from tests import databases
from watchbill.base import loop, outgoing
from watchbill.base.acting import Actor
from watchbill.base.clock import use_clock
from watchbill.paging import queries as paging
from watchbill.paging.links import ack_link
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample
from watchbill.sample import services as play

BY = Actor("system", "tests", "loop")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROLES = ("admin", "security", "engineer", "viewer")


@dataclass
class Company:
    """A company to visit: a signed-in browser for each role, and a stranger's."""

    name: str
    browsers: dict[str, Client] = field(default_factory=dict)

    def visit(self, role: str) -> Client:
        """The browser of somebody with that role; "nobody" isn't signed in."""
        if role not in self.browsers:
            client = Client()
            if role != "nobody":
                client.force_login(get_user_model().objects.filter(role=role, is_active=True).order_by("pk")[0], backend=BACKEND)
            self.browsers[role] = client
        return self.browsers[role]

    def visit_as(self, email: str) -> Client:
        """The browser of that person."""
        client = Client()
        client.force_login(get_user_model().objects.get(email=email), backend=BACKEND)
        return client


def _one_of_each_role() -> None:
    known = {person.role for person in roster.people()}
    for role in ROLES:
        if role not in known:
            people.add_person(f"{role}@example.test", f"{role.title()} Person", role, "Europe/Amsterdam", None, by=BY)


def _build(path: Path, blocker: DjangoDbBlocker, fill: Callable[[], None]) -> Path:
    use_clock()
    databases.migrate(path, blocker, run_syncdb=True)
    with databases.used(path, blocker):
        fill()
        _one_of_each_role()
    return path


@pytest.fixture(scope="session")
def _saltmarsh_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    def fill() -> None:
        play.set_up()
        loop.run_turns()

    return _build(tmp_path_factory.mktemp("saltmarsh") / "watchbill.db", django_db_blocker, fill)


@pytest.fixture(scope="session")
def _empty_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    return _build(tmp_path_factory.mktemp("empty") / "watchbill.db", django_db_blocker, lambda: None)


def _visited(file: Path, folder: Path, blocker: DjangoDbBlocker, name: str) -> Iterator[Company]:
    path = folder / "watchbill.db"
    databases.create(path, file)
    with databases.used(path, blocker):
        yield Company(name)
    databases.drop(path)


@pytest.fixture
def saltmarsh(_saltmarsh_file: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    """Saltmarsh Terminals, a page ringing for the person on call."""
    yield from _visited(_saltmarsh_file, tmp_path, django_db_blocker, "saltmarsh")


@pytest.fixture
def empty(_empty_file: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    """A company that nobody has set up yet."""
    yield from _visited(_empty_file, tmp_path, django_db_blocker, "empty")


@pytest.fixture
def story(saltmarsh: Company) -> sample.Story:
    """What is ringing in Saltmarsh."""
    told = sample.story()
    assert told is not None
    return told


@pytest.fixture
def phone_link(story: sample.Story) -> str:
    """The path that the paged person's phone got."""
    return ack_link(paging.pages(story.alert_id)[0].id)


@pytest.fixture(autouse=True)
def _no_mail_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge: mail goes nowhere from page tests; the bell's own tests have a real SMTP server."""
    monkeypatch.setattr(outgoing, "send_mail", lambda message: "test-message")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing a password slowly is Django's business; here it would only be waiting."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
