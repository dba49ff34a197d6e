"""What the bell's tests share: settings in the test's hand, and servers at the edge."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.paging.fake_servers import FakeMail, FakeWeb, fake_mail, fake_web, self_signed
from watchbill.base import settings


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


@pytest.fixture
def mail(set_to: Callable[..., None]) -> Iterator[FakeMail]:
    """A mail server on loopback that our mail goes to."""
    with fake_mail() as server:
        set_to(
            MAIL_HOST="127.0.0.1",
            MAIL_PORT=server.port,
            MAIL_SENDER="watchbill@saltmarsh.example",
            PUBLIC_URL="https://watch.saltmarsh.example",
        )
        yield server
