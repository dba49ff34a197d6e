"""Who does a thing: every write names its actor, and the audit trail keeps it. An actor is a value, not a permission."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["person", "system", "token", "link", "reporter"]


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is an e-mail address, a token's name or "watchbill"; `source` the door it came through: web, api, cli, loop, sample."""

    kind: ActorKind
    name: str
    source: str


SYSTEM = Actor("system", "watchbill", "loop")
