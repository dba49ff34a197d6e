"""What incidents do when the bell has news: who acknowledged comes in and stands in the log; so does that nobody answered."""

from watchbill.base.newsroom import subscribe
from watchbill.base.subscriptions import NewsItem
from watchbill.cases.incidents.services import answered

TOPICS = ("paging.acknowledged", "paging.exhausted")


def bell_rang(item: NewsItem) -> None:
    """An alert about an incident was acknowledged, or nobody answered; once per piece of news."""
    kind, _, number = item.subject.partition(":")
    if kind != "incident" or not number.isdecimal():
        return
    person = item.body.get("person_id")
    name = str(item.body.get("name") or item.body.get("person") or "")
    answered(int(number), person if isinstance(person, int) else None, name, item.id, item.topic == "paging.acknowledged")


def begin() -> None:
    """Subscribe. Called once, when all rooms are loaded; again does nothing."""
    for topic in TOPICS:
        subscribe(topic, f"incidents.{topic}", bell_rang)
