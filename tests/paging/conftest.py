"""What the bell's tests share: settings in the test's hand, and servers at the edge."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from tests.paging.bell import Bell
from tests.paging.company import ROSTER
from tests.paging.fake_servers import FakeMail, FakeWeb, fake_mail, fake_web, self_signed
from watchbill.base import newsroom, settings, subscriptions
from watchbill.base.acting import SYSTEM
from watchbill.base.newsroom import NewsItem
from watchbill.roster.services import apply_roster


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """set_to(MAIL_HOST="127.0.0.1"): settings by their variables, for this test only."""

    def put(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"WATCHBILL_{name}", str(value))
        settings.forget()

    yield put
    monkeypatch.undo()
    settings.forget()


@pytest.fixture
def web(set_to: Callable[..., None]) -> Iterator[FakeWeb]:
    """A web server on loopback that our calls may reach."""
    set_to(OUTGOING_ALLOW_PRIVATE="true")
    with fake_web() as server:
        yield server


@pytest.fixture
def unproven_web(set_to: Callable[..., None], tmp_path: Path) -> Iterator[FakeWeb]:
    """As `web`, over TLS with a certificate that nobody vouches for."""
    set_to(OUTGOING_ALLOW_PRIVATE="true")
    with fake_web(self_signed(tmp_path)) as server:
        yield server


@pytest.fixture(scope="session")
def mail_server() -> Iterator[FakeMail]:
    """One mail server on loopback for all tests."""
    with fake_mail() as server:
        yield server


@pytest.fixture
def mail(mail_server: FakeMail, set_to: Callable[..., None]) -> FakeMail:
    """A mail server on loopback that our mail goes to, with nothing in it yet."""
    mail_server.reset()
    set_to(MAIL_HOST="127.0.0.1", MAIL_PORT=mail_server.port, MAIL_TLS="none", MAIL_SENDER="watchbill@saltmarsh.example")
    set_to(PUBLIC_URL="https://watch.saltmarsh.example")
    return mail_server


@pytest.fixture
def heard() -> Iterator[list[NewsItem]]:
    """All news of the bell, once delivered."""
    items: list[NewsItem] = []
    newsroom.subscribe("paging.*", "tests.paging.heard", items.append)
    yield items
    subscriptions.remove("tests.paging.heard")


@pytest.fixture
def saltmarsh(db: None, clock: SettableClock, set_to: Callable[..., None]) -> Bell:
    """The company with its roster, at 10:00 in Amsterdam on Tuesday 24 November 2026: Alice and Bob are on watch. No mail server."""
    set_to(MAIL_HOST="")
    clock.set(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    apply_roster(ROSTER, by=SYSTEM)
    return Bell(clock)


@pytest.fixture
def bell(saltmarsh: Bell, mail: FakeMail) -> Bell:
    """The same, with a mail server."""
    return replace(saltmarsh, mail=mail)
