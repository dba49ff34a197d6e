"""The search line over findings: `is:open decision:now team:berths sort:decision,due free text`. Pure: it reads words and makes a plain
query.

Terms are joined by "and"; a key given twice means either of the two. What has no colon, or stands in quotes, is free text. An unknown
key or value is a Problem that names the nearest one; nothing is guessed and nothing is silently left out."""

import difflib
from collections.abc import Iterable

import msgspec

from watchbill.base.problem import Problem
from watchbill.cases.findings.states import STATES
from watchbill.cases.limits import QUERY_CHARS, QUERY_TERMS

IS_WORDS = ("open", "closed", "accepted", "unowned", "not_seen", "not_pinned", "triage", "overdue", "reopened", "taken", "all", *STATES)
DUE_WORDS = ("today", "week", "overdue", "none")
DECISIONS = ("now", "hours", "digest", "silent")
# age: oldest first; seen: latest first; epss: likeliest to be exploited first
SORTS = ("decision", "due", "epss", "age", "seen", "service", "package", "id")
KEYS = (
    "is",
    "state",
    "decision",
    "team",
    "service",
    "repo",
    "branch",
    "mine",
    "taken",
    "package",
    "ecosystem",
    "advisory",
    "due",
    "seen",
    "sort",
)
_CLOSED_SETS: dict[str, tuple[str, ...]] = {"is": IS_WORDS, "state": STATES, "decision": DECISIONS, "due": DUE_WORDS}


class Query(msgspec.Struct, frozen=True):
    """What was asked. `terms` maps a key to its values (any of them); `text` are words that must all stand in it; `sort` pairs (column,
    descending).
    """

    terms: dict[str, tuple[str, ...]] = {}
    text: tuple[str, ...] = ()
    sort: tuple[tuple[str, bool], ...] = (("decision", False), ("due", False))

    def values(self, key: str) -> tuple[str, ...]:
        """The values asked for under a key, or none."""
        return self.terms.get(key, ())


def parse(line: str) -> Query:
    """Read a search line. Raises Problem (search_unknown_key, search_unknown_value, search_too_long) naming the word and the nearest
    one.
    """
    if len(line) > QUERY_CHARS:
        raise Problem(
            "search_too_long", "This search is too long", f"{len(line)} characters; at most {QUERY_CHARS}.", field="q", status=422
        )
    words = _words(line)
    if len(words) > QUERY_TERMS:
        raise Problem("search_too_long", "This search is too long", f"{len(words)} terms; at most {QUERY_TERMS}.", field="q", status=422)
    terms: dict[str, tuple[str, ...]] = {}
    text: list[str] = []
    sort: tuple[tuple[str, bool], ...] = Query().sort
    for word, quoted in words:
        key, colon, value = word.partition(":")
        if quoted or not colon or not key or not value:
            text.append(word)
        elif key == "sort":
            sort = _sort(value)
        else:
            terms[_known_key(key, word)] = (*terms.get(key, ()), _known_value(key, value))
    return Query(terms, tuple(text), sort)


def with_term(line: str, key: str, value: str) -> str:
    """The same search with `key:value` instead of every other value of that key; for the links of the facets."""
    kept = [_shown(word, quoted) for word, quoted in _words(line[:QUERY_CHARS]) if quoted or not word.startswith(f"{key}:")]
    return " ".join([*kept, _shown(f"{key}:{value}", quoted=False)])


def _shown(word: str, quoted: bool) -> str:
    return f'"{word}"' if quoted or " " in word else word


def _words(line: str) -> list[tuple[str, bool]]:
    """Words, and whether each began in quotes. A quote that is never closed runs to the end."""
    found: list[tuple[str, bool]] = []
    word, in_quotes, began_quoted = "", False, False
    for letter in line + " ":
        if letter == '"':
            began_quoted = began_quoted or not word
            in_quotes = not in_quotes
        elif letter.isspace() and not in_quotes:
            if word:
                found.append((word, began_quoted))
            word, began_quoted = "", False
        else:
            word += letter
    if word.strip():
        found.append((word.strip(), began_quoted))
    return found


def _known_key(key: str, word: str) -> str:
    if key in KEYS:
        return key
    near = _nearest(key, KEYS)
    raise Problem(
        "search_unknown_key",
        "This search has a word it doesn't know",
        f'There is no "{key}:" to search by.',
        field="q",
        remedy=f'Did you mean "{near}:"? To search for the text itself, put "{word}" in quotes.'
        if near
        else f"Keys are {', '.join(KEYS)}.",
        status=422,
    )


def _known_value(key: str, value: str) -> str:
    possible = _CLOSED_SETS.get(key)
    plain = value.lower().replace("-", "_") if possible else value
    if possible is None or plain in possible:
        return plain
    near = _nearest(plain, possible)
    remedy = f'Did you mean "{key}:{near}"?' if near else f"Possible are {', '.join(possible)}."
    raise Problem(
        "search_unknown_value",
        "This search has a word it doesn't know",
        f'"{key}:" is never "{value}".',
        field="q",
        remedy=remedy,
        status=422,
    )


def _sort(value: str) -> tuple[tuple[str, bool], ...]:
    columns: list[tuple[str, bool]] = []
    for part in value.split(","):
        name = part.removeprefix("-")
        if name not in SORTS:
            near = _nearest(name, SORTS)
            remedy = f'Did you mean "sort:{near}"?' if near else f"Possible are {', '.join(SORTS)}."
            raise Problem(
                "search_unknown_value",
                "This search has a word it doesn't know",
                f'Nothing is sorted by "{name}".',
                field="q",
                remedy=remedy,
                status=422,
            )
        if name not in [known for known, _ in columns]:
            columns.append((name, part.startswith("-")))
    return tuple(columns)


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return close[0] if close else ""
