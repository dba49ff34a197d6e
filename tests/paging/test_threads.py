"""The bell as it runs: the writer's thread, the loops' threads, the senders' threads, and a real mail server."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import sqlite_only
from tests.paging.company import ALICE, ROSTER
from tests.paging.fake_servers import FakeMail, FakeWeb
from watchbill.base import clock
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.loop import loop_health, start_loops, stop_loops
from watchbill.base.trail import events, verify
from watchbill.base.writer import write
from watchbill.paging import delivery, jobs, queries, services
from watchbill.paging.bell_health import health
from watchbill.paging.models import Page
from watchbill.paging.services import AlertRef
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster

ALICE_ALONE = """
[[policy]]
slug = "alice"
[[policy.step]]
notify = ["person:alice@saltmarsh.example"]
wait = "1h"
"""


@pytest.fixture
def running(writer_thread: Path, mail: FakeMail, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMail]:
    """Everything runs. The policy begins with Bob, who has the security watch at any hour."""
    monkeypatch.setattr(jobs, "_begun", threading.Event())
    apply_roster(ROSTER + ALICE_ALONE, by=SYSTEM)
    start_loops()
    yield mail
    stop_loops()


def ring(number: int, **other: object) -> AlertRef:
    given: dict[str, object] = {
        "subject": f"finding:{number}",
        "dedup_key": f"finding:{number}",
        "title": f"Finding {number} is exploited",
        "decision": "now",
        "why": ("It is exploited in the wild.",),
        "policy": "security",
        "team": "security",
        "link": f"/findings/{number}",
        "by": SYSTEM,
    }
    return services.open_alert(**given | other)  # type: ignore[arg-type] - a test's own keywords


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.02)


def states(channel: str = "email") -> Counter[str]:
    return Counter(Page.objects.filter(channel=channel).values_list("state", flat=True))


def test_alerts_opened_by_many_threads_are_each_paged_once(running: FakeMail) -> None:
    threads = [threading.Thread(target=lambda first=first: [ring(first * 10 + number) for number in range(10)]) for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: states()["sent"] == 60, "60 mails are sent")
    assert Counter(str(message["Message-ID"]) for message in running.taken).most_common(1)[0][1] == 1
    assert len(running.taken) == 60
    assert len(events(action="page.sent", limit=1000)) == 120
    assert verify().ok


def test_an_alert_opened_within_a_write_rings_only_once_it_is_committed(running: FakeMail) -> None:
    seen: list[int] = []

    def slow_case() -> None:
        ring(1)
        seen.append(len(running.taken))

    write(slow_case)
    until(lambda: len(running.taken) == 1, "the mail is there")
    assert seen == [0]


def test_the_desk_rings_though_the_mail_server_hangs(running: FakeMail) -> None:
    running.slow = 1.0
    ring(1)
    until(lambda: states("desk")["sent"] == 1, "the desk rings")
    assert states()["sent"] == 0
    until(lambda: states()["sent"] == 1, "the mail went in the end")


def test_a_channel_that_hangs_holds_up_no_other(running: FakeMail, web: FakeWeb, set_to: Callable[..., None]) -> None:
    release = threading.Event()
    web.answer = lambda handler: release.wait(20) and None
    alice = person(ALICE).id
    method = services.add_contact_method(alice, "webhook", {"url": web.url, "secret": "s" * 32}, SYSTEM, verified=True)
    services.set_rules(alice, "now", [(0, method)])
    set_to(MAIL_HOST="127.0.0.1", MAIL_PORT=running.port, MAIL_TLS="none")
    for number in range(40):
        ring(number, title="hung", policy="alice")
    stuck = states("webhook")
    for number in range(100, 110):
        ring(number)
    until(lambda: sum("is exploited" in str(message["Subject"]) for message in running.taken) == 10, "Bob's mails are there")
    assert states("webhook")["sent"] == 0
    assert sum(stuck.values()) == 40
    release.set()


def test_acknowledging_while_pages_go_out_never_doubles_or_deadlocks(running: FakeMail) -> None:
    refs = [ring(number) for number in range(30)]
    for ref in refs:
        services.acknowledge(ref.id, by=Actor("person", ALICE, "web"), person_id=person(ALICE).id, channel="web")
    until(lambda: not states()["planned"] and not states()["sending"], "everything has settled")
    assert states()["sent"] == len(running.taken)
    assert states()["sent"] + states()["cancelled"] == 30
    assert not queries.my_pages(person(ALICE).id)


def test_the_loop_is_seen_at_work(running: FakeMail) -> None:
    until(lambda: health().loop_last_turn is not None, "the loop has turned")
    assert "paging" in {one.name for one in loop_health()}
    assert health().loop_error == ""


@sqlite_only  # where the one process of several dies, the others see it: tests/base/test_workers.py
def test_a_new_process_takes_up_at_once_what_the_dead_one_was_sending(
    writer_thread: Path, mail: FakeMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_begun", threading.Event())
    apply_roster(ROSTER, by=SYSTEM)
    ref = ring(1)
    (claimed,) = write(lambda: delivery.claim(clock.now(), 64))
    assert queries.page(claimed.id).state == "sending"
    start_loops()
    try:
        until(lambda: len(mail.taken) == 1, "the mail is there long before the lease ends")
        until(lambda: states()["sent"] == 1, "it is recorded")
    finally:
        stop_loops()
    (page,) = [page for page in queries.pages(ref.id) if page.channel == "email"]
    assert (page.attempts, str(mail.taken[0]["Message-ID"]).startswith(f"<{claimed.outgoing.idem}@")) == (2, True)
