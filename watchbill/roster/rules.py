"""What a person, a token or a name may be: roles and what they allow, tokens and when they count, the form of slugs and addresses.

Pure: the time and the secret are arguments.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from watchbill.base.problem import Problem, forbidden, invalid
from watchbill.roster import limits
from watchbill.roster.facts import PersonInfo, TokenInfo

ROLES = ("admin", "security", "engineer", "viewer")
EXPOSURES = ("", "small", "controlled", "open")
TARGET_KINDS = ("person", "schedule", "team")

_SECURITY = frozenset({"read", "act", "triage", "accept_risk", "configure"})
ALLOWS: dict[str, frozenset[str]] = {
    "viewer": frozenset({"read"}),
    "engineer": frozenset({"read", "act"}),
    "security": _SECURITY,
    "admin": _SECURITY | {"admin"},
}
"""What each role may do. ``act`` is to acknowledge, comment, take, claim a fix and *ask* for an acceptance; ``accept_risk`` signs one."""

_WORDS = {
    "read": "read this",
    "act": "act on this",
    "triage": "triage",
    "accept_risk": "sign an acceptance of risk",
    "configure": "change the configuration",
    "admin": "administer Watchbill",
}

TOKEN_PREFIX = "wbk_"  # noqa: S105 - what every token begins with, not a token
SCOPES = ("read", "act", "send", "admin")
_SCOPE_NEEDS = {"read": "read", "act": "act", "send": "act", "admin": "admin"}

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_EMAIL = re.compile(r"[^\s@<>\"',;:\\()\[\]]+@[^\s@<>\"',;:\\()\[\]]+\Z")


def may(person: PersonInfo | None, action: str) -> bool:
    """Whether ``person`` may do ``action``. Nobody, someone deactivated, an unknown role or action: no."""
    return person is not None and person.active and action in ALLOWS.get(person.role, frozenset())


def require(person: PersonInfo | None, action: str) -> None:
    """Raise ``Problem`` 403 unless ``person`` may do ``action``; it names the roles that may."""
    if may(person, action):
        return
    able = [role for role in ROLES if action in ALLOWS[role]]
    who = f"{person.name} is {_a(person.role)}" if person and person.active else "Nobody who may is signed in"
    remedy = f"Ask somebody who is {' or '.join(_a(role) for role in able)}." if able else "No role may do this."
    raise forbidden(f"{who}, and may not {_WORDS.get(action, action)}.", remedy)


def _a(role: str) -> str:
    return {"admin": "an administrator", "security": "in the security role", "engineer": "an engineer"}.get(role, f"a {role}")


def check_role(role: str, field: str = "role") -> str:
    """The role itself, or ``Problem`` at ``field``."""
    if role not in ROLES:
        raise invalid(field, f"{role!r} is not a role.", f"Use one of {', '.join(ROLES)}.")
    return role


def check_slug(slug: str, field: str) -> str:
    """The slug itself, or ``Problem`` at ``field``: lower-case letters, digits and inner hyphens."""
    if len(slug) > limits.SLUG_CHARS or not _SLUG.match(slug):
        raise invalid(field, f"{slug[:80]!r} can't be a short name.", f"Use a-z, 0-9 and hyphens, at most {limits.SLUG_CHARS}.")
    return slug


def check_email(email: str, field: str = "email") -> str:
    """The address in lower case, or ``Problem`` at ``field``. Only its form is looked at."""
    plain = email.strip().lower()
    if len(plain) > limits.EMAIL_CHARS or not plain.isprintable() or not _EMAIL.match(plain):
        raise invalid(field, f"{email[:80]!r} is not an e-mail address.", "Use the address the person signs in with.")
    return plain


def check_text(text: str, field: str, longest: int = limits.NAME_CHARS) -> str:
    """The text without outer spaces, or ``Problem`` at ``field`` when it is too long or holds control or direction characters."""
    plain = text.strip()
    if len(plain) > longest:
        raise invalid(field, f"This is {len(plain)} characters long.", f"At most {longest} fit.")
    if not plain.isprintable():
        raise invalid(field, "This holds characters that can't be seen (control or direction characters).", "Write it without them.")
    return plain


def check_repo(name: str, field: str) -> str:
    """A repository's name as its host writes it, or ``Problem`` at ``field`` for none and for one with a space in it."""
    plain = check_text(name, field, 200)
    if not plain or " " in plain:
        raise invalid(field, f"{name[:80]!r} is no repository.", "Write it as its host does: org/name.")
    return plain


