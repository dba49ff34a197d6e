"""Apprise: breadth, one way. Some 120 services that are spoken to over HTTP, by Apprise's own plugins in a contained child process that
reaches no more than our own calls may (``apprise_child``), with a hard end. The whole address is a secret: it goes in by the child's
standard input and nothing of it shows."""

import importlib.util
import json
from collections.abc import Callable

import msgspec

from watchbill.base import clock
from watchbill.base.sandbox import Bounds, Burst, run_contained
from watchbill.base.settings import settings
from watchbill.paging import limits
from watchbill.paging.rules import texts
from watchbill.paging.rules.delivery import http_outcome, retry_after_seconds
from watchbill.paging.rules.messages import ChannelInfo, Field, Outcome, OutgoingPage, Reject, Retry, Sent, Unknown
from watchbill.paging.rules.words import Decision

INFO = ChannelInfo(
    name="apprise",
    title="Another service (Apprise)",
    fields=(Field("url", "Apprise address", "secret", example="discord://webhook-id/webhook-token"),),
)

CHILD = "watchbill.paging.apprise_child"
MISSING = "the extra is not installed: pip install 'watchbill[apprise]'"


class _Call(msgspec.Struct):
    """One HTTP call of the child: a status, or how it failed."""

    status: int = 0
    retry_after: str = ""
    failed: str = ""


class _Answer(msgspec.Struct):
    """What the child says."""

    sent: bool
    made: list[_Call] = []
    blocked: list[str] = []
    fault: str = ""
    broken: str = ""


def unusable() -> str:
    """Without the extra there is no Apprise."""
    return "" if importlib.util.find_spec("apprise") else MISSING


def send(page: OutgoingPage) -> Outcome:
    """Hand it to a child of its own, and say what came of it."""
    own, now = settings().outgoing, clock.now()
    question = {
        "url": page.fields["url"],
        "title": texts.heading(page),
        "body": f"{texts.short(page, now)}\n{page.ack_url}",
        "kind": "failure" if page.decision == Decision.NOW else "warning",
        "allow_hosts": list(own.allow_hosts),
        "allow_private": own.allow_private,
        "seconds": limits.SEND_SECONDS,
    }
    bounds = Bounds(
        memory_mib=limits.APPRISE_MEMORY_MIB, cpu_seconds=limits.APPRISE_CPU_SECONDS, wall_seconds=limits.SEND_SECONDS, output_mib=1
    )
    answer = run_contained(CHILD, [], json.dumps(question).encode(), bounds)
    if isinstance(answer, Burst):
        late = answer.reason.startswith("took longer")
        return Unknown(f"no answer in {limits.SEND_SECONDS:g} seconds") if late else Retry("the process that sends it was stopped")
    try:
        told = msgspec.json.decode(answer, type=_Answer)
    except msgspec.MsgspecError:
        return Retry("the process that sends it gave no answer")
    return _outcome(told, page.idem, lambda header: retry_after_seconds(header, now))


def _outcome(told: _Answer, receipt: str, wait: Callable[[str], float | None]) -> Outcome:
    """What the child's answer means for a page. The call that went wrong last is what stood in the way."""
    if told.sent:
        return Sent(receipt)
    if told.fault or told.blocked:
        return Reject(told.fault or told.blocked[0])
    if told.broken:
        return Retry(f"Apprise itself failed ({told.broken[:60]})")
    wrong = [call for call in told.made if call.failed or not 200 <= call.status < 300]
    if not wrong:
        return Reject("the service did not take it" if told.made else "Apprise made no call for this address")
    last = wrong[-1]
    if not last.failed:
        return http_outcome(last.status, receipt, wait(last.retry_after))
    return _FAILED.get(last.failed, Retry("the call broke off"))


_FAILED: dict[str, Outcome] = {
    "tls": Reject("the other side could not prove who it is"),
    "timeout": Unknown("no answer in time"),
    "unreachable": Retry("it could not be reached"),
}
