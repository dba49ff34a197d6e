"""What findings do when lower rooms have news: the bell's acknowledgement becomes a line in the finding's story, and a changed service,
owner or roster has its findings decided again. Acknowledging belongs to the page: it changes no state here.
"""

from watchbill.base.acting import SYSTEM
from watchbill.base.jobs import enqueue, every
from watchbill.base.newsroom import subscribe
from watchbill.base.subscriptions import NewsItem
from watchbill.base.trail import events_for
from watchbill.base.writer import audit, write
from watchbill.cases.findings.jobs import EXPIRE, EXPIRE_EVERY_SECONDS, REDECIDE
from watchbill.cases.findings.models import Finding

_SENTENCES = {
    "paging.acknowledged": "{who} acknowledged{way}",
    "paging.exhausted": "Everybody on the escalation policy was paged, and nobody answered",
}


def bell_rang(item: NewsItem) -> None:
    """An alert about findings was acknowledged, or nobody answered: one line for each of them, once."""
    if not item.subject.startswith("finding:"):
        return
    alert = item.body.get("alert")
    ids = list(Finding.objects.filter(alert_id=alert).values_list("pk", flat=True)) if isinstance(alert, int) else []
    number = item.subject.removeprefix("finding:")
    targets = sorted({*(f"finding:{pk}" for pk in ids), *([item.subject] if number.isdecimal() else [])})
    mark = f"news:{item.id}"
    who = str(item.body.get("name") or item.body.get("person") or "Somebody")
    text = _SENTENCES[item.topic].format(who=who, way=f" {item.body['way']}" if item.body.get("way") else "")

    def note() -> None:
        told = {event.target for event in events_for(targets, limit=1000) if event.ref == mark}
        for target in targets:
            if target not in told:
                about = int(alert) if isinstance(alert, int) else 0
                action = item.topic.replace("paging.", "finding.")
                audit(SYSTEM, action, target, ref=mark, body={"alert": about}, private={"text": text})

    write(note, name="findings.bell_rang")


def roster_changed(item: NewsItem) -> None:
    """An input of decisions, or who owns what, changed: decide again, as a job."""
    kind, _, name = item.subject.partition(":")
    args = {kind: name} if kind in ("service", "repo") else {}
    key = f"{REDECIDE}:{item.topic}:{name}"[:200]
    write(lambda: enqueue(REDECIDE, args, key=key), name="findings.roster_changed")


def begin() -> None:
    """Subscribe, and arm the periodic job. Called once, when all rooms are loaded; again does nothing."""
    subscribe("paging.acknowledged", "findings.acknowledged", bell_rang)
    subscribe("paging.exhausted", "findings.exhausted", bell_rang)
    for topic in ("service.changed", "ownership.changed", "roster.changed"):
        subscribe(topic, f"findings.{topic}", roster_changed)
    every(EXPIRE, EXPIRE_EVERY_SECONDS)