def check_tier(tier: int, field: str = "tier") -> int:
    """The tier itself (0 for unknown), or ``Problem`` at ``field``."""
    if not 0 <= tier <= 4:
        raise invalid(field, f"{tier} is not a tier.", "1 is harm to people or the end of the company, 4 a nuisance; 0 is not known yet.")
    return tier


def check_exposure(exposure: str, field: str = "exposure") -> str:
    """The exposure itself ("" for unknown), or ``Problem`` at ``field``."""
    if exposure not in EXPOSURES:
        raise invalid(field, f"{exposure!r} is not an exposure.", "Use small, controlled or open.")
    return exposure


def check_span(start: datetime, end: datetime, field: str = "end") -> None:
    """Raise ``Problem`` unless both are aware, the end comes after the start, and both lie within ``OVERRIDE_DAYS``."""
    if start.tzinfo is None or end.tzinfo is None:
        raise invalid(field, "The start and the end of an override are instants.", "Give both with an offset.")
    if end <= start:
        raise invalid(field, "This ends before it starts.", "The end comes after the start.")
    if end - start > timedelta(days=limits.OVERRIDE_DAYS):
        raise invalid(field, "This override is too long.", f"At most {limits.OVERRIDE_DAYS} days; for longer, change the layers.")


def token_hash(raw: str) -> str:
    """What is kept of a token: SHA-256 in hex. Its 192 random bits need no slow hash."""
    return hashlib.sha256(raw.encode()).hexdigest()


def token_hint(raw: str) -> str:
    """The few letters by which people tell their tokens apart; far too few to guess the rest."""
    return raw[: len(TOKEN_PREFIX) + 4]


def check_scopes(scopes: Iterable[str], person: PersonInfo) -> tuple[str, ...]:
    """The scopes in order, each once. ``Problem`` for an unknown one, none at all, or one that the person's role doesn't allow."""
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown or not wanted:
        told = f"{unknown[0]!r} is not a scope." if unknown else "A token needs at least one scope."
        raise invalid("scopes", told, f"Choose among {', '.join(SCOPES)}.")
    for scope in sorted(wanted):
        if not may(person, _SCOPE_NEEDS[scope]):
            raise forbidden(f"{person.name} may not {_WORDS[_SCOPE_NEEDS[scope]]}, so no token of theirs can.", "Leave that scope out.")
    return tuple(scope for scope in SCOPES if scope in wanted)


def allowed_scopes(scopes: Iterable[str], person: PersonInfo) -> tuple[str, ...]:
    """Of a token's scopes those that its holder's role still allows: a token never outlives its holder's rights."""
    return tuple(scope for scope in scopes if scope in SCOPES and may(person, _SCOPE_NEEDS[scope]))


def token_counts(token: TokenInfo, holder: PersonInfo, now: datetime) -> bool:
    """Whether the token opens anything at ``now``: not revoked, not expired, its holder active, some scope left."""
    return not token.revoked and now < token.expires and holder.active and bool(allowed_scopes(token.scopes, holder))


def check_days(days: int) -> timedelta:
    """How long a token lives, or ``Problem``: there is no token without an end."""
    if not 1 <= days <= limits.TOKEN_MAX_DAYS:
        raise invalid("days", f"A token can't live {days} days.", f"Choose 1 to {limits.TOKEN_MAX_DAYS} days.")
    return timedelta(days=days)


def last_admin_leaves(person: PersonInfo, people: Iterable[PersonInfo]) -> Problem | None:
    """The problem with taking ``person``'s admin role or access away, if nobody else active would be left to administer."""
    others = any(other.active and other.role == "admin" and other.id != person.id for other in people)
    if others or not (person.active and person.role == "admin"):
        return None
    return Problem(
        "last_admin",
        "Nobody would be left to administer Watchbill",
        f"{person.name} is the only active administrator.",
        field="role",
        remedy="Make somebody else an administrator first.",
        status=409,
    )
