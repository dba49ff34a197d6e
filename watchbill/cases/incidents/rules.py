"""Who may read an incident, and how a sentence becomes its text. Pure; it refuses no sentence, since anyone may pull the cord (law 9)."""

from collections.abc import Collection

from watchbill.cases.limits import INCIDENT_CHARS

NO_WORDS = "Somebody pulled the cord without words."
SECURITY_ROLES = frozenset({"security", "admin"})


def sentence(text: str) -> str:
    """What was said, on one line without control characters, at most 2,000 letters. Never refused: nothing said becomes a sentence of
    its own.
    """
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * INCIDENT_CHARS]).split())
    if not plain:
        return NO_WORDS
    return plain if len(plain) <= INCIDENT_CHARS else f"{plain[: INCIDENT_CHARS - 14].rstrip()} (cut short)"


def may_read(person_id: int | None, role: str, responders: Collection[int]) -> bool:
    """Whether somebody may read it: those who were brought in (whoever started it is), and security. Nobody else knows that it exists."""
    return person_id is not None and (person_id in responders or role in SECURITY_ROLES)
