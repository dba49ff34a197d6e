"""One-time links: the first administrator's set-up link, and a link that signs a known person in.

Only a hash of a link is kept, in the small durable facts; opening a link changes nothing, redeeming it spends it for good.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from watchbill.base import clock, ids, state, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem

Kind = Literal["set_up", "sign_in"]
LIFE = timedelta(hours=24)


class SignInLink(msgspec.Struct, frozen=True):
    """What a link is good for: `set_up` makes the first administrator, `sign_in` lets `email` in. `expires` is aware UTC."""

    kind: Kind
    email: str
    expires: datetime


def issue(kind: Kind, *, by: Actor, email: str = "", token: str = "") -> str:
    """Make a one-time link good for 24 hours; its path. `token` is given only to honour a link that was promised already."""
    secret = token or ids.new_secret()
    link = SignInLink(kind, email, clock.now() + LIFE)

    def keep() -> None:
        state.put(_key(secret), msgspec.json.encode(link).decode())
        writer.audit(by, "sign_in_link.issued", f"person:{email}" if email else "company:own", body={"kind": kind})

    writer.write(keep, name="sign_in_link.issue")
    return f"/welcome/{secret}"


def look(token: str) -> SignInLink:
    """What the link is good for, spending nothing. Raises `Problem` 410 for an unknown, spent or expired one."""
    kept = state.get(_key(token))
    link = msgspec.json.decode(kept, type=SignInLink) if kept else None
    if link is None or link.expires <= clock.now():
        raise Problem(
            "link_spent",
            "This link is spent",
            "It was used, it is older than 24 hours, or it never was one of ours.",
            remedy="Sign in, or start the server again: it prints a new link while nobody is set up.",
            status=410,
        )
    return link


def redeem(token: str, *, by: Actor) -> SignInLink:
    """Spend the link and say what it was good for. Of two that redeem at once, one gets the `Problem`."""

    def spend() -> SignInLink:
        link = look(token)
        state.put(_key(token), "")
        writer.audit(by, "sign_in_link.redeemed", f"person:{link.email}" if link.email else "company:own", body={"kind": link.kind})
        return link

    return writer.write(spend, name="sign_in_link.redeem")


def _key(token: str) -> str:
    return "sign_in_link:" + hashlib.sha256(token.encode()).hexdigest()
