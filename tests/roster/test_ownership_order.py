"""The order of ownership as a table: rule, CODEOWNERS, the service's team, security; each step with and without those before it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.roster.conftest import BY_TEST
from watchbill.base.problem import Problem
from watchbill.roster import limits, queries
from watchbill.roster.catalog import Entity, NearCatalog
from watchbill.roster.ownership import Known, Question, Rule, check_codeowners, check_glob, decide_owner, pattern_trouble, rule_matches
from watchbill.roster.services import apply_roster, import_codeowners

NAMES = {"rules": "By rule", "owners": "By CODEOWNERS", "service": "By service", "security": "Security"}
PATH = "apps/board/package-lock.json"
LADDER = ("rule", "codeowners", "service", "fallback")


def known(rule: bool, owners: bool, service: bool, **changes: object) -> Known:
    parts: dict[str, object] = {
        "rules": (Rule(1, "rules", path="/apps/**"),) if rule else (),
        "codeowners": "/apps/** @saltmarsh/owners" if owners else "",
        "handles": {},
        "team_names": NAMES,
        "service_team": "service" if service else "",
        "fallback": "security",
    }
    return Known(**{**parts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("rule", "codeowners", "service"), list(product([True, False], repeat=3)))
def test_the_first_step_that_knows_decides(rule: bool, codeowners: bool, service: bool) -> None:
    owner = decide_owner(Question("board", "saltmarsh/board", PATH), known(rule, codeowners, service))

    first = next(origin for origin, has in zip(LADDER, (rule, codeowners, service, True), strict=True) if has)
    team = {"rule": "rules", "codeowners": "owners", "service": "service", "fallback": "security"}[first]
    assert (owner.origin, owner.team) == (first, team)
    assert NAMES[team] in owner.rule


@pytest.mark.parametrize(("rule", "codeowners", "service"), list(product([True, False], repeat=3)))
def test_without_a_path_neither_rule_nor_codeowners_can_speak(rule: bool, codeowners: bool, service: bool) -> None:
    owner = decide_owner(Question("board", "saltmarsh/board"), known(rule, codeowners, service))

    assert owner.origin == ("service" if service else "fallback")


@pytest.mark.parametrize("stranger", ["@saltmarsh/strangers", "@nobody", "nobody@saltmarsh.example"])
@pytest.mark.parametrize("service", [True, False])
def test_codeowners_that_name_a_stranger_are_passed_over_and_the_stranger_is_named(stranger: str, service: bool) -> None:
    owner = decide_owner(Question("board", "r", PATH), known(False, True, service, codeowners=f"/apps/** {stranger}"))

    assert owner.origin == ("service" if service else "fallback")
    assert stranger in owner.rule


def test_a_line_without_owners_takes_the_path_away_from_codeowners() -> None:
    owner = decide_owner(Question("board", "r", PATH), known(False, True, True, codeowners="* @saltmarsh/owners\n/apps/**"))

    assert owner.origin == "service"


@pytest.mark.parametrize(
    ("rule", "question", "matches"),
    [
        (Rule(1, "t", service="board"), Question(service="board"), True),
        (Rule(1, "t", service="board"), Question(service="Board"), False),
        (Rule(1, "t", service="board"), Question(service="boards"), False),
        (Rule(1, "t", service="bo*"), Question(service="board"), True),
        (Rule(1, "t", service="b?ard"), Question(service="board"), True),
        (Rule(1, "t", service="board"), Question(), False),
        (Rule(1, "t", repo="saltmarsh/*"), Question(repo="saltmarsh/board"), True),
        (Rule(1, "t", repo="saltmarsh/*"), Question(repo="saltmarsh/a/b"), False),
        (Rule(1, "t", repo="saltmarsh/**"), Question(repo="saltmarsh/a/b"), True),
        (Rule(1, "t", repo="*"), Question(repo="saltmarsh/board"), False),
        (Rule(1, "t", path="/apps/**"), Question(path="apps/x"), True),
        (Rule(1, "t", path="/apps/**"), Question(path="/apps/x"), True),
        (Rule(1, "t", path="/apps/**"), Question(path="./apps/x"), True),
        (Rule(1, "t", path="/apps/**"), Question(path="lib/apps/x"), False),
        (Rule(1, "t", path="*.lock"), Question(path="deep/down/yarn.lock"), True),
        (Rule(1, "t", path="/apps/**"), Question(), False),
        (Rule(1, "t", service="board", path="/apps/**"), Question("board", "", "apps/x"), True),
        (Rule(1, "t", service="board", path="/apps/**"), Question("other", "", "apps/x"), False),
        (Rule(1, "t", service="board", path="/apps/**"), Question("board"), False),
        (Rule(1, "t", service="b.ard"), Question(service="board"), False),
        (Rule(1, "t", service="(board)"), Question(service="board"), False),
    ],
)
def test_what_a_rule_matches_as_a_table(rule: Rule, question: Question, matches: bool) -> None:
    assert rule_matches(rule, question) is matches


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_of_many_rules_the_last_that_matches_decides(hits: list[bool]) -> None:
    rules = tuple(Rule(number, f"team-{number}", path="/apps/**" if hit else "/lib/**") for number, hit in enumerate(hits, start=1))

    owner = decide_owner(Question(path=PATH), known(False, False, False, rules=rules))

    last = max((number for number, hit in enumerate(hits, start=1) if hit), default=0)
    assert owner.team == (f"team-{last}" if last else "security")


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=60), st.booleans(), st.booleans())
def test_whatever_is_asked_somebody_owns_it_and_a_sentence_says_why(service: str, repo: str, path: str, rule: bool, owners: bool) -> None:
    owner = decide_owner(Question(service, repo, path), known(rule, owners, False))

    assert owner.team in NAMES
    assert owner.rule.endswith(".")
    assert owner.service == service


@pytest.mark.parametrize("pattern", ["/a/**", "*.py", "/", "docs/", "a?b", "/über/**", "!x"])
def test_a_pattern_and_whether_it_can_be_used_agree(pattern: str) -> None:
    if pattern_trouble(pattern):
        with pytest.raises(Problem):
            check_codeowners(f"{pattern} @a/b")
    else:
        assert check_codeowners(f"{pattern} @a/b")


@pytest.mark.parametrize(
    ("pattern", "fine"),
    [
        ("", True),
        ("x" * limits.GLOB_CHARS, True),
        ("x" * (limits.GLOB_CHARS + 1), False),
        ("/".join(["**"] * limits.PATTERN_DEEP_STARS), True),
        ("/".join(["**"] * (limits.PATTERN_DEEP_STARS + 1)), False),
        ("a*b*c*", True),
        ("a*b*c*d*", False),
        ("a b", False),
        ("a\x00b", False),
        ("a\u202eb", False),
    ],
)
def test_the_limits_of_a_rules_pattern(pattern: str, fine: bool) -> None:
    if fine:
        assert check_glob(pattern, "rule[0].path") == pattern
        return
    with pytest.raises(Problem) as caught:
        check_glob(pattern, "rule[0].path")
    assert (caught.value.field, caught.value.status) == ("rule[0].path", 422)


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_line_of_codeowners_that_can_not_be_used_is_named_by_its_number(line: int) -> None:
    lines = ["* @a/b"] * 3
    lines[line - 1] = "a*b*c*d* @a/b"

    with pytest.raises(Problem) as caught:
        check_codeowners("\n".join(lines))
    assert f"Line {line} " in caught.value.detail


def test_lines_at_the_limit_are_read_and_one_more_is_refused() -> None:
    assert check_codeowners("\n".join(["#"] * limits.CODEOWNERS_LINES))
    with pytest.raises(Problem) as caught:
        check_codeowners("\n".join(["#"] * (limits.CODEOWNERS_LINES + 1)))
    assert caught.value.field == "codeowners"


# -- in the tables ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "team", "origin"),
    [
        ({"repo": "saltmarsh/berth-board", "path": "apps/x.lock"}, "berths", "codeowners"),
        ({"repo": "saltmarsh/berth-board", "path": "readme.md"}, "platform", "codeowners"),
        ({"repo": "saltmarsh/berth-board", "path": "mine.txt"}, "berths", "codeowners"),
        ({"repo": "saltmarsh/berth-board", "path": "odd/x"}, "berths", "service"),  # a repository of one service stands for it
        ({"service": "berth-board", "path": "odd/x"}, "berths", "service"),
        ({"service": "berth-board", "path": "free/x"}, "berths", "service"),
        ({"service": "berth-board"}, "berths", "service"),
        ({"service": "tide-feed"}, "platform", "service"),
        ({"service": "tide-feed", "path": ".github/workflows/ci.yml"}, "platform", "rule"),
        ({"repo": "saltmarsh/unheard-of", "path": "x"}, "security", "fallback"),
        ({"service": "unheard-of"}, "security", "fallback"),
        ({}, "security", "fallback"),
    ],
)
def test_the_small_companys_owners_as_a_table(company: None, asked: dict[str, str], team: str, origin: str) -> None:
    owner = queries.owner_of(**asked)

    assert (owner.team, owner.origin) == (team, origin)


def test_a_new_rule_at_the_end_of_the_file_takes_over(company: None) -> None:
    apply_roster('[[rule]]\nrepo = "saltmarsh/berth-board"\nteam = "security"', by=BY_TEST)

    owner = queries.owner_of(repo="saltmarsh/berth-board", path="apps/x.lock")
    assert (owner.team, owner.origin) == ("security", "rule")


def test_codeowners_read_anew_take_over_and_their_line_is_kept(company: None) -> None:
    import_codeowners("saltmarsh/berth-board", "\n\n* @saltmarsh/security\n", by=BY_TEST)

    owner = queries.owner_of(repo="saltmarsh/berth-board", path="apps/x.lock")
    assert (owner.team, owner.line) == ("security", 3)


@pytest.mark.parametrize("repo", ["", "   ", "has space/x"])
def test_a_repository_that_a_file_could_not_name_can_not_be_imported_either(company: None, repo: str) -> None:
    with pytest.raises(Problem) as caught:
        import_codeowners(repo, "* @saltmarsh/berths", by=BY_TEST)
    assert caught.value.field == "repo"


BOARD = Entity("component", "default", "board", "group:default/catalog")
FULL_LADDER = ("rule", "catalog", "codeowners", "service", "sbom", "fallback")
TEAM_OF = {"rule": "rules", "catalog": "catalog", "codeowners": "owners", "service": "service", "sbom": "sbom", "fallback": "security"}


@pytest.mark.parametrize("knowing", list(product([True, False], repeat=5)))
def test_all_six_steps_are_asked_in_order(knowing: tuple[bool, ...]) -> None:
    rule, catalog, owners, service, sbom = knowing
    near = NearCatalog("catalog-info.yaml", (BOARD,)) if catalog else None
    names = NAMES | {"catalog": "By catalog", "sbom": "By SBOM"}
    asked = Question("board", "saltmarsh/board", PATH, ("Nobody", "by sbom") if sbom else ())

    owner = decide_owner(asked, known(rule, owners, service, catalog=near, team_names=names))

    first = next(origin for origin, has in zip(FULL_LADDER, (*knowing, True), strict=True) if has)
    assert (owner.origin, owner.team) == (first, TEAM_OF[first])
    assert owner.service == "board"


@pytest.mark.parametrize(("said", "team"), [("By service", "service"), ("SERVICE", "service"), ("Alice@Saltmarsh.Example", "owners")])
def test_an_sbom_names_a_team_by_slug_or_name_or_a_person(said: str, team: str) -> None:
    owner = decide_owner(Question("", "", "bom.json", (said,)), known(False, False, False, handles={"alice@saltmarsh.example": "owners"}))

    assert (owner.origin, owner.team) == ("sbom", team)
    assert owner.rule == f"The SBOM `bom.json` names {said}, which is {NAMES[team]}."


def test_an_sbom_that_names_strangers_says_so_and_falls_to_security() -> None:
    owner = decide_owner(Question("", "", "bom.json", ("ACME", "x@acme.example")), known(False, False, False))

    assert owner.origin == "fallback"
    assert owner.rule.startswith("The SBOM names ACME, x@acme.example, whom the roster doesn't know. No rule names an owner")
