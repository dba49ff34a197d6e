"""Who owns it: the order of the steps, the last match, and patterns that would take for ever."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.roster import limits
from watchbill.roster.ownership import (
    Known,
    Question,
    Rule,
    check_codeowners,
    check_glob,
    decide_owner,
    pattern_trouble,
    read_codeowners,
    rule_matches,
)

CODEOWNERS = """# who looks after what
*                  @saltmarsh/platform
/apps/**           @saltmarsh/berths
/apps/pay/         @saltmarsh/payments
/docs/             @stranger @alice
/unknown/**        @saltmarsh/never-heard
/free/**
*.tf               @other-org/platform
"""
NAMES = {"berths": "Berths", "platform": "Platform", "payments": "Payments", "security": "Security"}
HANDLES = {"@saltmarsh/berths": "berths", "@saltmarsh/payments": "payments", "@alice": "berths"}


def known(*rules: Rule, codeowners: str = CODEOWNERS, service_team: str = "") -> Known:
    return Known(rules, codeowners, HANDLES, NAMES, service_team, "security")


def owner(path: str, *rules: Rule, service: str = "", service_team: str = "", codeowners: str = CODEOWNERS) -> tuple[str, str]:
    found = decide_owner(Question(service, "saltmarsh/board", path), known(*rules, codeowners=codeowners, service_team=service_team))
    return found.team, found.rule


def test_the_last_line_that_matches_decides() -> None:
    assert owner("apps/board/package-lock.json") == ("berths", "`/apps/**` belongs to Berths (CODEOWNERS, line 3).")
    assert owner("apps/pay/go.mod") == ("payments", "`/apps/pay/` belongs to Payments (CODEOWNERS, line 4).")


def test_a_team_is_known_by_its_short_name_under_any_organisation() -> None:
    assert owner("infra/main.tf") == ("platform", "`*.tf` belongs to Platform (CODEOWNERS, line 8).")


def test_the_line_is_stored_beside_the_sentence() -> None:
    found = decide_owner(Question(path="/apps/x"), known())
    assert (found.origin, found.line) == ("codeowners", 3)


def test_a_leading_slash_or_dot_makes_no_difference() -> None:
    assert owner("/apps/x") == owner("apps/x") == owner("./apps/x")


def test_the_first_owner_on_a_line_whom_the_roster_knows_counts() -> None:
    assert owner("docs/index.md")[0] == "berths"


def test_an_explicit_rule_goes_before_codeowners() -> None:
    team, sentence = owner("apps/board/x", Rule(1, "payments", path="/apps/board/**"))
    assert (team, sentence) == ("payments", "`/apps/board/**` belongs to Payments (ownership rule 1).")


def test_of_explicit_rules_the_last_that_matches_decides() -> None:
    assert (
        owner("apps/x", Rule(1, "payments", path="/apps/**"), Rule(2, "berths", path="/apps/**"), Rule(3, "platform", path="/b/**"))[0]
        == "berths"
    )


def test_every_pattern_of_a_rule_must_match() -> None:
    rule = Rule(1, "payments", service="pay-*", path="/apps/**")
    assert owner("apps/x", rule, service="pay-portal")[0] == "payments"
    assert owner("apps/x", rule, service="berth-board")[0] == "berths"


def test_a_rule_about_a_service_says_nothing_where_no_service_is_named() -> None:
    assert not rule_matches(Rule(1, "payments", service="*"), Question(path="x"))


def test_the_sentence_of_a_rule_names_all_its_patterns() -> None:
    rule = Rule(4, "platform", repo="saltmarsh/*", path="/ci/**")
    assert owner("ci/build.yml", rule)[1] == "`/ci/**` in `saltmarsh/*` belongs to Platform (ownership rule 4)."


def test_where_codeowners_is_silent_the_services_team_owns_it() -> None:
    found = owner("free/x", service="tide-feed", service_team="platform")
    assert found == ("platform", "The roster gives tide-feed to Platform.")


def test_an_owner_whom_the_roster_does_not_know_is_named_in_the_sentence() -> None:
    team, sentence = owner("unknown/x", service="tide-feed", service_team="platform")
    assert team == "platform"
    assert sentence.startswith("`/unknown/**` names @saltmarsh/never-heard (CODEOWNERS, line 6), whom the roster doesn't know. ")


def test_what_nobody_claims_goes_to_security_and_says_so() -> None:
    assert owner("x", codeowners="") == ("security", "No rule names an owner of `x` in `saltmarsh/board`, so it goes to Security.")


def test_a_question_about_nothing_goes_to_security() -> None:
    found = decide_owner(Question(), known())
    assert (found.team, found.origin, found.line) == ("security", "fallback", None)
    assert "an owner of this" in found.rule


def test_a_path_longer_than_any_real_one_is_nobodys_by_pattern() -> None:
    assert owner("a" * (limits.PATH_CHARS + 1))[0] == "security"
    assert owner("a" * limits.PATH_CHARS)[0] == "platform"


def test_a_name_pattern_stays_within_a_slash_unless_doubled() -> None:
    assert rule_matches(Rule(1, "t", repo="saltmarsh/*"), Question(repo="saltmarsh/x"))
    assert not rule_matches(Rule(1, "t", repo="*"), Question(repo="saltmarsh/x"))
    assert rule_matches(Rule(1, "t", repo="**"), Question(repo="saltmarsh/x"))
    assert rule_matches(Rule(1, "t", service="berth-boar?"), Question(service="berth-board"))


def test_letters_that_mean_something_to_regular_expressions_mean_themselves() -> None:
    assert not rule_matches(Rule(1, "t", service="a.c"), Question(service="abc"))
    assert rule_matches(Rule(1, "t", service="a+(b)"), Question(service="a+(b)"))


@given(service=st.text(max_size=8), repo=st.text(max_size=8), path=st.text(max_size=20))
def test_nothing_is_ever_unowned(service: str, repo: str, path: str) -> None:
    found = decide_owner(Question(service, repo, path), known(Rule(1, "payments", path="/x/**")))
    assert found.team in NAMES
    assert found.rule


# ---- files from outside


def test_a_good_file_passes_and_reads_by_line() -> None:
    assert check_codeowners(CODEOWNERS) == CODEOWNERS
    assert read_codeowners(CODEOWNERS).matching_line("apps/pay/x")[1] == 4


def test_sections_and_comments_are_not_patterns() -> None:
    assert check_codeowners("[Section][2]\n^[Optional]\n# a [b\n\n* @x\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/a[b @x", "Line 2"),
        ("a*b*c*d*e @x", "between two slashes"),
        ("/**/a/**/b/**/c/**/ @x", "in one pattern"),
        ("/a\u202eb @x", "can't be seen"),
        ("/a\x1b[2J @x", "can't be seen"),
        ("x" * (limits.PATH_CHARS + 1) + " @x", "longer than"),
    ],
)
def test_a_line_that_can_not_be_used_is_named(line: str, told: str) -> None:
    with pytest.raises(Problem) as refused:
        check_codeowners(f"* @saltmarsh/platform\n{line}\n", "repo[0].codeowners")
    assert refused.value.field == "repo[0].codeowners"
    assert "Line 2" in refused.value.detail
    assert told in refused.value.detail


