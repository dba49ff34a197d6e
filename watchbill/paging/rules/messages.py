"""What passes between the bell and its channels: a channel's description of itself, the page it is given, and the four answers it may
give. Nothing here sends; secrets in a page's fields never show in its repr."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a contact method needs to know. `kind` decides how it is checked; a `secret` is never shown or logged."""

    name: str
    title: str
    kind: Literal["text", "email", "url", "secret"]
    required: bool = True
    example: str = ""

    @property
    def secret(self) -> bool:
        """Whether the value must never be shown again after it was given."""
        return self.kind == "secret"


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel as it describes itself; forms, checks, documentation and the contract test come from it.

    `stored` channels deliver by being stored: the row itself is what the person sees, so no sender is needed.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    stored: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingPage:
    """One page as a channel is given it: complete, so that sending needs no database. Addresses are absolute URLs."""

    idem: str
    alert_id: int
    title: str
    decision: str
    person_name: str
    person_email: str
    zone: str
    team: str
    why: tuple[str, ...]
    why_you: str
    next_up: str
    guidance: tuple[str, ...]
    ack_url: str
    link_url: str
    opened_at: datetime
    sent_at: datetime
    attempt: int
    where: str = ""
    fields: dict[str, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `receipt` is the provider's own id for it, or ours where it gives none."""

    receipt: str


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not go now and may go later. `after` is the provider's own wish in seconds, when it said so."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """It will never go this way; another way is needed at once."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have gone (no answer in time). It is sent again under the same key: doubled rather than lost."""

    reason: str


Outcome = Sent | Retry | Reject | Unknown
