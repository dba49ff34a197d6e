"""Anyone pulls the cord with one sentence; security is paged now; nobody else learns what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.company import ALICE, BOB, CHARLIE, JUN, MIRA, Company, person
from watchbill.base.acting import Actor
from watchbill.base.loop import run_turns
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.cases.incidents import queries, services
from watchbill.cases.incidents.codenames import FIRST, SECOND, codename
from watchbill.cases.incidents.rules import NO_WORDS, may_read, sentence
from watchbill.cases.limits import INCIDENT_CHARS
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.roster import queries as roster

SAID = "Odd logins on db3 since lunch"


def pulled(by: str = ALICE, text: str = SAID) -> int:
    return services.start_incident(text, person(by), roster.person(by).id).id


def test_one_sentence_starts_it_and_pages_the_security_watch_now(saltmarsh: Company):
    number = pulled()

    alert = paging.alert_for(f"incident:{number}")
    assert alert is not None
    assert (alert.decision, alert.team, alert.link) == ("now", "security", f"/incidents/{number}/")
    assert {page.person for page in paging.pages(alert.id)} == {"Bob Lindqvist"}


def test_a_viewer_may_pull_it_too(saltmarsh: Company):
    number = pulled(CHARLIE)

    assert queries.incident(number, roster.person(CHARLIE)).started_by == "Charlie Outside"


def test_somebody_without_an_account_may_pull_it(saltmarsh: Company):
    started = services.start_incident(SAID, Actor("reporter", "a caller", "cli"), None)

    assert queries.incident(started.id, roster.person(BOB)).started_by == "a caller"


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00\x1b"])
def test_the_cord_works_without_words(saltmarsh: Company, text: str):
    number = pulled(text=text)

    assert queries.incident(number, roster.person(ALICE)).text == NO_WORDS


def test_it_is_never_limited(saltmarsh: Company):
    numbers = {pulled(CHARLIE) for _ in range(15)}

    assert len(numbers) == len(saltmarsh.rings()) == 15


def test_every_incident_has_a_codename_of_its_own(saltmarsh: Company):
    for _ in range(15):
        pulled()

    names = [row.codename for row in queries.incidents(roster.person(ALICE))]
    assert len(set(names)) == 15


def test_what_was_said_is_neither_in_the_trail_nor_in_the_alert(saltmarsh: Company):
    number = pulled()

    trail = [str(event) for event in events(limit=1000)]
    alert = paging.alert_for(f"incident:{number}")
    assert not any("logins" in text for text in trail)
    assert alert is not None
    assert "logins" not in str(alert)
    assert not any("logins" in line.text for line in paging.log(alert.id))


def test_only_those_who_are_in_and_security_know_of_it(saltmarsh: Company):
    number = pulled()

    for who in (ALICE, BOB, MIRA):
        assert queries.incident(number, roster.person(who)).text == SAID
    for who in (JUN, CHARLIE):
        with pytest.raises(Problem, match="No such incident"):
            queries.incident(number, roster.person(who))
        assert queries.incidents(roster.person(who)) == ()
        assert queries.open_count(roster.person(who)) == 0
    with pytest.raises(Problem):
        queries.incident(number, None)


def test_the_log_begins_by_itself(saltmarsh: Company):
    lines = queries.incident(pulled(), roster.person(ALICE)).lines

    assert [line.text for line in lines] == [f"Alice Duarte pulled the cord: \u201c{SAID}\u201d", "Paged Bob Lindqvist"]


def test_who_acknowledges_is_in_and_stands_in_the_log(saltmarsh: Company):
    number = pulled()
    alert = paging.alert_for(f"incident:{number}")
    assert alert is not None

    bell.acknowledge(alert.id, by=person(JUN), person_id=roster.person(JUN).id, channel="desk")
    run_turns()
    run_turns()

    incident = queries.incident(number, roster.person(JUN))
    assert "Jun Park" in [one.name for one in incident.responders]
    assert [line.text for line in incident.lines].count("Jun Park acknowledged") == 1


def test_responders_write_to_the_log(saltmarsh: Company):
    number = pulled()

    services.say(number, "The key belongs to the old backup job.", person(BOB))

    line = queries.incident(number, roster.person(ALICE)).lines[-1]
    assert (line.kind, line.who, line.text) == ("said", "Bob Lindqvist", "The key belongs to the old backup job.")


def test_who_is_not_in_can_not_write(saltmarsh: Company):
    with pytest.raises(Problem, match="No such incident"):
        services.say(pulled(), "Let me in", person(JUN))


def test_somebody_who_is_brought_in_may_read(saltmarsh: Company):
    number = pulled()

    services.bring_in(number, JUN, person(BOB))

    assert queries.incident(number, roster.person(JUN)).text == SAID


def test_security_stands_down_and_the_bell_is_quiet(saltmarsh: Company):
    number = pulled()

    services.stand_down(number, person(BOB))
    services.stand_down(number, person(BOB))

    assert (queries.incident(number, roster.person(ALICE)).state, saltmarsh.rings()) == ("closed", [])
    assert queries.open_count(roster.person(BOB)) == 0


def test_who_pulled_the_cord_does_not_stand_down(saltmarsh: Company):
    with pytest.raises(Problem, match="Not allowed"):
        services.stand_down(pulled(), person(ALICE))


def test_nobody_on_watch_is_said_and_somebody_is_paged_all_the_same(saltmarsh: Company):
    saltmarsh.clock.set(saltmarsh.clock.now().replace(year=2025))  # before anybody's first shift

    number = pulled()

    incident = queries.incident(number, roster.person(ALICE))
    assert incident.lines[-1].text == "Paged the security team: nobody is on watch"
    assert len(saltmarsh.rings()) == 1


def test_a_sentence_at_the_limit_is_whole_and_a_longer_one_is_cut_and_says_so():
    assert sentence("x" * INCIDENT_CHARS) == "x" * INCIDENT_CHARS
    cut = sentence("x" * (INCIDENT_CHARS + 1))
    assert len(cut) <= INCIDENT_CHARS
    assert cut.endswith("(cut short)")


@given(st.text(max_size=3_000))
def test_any_text_is_one_printable_line(text: str):
    plain = sentence(text)

    assert plain.isprintable()
    assert 0 < len(plain) <= INCIDENT_CHARS


@given(st.integers(0, 2**64), st.integers(0, 50))
def test_a_codename_is_never_given_twice(seed: int, count: int):
    taken: set[str] = set()
    for _ in range(count):
        name = codename(seed, taken)
        assert name not in taken
        taken.add(name)


def test_codenames_do_not_run_out():
    taken = {f"{one.capitalize()} {two.capitalize()}" for one in FIRST for two in SECOND}

    assert len(taken) == len(FIRST) * len(SECOND) >= 4_000
    assert codename(0, taken).endswith(" 2")
    assert codename(0, taken | {codename(0, taken)}).endswith(" 3")


@pytest.mark.parametrize(
    ("who", "role", "expected"), [(1, "viewer", True), (2, "engineer", False), (2, "security", True), (2, "admin", True)]
)
def test_who_may_read(who: int, role: str, expected: bool):
    assert may_read(who, role, {1}) is expected
    assert not may_read(None, role, {1})


def told_once(text: str, key: str, by: str = ALICE) -> int:
    return services.start_incident(text, person(by), roster.person(by).id, key=key).id


def test_the_same_sentence_under_the_same_key_is_the_same_incident_and_pages_nobody_again(saltmarsh: Company):
    first = told_once(SAID, "phone-1")
    alert = paging.alert_for(f"incident:{first}")
    assert alert is not None
    before = len(paging.pages(alert.id))

    assert told_once(SAID, "phone-1") == first
    assert len(paging.pages(alert.id)) == before
    assert len(events(action="incident.started")) == 1


def test_another_sentence_under_a_used_key_is_never_refused(saltmarsh: Company):
    assert told_once(SAID, "phone-1") != told_once("Now db4 too", "phone-1")


def test_a_key_is_its_senders_own(saltmarsh: Company):
    assert told_once(SAID, "phone-1") != told_once(SAID, "phone-1", BOB)


def test_without_a_key_each_pull_is_its_own_incident(saltmarsh: Company):
    assert pulled() != pulled()