def test_a_file_of_the_largest_size_is_taken_and_a_larger_one_refused() -> None:
    line = "* @x\n"
    assert check_codeowners(line * (limits.CODEOWNERS_LINES - 1))
    with pytest.raises(Problem, match="too large"):
        check_codeowners(line * limits.CODEOWNERS_LINES)
    with pytest.raises(Problem, match="too large"):
        check_codeowners("#" * (limits.CODEOWNERS_BYTES + 1))


def test_the_worst_pattern_allowed_is_still_matched_soon() -> None:
    """What is let in must not take for ever; a pattern with many stars in one part would."""
    worst = "/" + "*a" * limits.PATTERN_STARS + "b"
    assert not pattern_trouble(worst)
    begun = time.process_time()
    for _ in range(3):
        read_codeowners(f"{worst} @x").matching_line("a" * 250)
    assert time.process_time() - begun < 5


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    try:
        check_codeowners(text)
    except Problem:
        return
    read_codeowners(text).matching_line("a/b")


@pytest.mark.parametrize("pattern", ["a b", "x\n", "[", "*" * 4 + "a", "g" * (limits.GLOB_CHARS + 1)])
def test_a_pattern_of_a_rule_that_can_not_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(Problem) as told:
        check_glob(pattern, "rule[1].path")
    assert told.value.field == "rule[1].path"


@pytest.mark.parametrize("pattern", ["", "/apps/**", "berth-*", "g" * limits.GLOB_CHARS])
def test_a_pattern_of_a_rule_that_can_be_used_is_taken(pattern: str) -> None:
    assert check_glob(pattern, "rule[1].path") == pattern


def test_a_pattern_for_everything_is_said_as_everything_in_the_repository() -> None:
    found = decide_owner(
        Question(repo="saltmarsh/kiosk", path="a/b"), Known((), "* @saltmarsh/berths", {}, {"berths": "Berths"}, "", "security")
    )
    assert found.rule == "Everything in saltmarsh/kiosk belongs to Berths (CODEOWNERS, line 1)."


def test_every_sentence_of_ownership_ends_in_a_full_stop() -> None:
    for path, service_team in (("apps/x", ""), ("free/x", "platform"), ("unknown/x", ""), ("", "")):
        assert owner(path, service="tide-feed", service_team=service_team)[1].endswith(".")
