"""The Apprise channel: the contract of every channel, and a child process that reaches no more than our own calls may."""

import importlib.util
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.paging.channels.test_http_channels import page
from tests.paging.fake_servers import FakeWeb, drip, free_port, hang
from watchbill.base.sandbox import Burst
from watchbill.base.settings import settings
from watchbill.paging import limits
from watchbill.paging.apprise_child import DENIED
from watchbill.paging.apprise_child import send as hand_over
from watchbill.paging.channels import apprise
from watchbill.paging.registry import all_channels
from watchbill.paging.rules.messages import Reject, Retry, Sent, Unknown

pytestmark = [
    pytest.mark.usefixtures("clock"),
    pytest.mark.skipif(not importlib.util.find_spec("apprise"), reason="needs the extra: pip install 'watchbill[apprise]'"),
]

SECRET = "tk-never-shown"


def address(web: FakeWeb) -> str:
    """Apprise's plain JSON service at our own server, with a password in it."""
    return f"{'jsons' if web.scheme == 'https' else 'json'}://alice:{SECRET}@localhost:{web.port}/hook"


def send(url: str, **other: Any) -> object:
    return all_channels()["apprise"].send(page("webhook", "http://localhost", **{**other, "fields": {"url": url}}))


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEND_SECONDS", 4.0)


def test_a_page_goes_through_a_child_to_a_service(web: FakeWeb) -> None:
    assert isinstance(send(address(web)), Sent)
    assert SECRET not in web.taken[0].body.decode()


