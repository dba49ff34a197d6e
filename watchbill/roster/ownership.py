"""Who owns it: explicit rules, then CODEOWNERS, then the service's own team, then security. Pure; it never looks anything up.

Everywhere the *last* match wins, as in CODEOWNERS. Order of the steps: design 6.2. Nothing is unowned: what no rule claims goes to the
security team, with a sentence that says so. Patterns come from outside, so the ones that could take for ever are refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from codeowners import CodeOwners, path_to_regex

from watchbill.base.problem import Problem, invalid
from watchbill.roster import limits
from watchbill.roster.facts import Ownership


@dataclass(frozen=True, slots=True)
class Question:
    """What is being asked about; any part may be empty. ``path`` is relative to the top of ``repo``."""

    service: str = ""
    repo: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """An explicit rule: every pattern that is not empty must match. ``number`` counts from 1 in the order in which they are read."""

    number: int
    team: str
    service: str = ""
    repo: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the roster knows that bears on one question. ``handles`` maps CODEOWNERS names (lower case) to team slugs."""

    rules: Sequence[Rule]
    codeowners: str
    handles: Mapping[str, str]
    team_names: Mapping[str, str]
    service_team: str
    fallback: str


def decide_owner(question: Question, known: Known) -> Ownership:
    """The owner of what ``question`` names, and the rule that says so as a sentence. Never nobody."""
    by_rule = _by_rule(question, known)
    if by_rule:
        return by_rule
    by_codeowners, stranger = _by_codeowners(question, known)
    if by_codeowners:
        return by_codeowners
    before = f"{stranger} " if stranger else ""
    if known.service_team:
        name = known.team_names.get(known.service_team, known.service_team)
        return Ownership(known.service_team, question.service, f"{before}The roster gives {question.service} to {name}.", "service")
    name = known.team_names.get(known.fallback, known.fallback)
    sentence = f"{before}No rule names an owner of {_subject(question)}, so it goes to {name}."
    return Ownership(known.fallback, question.service, sentence, "fallback")


def _subject(question: Question) -> str:
    return question.service or " in ".join(f"`{part}`" for part in (question.path, question.repo) if part) or "this"


def _by_rule(question: Question, known: Known) -> Ownership | None:
    for rule in reversed(known.rules):
        if rule_matches(rule, question):
            name = known.team_names.get(rule.team, rule.team)
            patterns = " in ".join(f"`{pattern}`" for pattern in (rule.path, rule.repo, rule.service) if pattern)
            return Ownership(rule.team, question.service, f"{patterns} belongs to {name} (ownership rule {rule.number}).", "rule")
    return None


def rule_matches(rule: Rule, question: Question) -> bool:
    """Whether every pattern of the rule matches; a pattern about something that the question doesn't name never does."""
    asked = ((rule.service, question.service), (rule.repo, question.repo))
    if not all(not pattern or (name and _name_pattern(pattern).match(name)) for pattern, name in asked):
        return False
    path = _plain(question.path)
    return not rule.path or bool(path and _path_pattern(rule.path).search(path))


def _by_codeowners(question: Question, known: Known) -> tuple[Ownership | None, str]:
    """The owner by CODEOWNERS; or a sentence about owners named there whom the roster doesn't know, if that is why there is none."""
    path = _plain(question.path)
    if not known.codeowners or not path:
        return None, ""
    owners, line, pattern, _ = read_codeowners(known.codeowners).matching_line(path)
    for _, owner in owners:
        team = known.handles.get(owner.lower()) or _team_by_name(owner, known)
        if team:
            name = known.team_names.get(team, team)
            what = f"Everything in {question.repo}" if pattern == "*" and question.repo else f"`{pattern}`"
            return Ownership(team, question.service, f"{what} belongs to {name} (CODEOWNERS, line {line}).", "codeowners", line), ""
    if owners:
        named = ", ".join(owner for _, owner in owners)
        return None, f"`{pattern}` names {named} (CODEOWNERS, line {line}), whom the roster doesn't know."
    return None, ""


def _team_by_name(owner: str, known: Known) -> str:
    """The team that ``@any-org/slug`` names by its slug, if there is one."""
    name = owner.rpartition("/")[2].lower()
    return name if owner.startswith("@") and "/" in owner and name in known.team_names else ""


def _plain(path: str) -> str:
    """The path as patterns see it; "" for one longer than any real one, which then matches nothing."""
    return path.removeprefix("./").lstrip("/") if len(path) <= limits.PATH_CHARS else ""


@lru_cache(maxsize=limits.PATTERNS_CACHED)
def read_codeowners(text: str) -> CodeOwners:
    """CODEOWNERS parsed. The text has passed ``check_codeowners``, or this raises ``ValueError``."""
    return CodeOwners(text)


def check_codeowners(text: str, field: str = "codeowners") -> str:
    """The text itself, or ``Problem`` at ``field`` naming the first line that can't be used."""
    if len(text.encode()) > limits.CODEOWNERS_BYTES or text.count("\n") >= limits.CODEOWNERS_LINES:
        told = f"At most {limits.CODEOWNERS_BYTES} bytes and {limits.CODEOWNERS_LINES} lines fit."
        raise invalid(field, "This CODEOWNERS file is too large.", told)
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        if not plain.replace("\t", " ").isprintable():
            raise _bad_line(field, number, "it holds characters that can't be seen")
        section = plain.startswith(("[", "^[")) and plain.endswith("]")
        if plain and not plain.startswith("#") and not section:
            reason = pattern_trouble(plain.split()[0])
            if reason:
                raise _bad_line(field, number, reason)
    return text


def _bad_line(field: str, number: int, reason: str) -> Problem:
    return invalid(field, f"Line {number} can't be used: {reason}.", "Mend that line in the CODEOWNERS file and read it again.")


def pattern_trouble(pattern: str) -> str:
    """Why a path pattern can't be used, in a few words; "" when it can."""
    if len(pattern) > limits.PATH_CHARS:
        return f"the pattern is longer than {limits.PATH_CHARS} characters"
    if pattern.count("**") > limits.PATTERN_DEEP_STARS:
        return f"more than {limits.PATTERN_DEEP_STARS} times ** in one pattern"
    if any(part.count("*") > limits.PATTERN_STARS for part in pattern.split("/")):
        return f"more than {limits.PATTERN_STARS} times * between two slashes"
    try:
        path_to_regex(pattern)
    except (ValueError, IndexError, re.error) as error:
        return str(error) or "it is not a pattern"
    return ""


def check_glob(pattern: str, field: str) -> str:
    """The pattern of an explicit rule itself, or ``Problem`` at ``field``."""
    reason = pattern_trouble(pattern) if pattern else ""
    if len(pattern) > limits.GLOB_CHARS:
        reason = f"it is longer than {limits.GLOB_CHARS} characters"
    elif not pattern.isprintable() or " " in pattern:
        reason = "it holds a space, or characters that can't be seen"
    if reason:
        raise invalid(field, f"{pattern[:80]!r} can't be a pattern: {reason}.", "Use * within a name, ** across folders: /apps/board/**.")
    return pattern


@lru_cache(maxsize=1_024)
def _path_pattern(pattern: str) -> re.Pattern[str]:
    found: re.Pattern[str] = path_to_regex(pattern)
    return found


@lru_cache(maxsize=1_024)
def _name_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern over a whole name: ``*`` is anything without a slash, ``**`` anything, ``?`` one letter. Case counts."""
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    wild = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts) + r"\Z")
