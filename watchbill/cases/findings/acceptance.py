"""Who may accept a risk, for how long, and when it comes back: pure rules. They store nothing and ask no clock.

Law 6: a risk is accepted by a named second person, with a reason and an end date, and comes back by itself. The signer is security;
where the requester is the whole security team, the service's owner signs. "Not affected" is the same shape without an end date: an
engineer's word needs security's second look; security's own word stands by itself."""

from datetime import datetime, timedelta

import msgspec

from watchbill.base.problem import forbidden, invalid
from watchbill.cases.limits import ACCEPTANCE_DAYS, REASON_CHARS

SECURITY_ROLES = frozenset({"security", "admin"})


class Signer(msgspec.Struct, frozen=True):
    """The person who is about to sign: their role, and whether they are in the team that owns the finding."""

    email: str
    role: str
    owns: bool = False


def check_reason(reason: str) -> str:
    """The reason, trimmed. Raises Problem(invalid) for none or one that is too long."""
    text = reason.strip()
    if len(text) < 10:
        raise invalid("reason", "A reason takes at least ten letters.", "Say what makes it bearable, for whoever reads it in half a year.")
    if len(text) > REASON_CHARS:
        raise invalid("reason", f"{len(text):,} characters; at most {REASON_CHARS:,} are kept.")
    return text


def check_until(until: datetime, now: datetime) -> datetime:
    """The end date; a last day that ends a little after 180 days is cut to them. Raises Problem(invalid) when it is past or further
    away.
    """
    if until <= now:
        raise invalid("until", "The end date is not in the future.")
    latest = now + timedelta(days=ACCEPTANCE_DAYS)
    if until >= latest + timedelta(days=1):
        raise invalid(
            "until", f"A risk is accepted for at most {ACCEPTANCE_DAYS} days.", "Choose an earlier date; it can be asked for again then."
        )
    return min(until, latest)


def check_signer(requester: str, signer: Signer, security_team_size: int) -> None:
    """Raises Problem(forbidden) unless `signer` may sign what `requester` asked for.

    `security_team_size` counts the other people who could sign as security; with none left, the owner signs.
    """
    if signer.email.casefold() == requester.casefold():
        raise forbidden("Nobody signs their own request.", "Ask somebody from security, or the owner of the service, to sign it.")
    if signer.role in SECURITY_ROLES:
        return
    if signer.owns and security_team_size == 0:
        return
    raise forbidden(
        "Signing takes somebody from security.", "Ask the security team; where it is one person, the service's owner signs for them."
    )


def check_second_look(requester: str, signer: Signer) -> None:
    """Raises Problem(forbidden) unless `signer` may confirm that a finding does not affect us."""
    if signer.role not in SECURITY_ROLES:
        raise forbidden("Calling a finding not affected takes somebody from security.", "Ask the security team to look at the reason.")
    if signer.email.casefold() == requester.casefold():
        raise forbidden("Nobody confirms their own request.", "Ask somebody else from security.")


def is_over(until: datetime | None, now: datetime) -> bool:
    """Whether an acceptance has run out. One without an end date (not affected) never does."""
    return until is not None and until <= now
