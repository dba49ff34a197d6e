"""Who wants which news: the registry that the writer reads when it stores news and the newsroom when it delivers. Filled at start; it
delivers nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One piece of news. `subject` names what it is about, such as "finding:412"."""

    id: int
    topic: str
    subject: str
    body: Mapping[str, Any]
    created_at: datetime


Handler = Callable[[NewsItem], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`topic` is exact, or a prefix ending in ".*"; "*" takes everything."""

    topic: str
    name: str
    handler: Handler

    def wants(self, topic: str) -> bool:
        """Whether news of this topic is for it."""
        if self.topic.endswith("*"):
            return topic.startswith(self.topic[:-1])
        return topic == self.topic


_by_name: dict[str, Subscription] = {}
_by_topic: dict[str, list[str]] = {}  # what for_topic found, until the registry changes; topics are few


def add(subscription: Subscription) -> None:
    """Register; the same name again replaces the former one."""
    _by_name[subscription.name] = subscription
    _by_topic.clear()


def remove(name: str) -> None:
    """Forget a subscriber. What it is still owed stays stored."""
    _by_name.pop(name, None)
    _by_topic.clear()


def for_topic(topic: str) -> list[str]:
    """Names of those who want it, sorted."""
    names = _by_topic.get(topic)
    if names is None:
        names = _by_topic[topic] = sorted(name for name, one in _by_name.items() if one.wants(topic))
    return names


def named(name: str) -> Subscription | None:
    """The subscriber of that name, unless it is gone."""
    return _by_name.get(name)
