"""What other rooms may ask of the bell: alerts, pages, logs, traces, links and health, as plain values. It changes nothing."""

from watchbill.paging.bell_health import BellHealth, health
from watchbill.paging.contacts import ContactMethodInfo, RuleInfo, contact_methods, notification_rules
from watchbill.paging.links import AckLink, ack_link, read_ack_link
from watchbill.paging.reading import (
    AlertInfo,
    LogLine,
    PageInfo,
    Ringing,
    alert,
    alert_for,
    alerts_for,
    log,
    my_pages,
    next_for,
    open_alerts,
    page,
    pages,
)
from watchbill.paging.trace import TraceLine, trace

__all__ = [
    "AckLink",
    "AlertInfo",
    "BellHealth",
    "ContactMethodInfo",
    "LogLine",
    "PageInfo",
    "Ringing",
    "RuleInfo",
    "TraceLine",
    "ack_link",
    "alert",
    "alert_for",
    "alerts_for",
    "contact_methods",
    "health",
    "log",
    "my_pages",
    "next_for",
    "notification_rules",
    "open_alerts",
    "page",
    "pages",
    "read_ack_link",
    "trace",
]