@pytest.mark.real
class TestContract:
    def test_a_page_that_was_taken_is_sent_with_a_receipt(self, web: FakeWeb) -> None:
        told = send(address(web))
        assert isinstance(told, Sent)
        assert told.receipt
        assert len(web.taken) == 1

    def test_it_carries_the_heading_the_words_and_the_link(self, web: FakeWeb) -> None:
        send(address(web))
        body = json.loads(web.taken[0].body)
        assert body["title"] == "[now] lodash is exploited – now"
        assert "https://watch.saltmarsh.example/p/token" in body["message"]
        assert body["type"] == "failure"

    def test_a_busy_server_is_asked_again_when_it_said(self, web: FakeWeb) -> None:
        web.answer = (429, {"Retry-After": "17"})
        assert send(address(web)) == Retry("answered 429", 17.0)

    def test_a_broken_server_is_asked_again(self, web: FakeWeb) -> None:
        web.answer = (500, {})
        assert send(address(web)) == Retry("answered 500", None)

    def test_a_server_that_says_no_is_not_asked_again(self, web: FakeWeb) -> None:
        web.answer = (403, {})
        assert send(address(web)) == Reject("answered 403")

    def test_a_redirect_is_never_followed(self, web: FakeWeb) -> None:
        web.answer = (302, {"Location": f"{web.url}/elsewhere"})
        assert isinstance(send(address(web)), Reject)
        assert len(web.taken) == 1

    @pytest.mark.usefixtures("short_deadline")
    @pytest.mark.parametrize("slow", [hang, drip])
    def test_a_server_that_never_comes_to_an_end_leaves_the_outcome_unknown(self, slow: Callable[[float], Any], web: FakeWeb) -> None:
        web.answer = slow(8.0)
        assert isinstance(send(address(web)), Unknown)

    def test_a_certificate_nobody_vouches_for_is_refused_even_if_the_address_would_not_look(self, unproven_web: FakeWeb) -> None:
        assert isinstance(send(address(unproven_web) + "?verify=no"), Reject)
        assert unproven_web.taken == []

    def test_nobody_listening_is_tried_again(self, web: FakeWeb) -> None:
        assert isinstance(send(f"json://localhost:{free_port()}"), Retry)

    def test_a_connection_that_breaks_off_is_tried_again(self, web: FakeWeb) -> None:
        web.answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
        assert isinstance(send(address(web)), Retry | Unknown)

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"])
    def test_a_private_address_that_is_not_allowed_is_refused(self, host: str, web: FakeWeb, set_to: Callable[..., None]) -> None:
        set_to(OUTGOING_ALLOW_PRIVATE="false")
        told = send(f"json://{host}:{web.port}/")
        assert isinstance(told, Reject)
        assert "outgoing.allow_hosts" in told.reason or "makes no sense" in told.reason
        assert web.taken == []

    def test_a_private_address_that_is_listed_is_called(self, web: FakeWeb, set_to: Callable[..., None]) -> None:
        set_to(OUTGOING_ALLOW_PRIVATE="false", OUTGOING_ALLOW_HOSTS=f"127.0.0.1:{web.port}")
        assert isinstance(send(f"json://127.0.0.1:{web.port}/"), Sent)

    def test_secrets_show_neither_in_logs_nor_in_outcomes(self, web: FakeWeb, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        for answer in ((500, {}), (403, {})):
            web.answer = answer
            assert SECRET not in repr(send(address(web)))
        assert SECRET not in repr(send(f"nosuch://{SECRET}"))
        assert SECRET not in caplog.text

    def test_hostile_text_does_no_harm(self, web: FakeWeb) -> None:
        told = send(address(web), title="<script>\r\nBcc: eve@evil.example\x00\u202e\x1b[31m", why=("a\r\n\r\nb",))
        assert isinstance(told, Sent)
        assert "bcc" not in web.taken[0].headers


@pytest.mark.parametrize("scheme", sorted(DENIED))
def test_services_of_this_machine_and_other_wires_are_never_called(scheme: str) -> None:
    told = hand_over({"url": f"{scheme}://localhost/x"})
    assert told == {"sent": False, "fault": "this kind of service is not called"}


@pytest.mark.parametrize("url", ["", "x", "://", "json:/x", "/etc/passwd", "json", "1://x"])
def test_what_is_no_address_is_refused_before_apprise_is_loaded(url: str) -> None:
    assert hand_over({"url": url})["sent"] is False


def test_every_denied_scheme_that_apprise_has_is_spelt_as_apprise_spells_it() -> None:
    listing = (
        "import apprise\n"
        "for one in apprise.Apprise().details(show_disabled=True)['schemas']:\n"
        "    print(*(one['protocols'] or ()), *(one['secure_protocols'] or ()))"
    )
    known = set(subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split())
    assert {"dbus", "gnome", "syslog", "macosx", "windows", "mailto", "irc", "mqtt"} <= DENIED & known
    assert DENIED - known <= {"exec", "file"}


PROBE = """
import json, os, socket, subprocess, sys
from watchbill.paging.apprise_child import Guard
import ctypes, shutil, asyncio, urllib.request
guard = Guard({hosts!r}, allow_private=False, readable=(sys.prefix, sys.base_prefix))
guard.stand()
told = {{}}
def probe(name, act):
    try:
        act()
        told[name] = "done"
    except PermissionError:
        told[name] = "refused"
    except Exception as error:
        told[name] = type(error).__name__
probe("connect", lambda: socket.create_connection(("127.0.0.1", {port}), timeout=1))
probe("connect by name", lambda: socket.create_connection(("localhost", {port}), timeout=1))
probe("raw connect", lambda: socket.socket().connect(("127.0.0.1", {port})))
probe("raw connect_ex", lambda: socket.socket().connect_ex(("169.254.169.254", 80)))
probe("v6", lambda: socket.socket(socket.AF_INET6).connect(("::1", {port})))
probe("mapped", lambda: socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", {port})))
probe("datagram", lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 514)))
probe("unix", lambda: socket.socket(socket.AF_UNIX).connect("/dev/log"))
probe("listen", lambda: socket.socket().bind(("127.0.0.1", 0)))
probe("urllib", lambda: urllib.request.urlopen("http://127.0.0.1:{port}/"))
probe("file url", lambda: urllib.request.urlopen("file:///etc/passwd").read())
probe("popen", lambda: subprocess.run(["true"]))
probe("system", lambda: os.system("true"))
probe("fork", os.fork)
probe("spawn", lambda: os.posix_spawn("/bin/true", ["true"], {{}}))
probe("exec", lambda: os.execv("/bin/true", ["true"]))
probe("read", lambda: open("/etc/passwd").read())
probe("low read", lambda: os.open("/etc/passwd", os.O_RDONLY))
probe("write", lambda: open({scratch!r} + "/x", "w"))
probe("low write", lambda: os.open({scratch!r} + "/x", os.O_WRONLY | os.O_CREAT))
probe("climb", lambda: open(sys.prefix + "/../../../../../../../../../etc/passwd").read())
probe("remove", lambda: os.remove({scratch!r} + "/kept"))
probe("move", lambda: os.rename({scratch!r} + "/kept", {scratch!r} + "/moved"))
probe("folder", lambda: os.mkdir({scratch!r} + "/made"))
probe("code", lambda: open(json.__file__).read())
print(json.dumps(told))
"""


def probes(web: FakeWeb, scratch: Path, *hosts: str) -> dict[str, str]:
    text = PROBE.format(port=web.port, scratch=str(scratch), hosts=list(hosts))
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    told: dict[str, str] = json.loads(ran.stdout)
    return told


def test_under_the_guard_nothing_of_this_machine_is_reached(web: FakeWeb, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("x")
    told = probes(web, tmp_path)
    assert told.pop("code") == "done"
    assert told.pop("urllib") in ("refused", "URLError")
    assert told.pop("file url") in ("refused", "URLError")
    assert {name: outcome for name, outcome in told.items() if outcome != "refused"} == {}
    assert web.taken == []
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_under_the_guard_a_listed_host_is_reached_by_its_name_alone(web: FakeWeb, tmp_path: Path) -> None:
    told = probes(web, tmp_path, f"localhost:{web.port}")
    assert told["connect by name"] == "done"
    assert told["connect"] == "refused"


def test_without_the_extra_the_channel_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "watchbill[apprise]" in all_channels()["apprise"].unusable()


def test_with_the_extra_it_needs_nothing_more() -> None:
    assert all_channels()["apprise"].unusable() == ""


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"{}", b'{"sent": "x"}', Burst("failed with exit code 1: tk-never-shown")])
def test_a_child_that_answers_nonsense_is_a_try_that_did_not_work(answer: bytes | Burst, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "run_contained", lambda *_given: answer)
    told = send(f"json://{SECRET}")
    assert isinstance(told, Retry)
    assert SECRET not in repr(told)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"sent": False, "fault": "no"}, Reject("no")),
        ({"sent": False, "blocked": ["it would listen"]}, Reject("it would listen")),
        ({"sent": False, "broken": "KeyError"}, Retry("Apprise itself failed (KeyError)")),
        ({"sent": False, "made": []}, Reject("Apprise made no call for this address")),
        ({"sent": False, "made": [{"status": 200}]}, Reject("the service did not take it")),
        ({"sent": False, "made": [{"status": 200}, {"failed": "timeout"}]}, Unknown("no answer in time")),
        ({"sent": False, "made": [{"failed": "unreachable"}, {"status": 200}]}, Retry("it could not be reached")),
        ({"sent": False, "made": [{"failed": "else"}]}, Retry("the call broke off")),
        ({"sent": False, "made": [{"status": 503, "retry_after": "9"}]}, Retry("answered 503", 9.0)),
    ],
)
def test_what_the_child_says_becomes_one_of_four_answers(said: dict[str, Any], outcome: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "run_contained", lambda *_given: json.dumps(said).encode())
    assert send("json://x") == outcome


def test_the_whole_address_is_a_secret() -> None:
    assert [field.secret for field in apprise.INFO.fields] == [True]
    assert settings().outgoing.allow_private in (True, False)
