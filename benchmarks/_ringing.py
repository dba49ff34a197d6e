"""What `paging.py` measures, once Django stands."""

import statistics
import threading
import time
from datetime import timedelta

from django.core.management import call_command

from benchmarks._report import Row, print_table
from watchbill.base import clock
from watchbill.base.acting import SYSTEM
from watchbill.base.ids import new_id
from watchbill.base.loop import start_loops, stop_loops
from watchbill.base.writer import start_writer, stop_writer, wake, write
from watchbill.paging.channels import email
from watchbill.paging.models import Alert, AlertLog, Page
from watchbill.paging.services import open_alert
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster

OPEN, RATE, SECONDS, IDLE_SECONDS, DUE_AT_ONCE = 10_000, 20, 20, 10, 1_000
HANDED_P99_MS, IDLE_PERCENT = 250.0, 1.0

ROSTER = """
[[person]]
email = "alice@saltmarsh.example"
name = "Alice"
role = "admin"
[[person]]
email = "bob@saltmarsh.example"
name = "Bob"
[[team]]
slug = "berths"
members = ["alice@saltmarsh.example"]
[[schedule]]
slug = "berths"
team = "berths"
[[schedule.layer]]
name = "weeks"
people = ["alice@saltmarsh.example", "bob@saltmarsh.example"]
every = "1 week"
starts = 2026-01-05T08:00:00
[[policy]]
slug = "berths"
[[policy.step]]
notify = ["schedule:berths"]
wait = "5m"
[[policy.step]]
notify = ["team:berths"]
wait = "10m"
"""


def measure() -> int:

    call_command("migrate", verbosity=0)
    apply_roster(ROSTER, by=SYSTEM)
    stand_open(OPEN)
    start_writer()
    start_loops()
    time.sleep(3)
    asked, accepted, handed = ring(RATE, SECONDS)
    waited = sorted((handed[ref] - accepted[ref]) * 1000 for ref in accepted if ref in handed)
    whole = sorted((handed[ref] - asked[ref]) * 1000 for ref in accepted if ref in handed)
    lost = len(accepted) - Page.objects.filter(alert_id__in=accepted, channel="email", state="sent").count()
    time.sleep(3)
    begun = time.process_time()
    time.sleep(IDLE_SECONDS)
    idle = (time.process_time() - begun) / IDLE_SECONDS * 100
    seconds = escalate_at_once(DUE_AT_ONCE)
    stop_loops()
    stop_writer()
    p99 = percentile(waited, 99)
    rows = [
        Row(
            f"accepted -> handed to channel, p99 ({RATE}/s, {OPEN:,} open)",
            f"{p99:.0f} ms",
            f"<= {HANDED_P99_MS:.0f} ms",
            f"p50 {percentile(waited, 50):.0f} ms, worst {waited[-1]:.0f} ms",
            p99 <= HANDED_P99_MS,
        ),
        Row("asked -> handed, p99", f"{percentile(whole, 99):.0f} ms", "", f"p50 {percentile(whole, 50):.0f} ms", True),
        Row("accepted but not sent", str(lost), "0", f"{len(accepted)} accepted", lost == 0),
        Row(f"idle, {OPEN:,} open", f"{idle:.2f} % of a core", f"<= {IDLE_PERCENT:.0f} %", "all loops, over 10 s", idle <= IDLE_PERCENT),
        Row(f"{DUE_AT_ONCE:,} steps due at once, all escalated", f"{seconds:.1f} s", "", f"{DUE_AT_ONCE / seconds:,.0f}/s", True),
    ]
    return print_table(rows)


def stand_open(count: int) -> None:
    """`count` alerts that rang and wait for their next step in an hour."""

    now, alice = clock.now(), person("alice@saltmarsh.example").id
    policy = {"slug": "berths", "name": "Berths", "repeat": 0, "steps": [{"wait_seconds": 300, "targets": ["schedule:berths"]}] * 2}
    alerts = Alert.objects.bulk_create(
        Alert(
            uid=new_id(),
            subject=f"finding:{n}",
            dedup_key=f"standing:{n}",
            title="standing",
            decision="now",
            team="berths",
            policy=policy,
            next_step_at=now + timedelta(hours=1, seconds=n % 600),
            opened_at=now,
            opened_by="bench",
        )
        for n in range(count)
    )
    Page.objects.bulk_create(
        Page(
            alert=alert, person_id=alice, loop=0, step=0, channel=channel, state="sent", due=now, idem=f"{alert.uid}-{channel}", sent_at=now
        )
        for alert in alerts
        for channel in ("desk", "email")
    )
    AlertLog.objects.bulk_create(AlertLog(alert=alert, at=now, kind="opened", text="standing") for alert in alerts)


def ring(rate: int, seconds: int) -> tuple[dict[int, float], dict[int, float], dict[int, float]]:
    """Open `rate` alerts a second; when each was asked for, accepted and handed to its channel."""

    asked: dict[int, float] = {}
    accepted: dict[int, float] = {}
    handed: dict[int, float] = {}
    real = email.send

    def timed(page):
        handed.setdefault(page.alert_id, time.perf_counter())
        return real(page)

    def open_one(number: int) -> None:
        begun = time.perf_counter()
        ref = open_alert(
            subject=f"finding:{number}",
            dedup_key=f"bench:{number}",
            title="lodash 4.17.20 in board is exploited",
            decision="now",
            why=("It is exploited in the wild.", "Service board is open to the internet."),
            policy="berths",
            team="berths",
            link="/findings/412",
            guidance=("Put it at 4.17.21.",),
            by=SYSTEM,
        )
        accepted[ref.id] = time.perf_counter()
        asked[ref.id] = begun

    email.send = timed
    threads = []
    start = time.perf_counter()
    for number in range(rate * seconds):
        time.sleep(max(0.0, start + number / rate - time.perf_counter()))
        threads.append(threading.Thread(target=open_one, args=(number,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    time.sleep(2)
    return asked, accepted, handed


def escalate_at_once(count: int) -> float:
    """Seconds until `count` alerts whose step is due have all gone on."""

    due = list(Alert.objects.filter(dedup_key__startswith="standing:").values_list("id", flat=True)[:count])
    begun = time.perf_counter()

    def make_due() -> None:
        Alert.objects.filter(pk__in=due).update(next_step_at=clock.now())
        wake("paging")

    write(make_due)
    while Alert.objects.filter(pk__in=due, step=0).exists():
        time.sleep(0.05)
    return time.perf_counter() - begun


def percentile(values: list[float], share: int) -> float:
    """The `share`th percentile of sorted values."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]
