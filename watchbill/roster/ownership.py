"""Who owns it: explicit rules, the nearest catalog file, CODEOWNERS, the service's own team, the SBOM's own words, then security. Pure; it
never looks anything up.

Among rules and in CODEOWNERS the *last* match wins. Order of the steps: design 6.2. A step that names somebody whom the roster doesn't know
is passed over, and its sentence stands before the answer. Nothing is unowned: what no rule claims goes to the
security team, with a sentence that says so. Patterns come from outside, so the ones that could take for ever are refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from codeowners import CodeOwners, path_to_regex

from watchbill.base.problem import Problem, invalid
from watchbill.roster import limits
from watchbill.roster.catalog import Entity, NearCatalog, speakers
from watchbill.roster.facts import Ownership


@dataclass(frozen=True, slots=True)
class Question:
    """What is being asked about; any part may be empty. ``path`` is relative to the top of ``repo``; ``sbom`` what the bill of materials
    at ``path`` says of whose it is: team names, people, addresses, the nearest to the software first.
    """

    service: str = ""
    repo: str = ""
    path: str = ""
    sbom: tuple[str, ...] = ()


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
    """What the roster knows that bears on one question.

    ``handles`` maps CODEOWNERS names, addresses among them (lower case), to team slugs; ``catalog_names`` canonical entity references,
    with "" for somebody who is in no team or in several.
    """

    rules: Sequence[Rule]
    codeowners: str
    handles: Mapping[str, str]
    team_names: Mapping[str, str]
    service_team: str
    fallback: str
    catalog: NearCatalog | None = None
    catalog_names: Mapping[str, str] = field(default_factory=dict)


_Answer = tuple[Ownership | None, str]
"""An owner, or a sentence about owners whom the roster doesn't know, or neither."""


def decide_owner(question: Question, known: Known) -> Ownership:
    """The owner of what ``question`` names, and the rule that says so as a sentence. Never nobody."""
    strangers: list[str] = []
    for step in _STEPS:
        owner, stranger = step(question, known)
        if owner:
            before = "".join(f"{one} " for one in strangers)
            return replace(owner, rule=f"{before}{owner.rule}") if before else owner
        strangers += [stranger] if stranger else []
    sentence = f"No rule names an owner of {_subject(question)}, so it goes to {_called(known.fallback, known)}."
    return Ownership(known.fallback, question.service, " ".join((*strangers, sentence)), "fallback")


def _called(team: str, known: Known) -> str:
    return known.team_names.get(team, team)


def _subject(question: Question) -> str:
    return question.service or " in ".join(f"`{part}`" for part in (question.path, question.repo) if part) or "this"


def _by_rule(question: Question, known: Known) -> _Answer:
    for rule in reversed(known.rules):
        if rule_matches(rule, question):
            patterns = " in ".join(f"`{pattern}`" for pattern in (rule.path, rule.repo, rule.service) if pattern)
            sentence = f"{patterns} belongs to {_called(rule.team, known)} (ownership rule {rule.number})."
            return Ownership(rule.team, question.service, sentence, "rule"), ""
    return None, ""


def rule_matches(rule: Rule, question: Question) -> bool:
    """Whether every pattern of the rule matches; a pattern about something that the question doesn't name never does."""
    asked = ((rule.service, question.service), (rule.repo, question.repo))
    if not all(not pattern or (name and _name_pattern(pattern).match(name)) for pattern, name in asked):
        return False
    path = _plain(question.path)
    return not rule.path or bool(path and _path_pattern(rule.path).search(path))


def _by_catalog(question: Question, known: Known) -> _Answer:
    """The owner by the nearest catalog file; a farther one is never asked, because the nearest has spoken."""
    if known.catalog is None:
        return None, ""
    place, folder = known.catalog.place, known.catalog.place.rpartition("/")[0]
    spoke = speakers(known.catalog.entities, question.service, folder)
    owners = list(dict.fromkeys(one.owner for one in spoke))
    if len(owners) > 1:
        return None, f"`{place}` names several owners ({', '.join(owners[:5])}) and does not say which is meant here."
    team = _team_by_reference(owners[0], known) if owners else ""
    if team:
        sentence = f"`{place}` gives {_entity_called(spoke[0])} to {_called(team, known)} ({owners[0]})."
        return Ownership(team, question.service, sentence, "catalog"), ""
    if not owners:
        return None, ""
    why = "who is not in exactly one team" if owners[0] in known.catalog_names else "whom the roster doesn't know"
    return None, f"`{place}` names {owners[0]} as the owner of {_entity_called(spoke[0])}, {why}."


def _entity_called(entity: Entity) -> str:
    return f"{'API' if entity.kind == 'api' else entity.kind} {entity.name}"


def _team_by_reference(owner: str, known: Known) -> str:
    """The team that an entity reference means: by the names the roster gives it, else the group of the default namespace by its slug."""
    slug = owner.removeprefix("group:default/")
    return known.catalog_names.get(owner, "") or (slug if slug in known.team_names else "")


def _by_service(question: Question, known: Known) -> _Answer:
    if not known.service_team:
        return None, ""
    sentence = f"The roster gives {question.service} to {_called(known.service_team, known)}."
    return Ownership(known.service_team, question.service, sentence, "service"), ""


def _by_sbom(question: Question, known: Known) -> _Answer:
    """The first of the SBOM's own words that is a team's slug or name, or the address or handle of somebody in one team."""
    by_name = {name.casefold(): slug for slug, name in known.team_names.items()} | {slug: slug for slug in known.team_names}
    for said in question.sbom:
        plain = said.strip()
        team = by_name.get(plain.casefold()) or known.handles.get(plain.lower())
        if team:
            sentence = f"The SBOM `{question.path}` names {plain}, which is {_called(team, known)}."
            return Ownership(team, question.service, sentence, "sbom"), ""
    if question.sbom:
        named = ", ".join(one.strip()[:80] for one in question.sbom[:3])
        return None, f"The SBOM names {named}, whom the roster doesn't know."
    return None, ""


def _by_codeowners(question: Question, known: Known) -> _Answer:
    """The owner by CODEOWNERS; or a sentence about owners named there whom the roster doesn't know, if that is why there is none."""
    path = _plain(question.path)
    if not known.codeowners or not path:
        return None, ""
    owners, line, pattern, _ = read_codeowners(known.codeowners).matching_line(path)
    for _, owner in owners:
        team = known.handles.get(owner.lower()) or _team_by_name(owner, known)
        if team:
            name = _called(team, known)
            what = f"Everything in {question.repo}" if pattern == "*" and question.repo else f"`{pattern}`"
            return Ownership(team, question.service, f"{what} belongs to {name} (CODEOWNERS, line {line}).", "codeowners", line), ""
    if owners:
        named = ", ".join(owner for _, owner in owners)
        return None, f"`{pattern}` names {named} (CODEOWNERS, line {line}), whom the roster doesn't know."
    return None, ""


_STEPS: tuple[Callable[[Question, Known], _Answer], ...] = (_by_rule, _by_catalog, _by_codeowners, _by_service, _by_sbom)


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
