"""An incident from the cord to standing down: who may do what, what is on record and what is not, and each deed once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.company import ALICE, BOB, CHARLIE, JUN, MIRA, Company, person
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.loop import run_turns
from watchbill.base.models import News
from watchbill.base.problem import Problem
from watchbill.base.trail import TrailEvent, events
from watchbill.cases.incidents import queries, services
from watchbill.cases.incidents.codenames import FIRST, SECOND, codename
from watchbill.cases.incidents.models import Responder
from watchbill.cases.limits import INCIDENT_CHARS, RESPONDERS, TIMELINE_CHARS
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.roster import queries as roster
from watchbill.roster.services import set_active, set_role

SAID = "Odd logins on db3 since lunch"
ROLES = {"viewer": CHARLIE, "engineer": JUN, "security": BOB, "admin": MIRA}


def pulled(by: str = ALICE, text: str = SAID) -> int:
    return services.start_incident(text, person(by), roster.person(by).id).id


def told(number: int) -> list[TrailEvent]:
    return [event for event in reversed(events(limit=1000)) if event.target == f"incident:{number}"]


def news(number: int) -> list[str]:
    return list(News.objects.filter(subject=f"incident:{number}", topic__startswith="incident.").values_list("topic", flat=True))


def lines(number: int, viewer: str = BOB) -> list[queries.LogLine]:
    return list(queries.incident(number, roster.person(viewer)).lines)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_pull_the_cord_and_reads_what_they_started(saltmarsh: Company, role: str):
    number = pulled(ROLES[role])

    assert queries.incident(number, roster.person(ROLES[role])).text == SAID
    assert [event.actor for event in told(number) if event.action == "incident.started"] == [ROLES[role]]


@pytest.mark.parametrize(
    "by",
    [
        SYSTEM,
        Actor("reporter", "stranger@elsewhere.example", "web"),
        Actor("token", ALICE, "api"),
        Actor("link", "", "web"),
        Actor("person", "x" * 400, "web"),
    ],
)
def test_no_door_refuses_the_cord(saltmarsh: Company, by: Actor):
    started = services.start_incident(SAID, by, None)

    assert queries.incident(started.id, roster.person(BOB)).text == SAID
    assert len(saltmarsh.rings()) == 1


def test_a_person_number_that_is_nobodys_refuses_nothing(saltmarsh: Company):
    started = services.start_incident(SAID, person(ALICE), 4711)

    assert [one.email for one in queries.incident(started.id, roster.person(BOB)).responders] == [BOB]


def test_who_was_deactivated_may_still_pull_it_and_reads_nothing(saltmarsh: Company):
    ident = roster.person(JUN).id
    set_active(JUN, active=False, by=person(MIRA))

    number = services.start_incident(SAID, person(JUN), ident).id

    with pytest.raises(Problem) as caught:
        queries.incident(number, roster.person(JUN))
    assert caught.value.status == 404
    assert len(saltmarsh.rings()) == 1


def test_one_event_and_one_piece_of_news_for_the_start(saltmarsh: Company):
    number = pulled()

    assert Counter(event.action for event in told(number)) == {"incident.started": 1}
    assert news(number) == ["incident.started"]


@pytest.mark.parametrize(
    ("deed", "action"),
    [
        (lambda number: services.say(number, "The key belongs to the backup job.", person(BOB)), "incident.said"),
        (lambda number: services.bring_in(number, JUN, person(BOB)), "incident.brought_in"),
        (lambda number: services.stand_down(number, person(BOB)), "incident.closed"),
    ],
)
def test_each_deed_is_one_event_in_the_name_of_who_did_it(saltmarsh: Company, deed: Callable[[int], None], action: str):
    number = pulled()

    deed(number)

    (event,) = [one for one in told(number) if one.action == action]
    assert (event.actor, event.actor_kind, event.source) == (BOB, "person", "web")


@pytest.mark.parametrize(
    ("deed", "action"),
    [
        (lambda number: services.bring_in(number, JUN, person(BOB)), "incident.brought_in"),
        (lambda number: services.stand_down(number, person(BOB)), "incident.closed"),
    ],
)
def test_done_twice_it_stands_once(saltmarsh: Company, deed: Callable[[int], None], action: str):
    number = pulled()
    deed(number)
    before = (len(told(number)), lines(number), news(number))

    deed(number)

    assert (len(told(number)), lines(number), news(number)) == before
    assert sum(event.action == action for event in told(number)) == 1


def test_saying_the_same_twice_is_two_lines(saltmarsh: Company):
    number = pulled()

    services.say(number, "Still looking.", person(BOB))
    services.say(number, "Still looking.", person(BOB))

    assert [line.text for line in lines(number)].count("Still looking.") == 2


OUTSIDERS = [person(JUN), person(CHARLIE), Actor("reporter", BOB, "web"), SYSTEM, person("stranger@elsewhere.example")]
VERBS: dict[str, Callable[[int, Actor], None]] = {
    "say": lambda number, by: services.say(number, "Let me in", by),
    "bring in": lambda number, by: services.bring_in(number, JUN, by),
    "stand down": services.stand_down,
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("by", OUTSIDERS, ids=lambda by: f"{by.kind}-{by.name}")
def test_to_whoever_is_not_in_it_does_not_exist(saltmarsh: Company, verb: str, by: Actor):
    number = pulled()
    before = len(told(number))

    with pytest.raises(Problem) as caught:
        VERBS[verb](number, by)

    assert (caught.value.code, caught.value.status) == ("not_found", 404)
    assert len(told(number)) == before


@pytest.mark.parametrize("verb", VERBS)
def test_the_answer_for_a_secret_one_and_for_none_is_the_same(saltmarsh: Company, verb: str):
    number = pulled()

    with pytest.raises(Problem) as secret:
        VERBS[verb](number, person(JUN))
    with pytest.raises(Problem) as none:
        VERBS[verb](4711, person(JUN))

    assert secret.value.detail.replace(str(number), "N") == none.value.detail.replace("4711", "N")
    assert secret.value.as_dict().keys() == none.value.as_dict().keys()


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("engineer", False), ("security", True), ("admin", True)])
def test_who_may_stand_down_among_those_who_are_in(saltmarsh: Company, role: str, may: bool):
    number = pulled()
    if role in ("viewer", "engineer"):
        services.bring_in(number, ROLES[role], person(BOB))

    if may:
        services.stand_down(number, person(ROLES[role]))
    else:
        with pytest.raises(Problem) as caught:
            services.stand_down(number, person(ROLES[role]))
        assert (caught.value.code, caught.value.status) == ("forbidden", 403)

    assert queries.incident(number, roster.person(BOB)).state == ("closed" if may else "open")


def test_a_responder_keeps_reading_after_losing_the_security_role(saltmarsh: Company):
    number = pulled()  # Bob was paged, so he is in
    set_role(BOB, "viewer", by=person(MIRA))

    assert queries.incident(number, roster.person(BOB)).text == SAID


def test_security_that_was_never_brought_in_stops_reading_with_the_role(saltmarsh: Company):
    number = pulled()
    set_role(JUN, "security", by=person(MIRA))
    assert queries.incident(number, roster.person(JUN)).text == SAID

    set_role(JUN, "engineer", by=person(MIRA))

    with pytest.raises(Problem):
        queries.incident(number, roster.person(JUN))


def test_somebody_unknown_can_not_be_brought_in(saltmarsh: Company):
    number = pulled()

    with pytest.raises(Problem) as caught:
        services.bring_in(number, "nobody@saltmarsh.example", person(BOB))
    assert caught.value.status == 404
    assert len(queries.incident(number, roster.person(BOB)).responders) == 2


def test_whoever_is_brought_in_may_bring_in_the_next(saltmarsh: Company):
    number = pulled()
    services.bring_in(number, JUN, person(ALICE))

    services.bring_in(number, CHARLIE, person(JUN))

    assert [one.email for one in queries.incident(number, roster.person(CHARLIE)).responders] == [ALICE, BOB, JUN, CHARLIE]


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x07", "\u200b"])
def test_nothing_said_is_refused_at_the_text_and_writes_nothing(saltmarsh: Company, text: str):
    number = pulled()

    with pytest.raises(Problem) as caught:
        services.say(number, text, person(BOB))
    assert (caught.value.code, caught.value.field) == ("invalid", "text")
    assert len(lines(number)) == 2


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a\x1b[2Jb", "x\r\ny", "\u202etxet", "'; DROP TABLE incidents;--"])
def test_a_hostile_sentence_is_one_printable_line(saltmarsh: Company, text: str):
    number = pulled(text=text)
    services.say(number, text, person(BOB))

    assert queries.incident(number, roster.person(BOB)).text.isprintable()
    assert all(line.text.isprintable() for line in lines(number))


def test_a_very_long_sentence_starts_it_all_the_same(saltmarsh: Company):
    number = pulled(text="help " * 100_000)

    assert len(queries.incident(number, roster.person(BOB)).text) <= INCIDENT_CHARS
    assert all(len(line.text) <= TIMELINE_CHARS for line in lines(number))


def test_the_log_stands_in_the_order_of_time(saltmarsh: Company):
    number = pulled()
    for minute in range(3):
        saltmarsh.later(minutes=1)
        services.say(number, f"minute {minute}", person(BOB))

    times = [line.at for line in lines(number)]
    assert times == sorted(times)
    assert [line.text for line in lines(number)][-3:] == ["minute 0", "minute 1", "minute 2"]


def test_nobody_answering_is_in_the_log_once(saltmarsh: Company):
    number = pulled()

    for _ in range(60):
        saltmarsh.later(minutes=5)
        run_turns()

    assert [line.kind for line in lines(number)].count("page") == 3  # the cord, whom it paged, and that nobody answered


def test_the_bells_news_told_again_adds_no_line(saltmarsh: Company):
    number = pulled()
    services.answered(number, roster.person(JUN).id, "Jun Park", 77, acknowledged=True)
    before = lines(number)

    services.answered(number, roster.person(JUN).id, "Jun Park", 77, acknowledged=True)

    assert lines(number) == before


def test_news_of_an_incident_that_is_none_changes_nothing(saltmarsh: Company):
    services.answered(4711, roster.person(JUN).id, "Jun Park", 78, acknowledged=True)

    assert not Responder.objects.exists()


def test_standing_down_resolves_its_own_alert_and_no_other(saltmarsh: Company):
    first, second = pulled(), pulled()

    services.stand_down(first, person(BOB))

    assert [alert.subject for alert in saltmarsh.rings()] == [f"incident:{second}"]


def test_after_standing_down_the_log_is_still_open_to_words(saltmarsh: Company):
    number = pulled()
    services.stand_down(number, person(BOB))

    services.say(number, "Found out more the day after.", person(ALICE))

    assert lines(number)[-1].text == "Found out more the day after."
    assert saltmarsh.rings() == []


def test_open_ones_stand_first_and_the_newest_first_of_all(saltmarsh: Company):
    numbers = []
    for _ in range(3):
        saltmarsh.later(minutes=1)
        numbers.append(pulled())
    services.stand_down(numbers[2], person(BOB))

    assert [row.id for row in queries.incidents(roster.person(BOB))] == [numbers[1], numbers[0], numbers[2]]
    assert queries.open_count(roster.person(BOB)) == 2
    assert queries.open_count(None) == 0
    assert queries.incidents(None) == ()


def test_a_list_shows_at_most_what_was_asked_for(saltmarsh: Company):
    for _ in range(3):
        pulled()

    assert len(queries.incidents(roster.person(BOB), limit=2)) == 2


def test_the_alerts_of_all_incidents_are_known_as_private(saltmarsh: Company):
    number = pulled()
    alert = paging.alert_for(f"incident:{number}")

    assert alert is not None
    assert queries.alert_ids() == {alert.id}


def test_at_the_limit_of_responders_the_next_is_not_brought_in(saltmarsh: Company, monkeypatch: pytest.MonkeyPatch):
    number = pulled()
    monkeypatch.setattr(services, "RESPONDERS", 2)

    services.bring_in(number, JUN, person(BOB))

    assert len(queries.incident(number, roster.person(BOB)).responders) == 2
    assert RESPONDERS >= 100


def test_at_night_and_at_the_weekend_it_pages_at_once(saltmarsh: Company):
    saltmarsh.clock.set(saltmarsh.clock.now().replace(day=28, hour=3))  # a Saturday night

    number = pulled()

    alert = paging.alert_for(f"incident:{number}")
    assert alert is not None
    assert {page.due for page in paging.pages(alert.id)} == {saltmarsh.clock.now()}


def test_acknowledging_closes_nothing(saltmarsh: Company):
    number = pulled()
    alert = paging.alert_for(f"incident:{number}")
    assert alert is not None

    bell.acknowledge(alert.id, by=person(BOB), person_id=roster.person(BOB).id, channel="desk")
    saltmarsh.later(seconds=1)
    run_turns()

    assert queries.incident(number, roster.person(BOB)).state == "open"
    assert saltmarsh.rings()[0].state == "acknowledged"


@given(st.integers(0, 2**64))
def test_a_codename_says_nothing_but_its_two_words(seed: int):
    first, second = codename(seed, ()).split()

    assert first.lower() in FIRST
    assert second.lower() in SECOND


def test_no_word_stands_in_both_lists_or_twice():
    assert len({*FIRST, *SECOND}) == len(FIRST) + len(SECOND)


def test_since_when_somebody_is_in_is_kept(saltmarsh: Company):
    number = pulled()
    saltmarsh.later(hours=2)
    services.bring_in(number, JUN, person(BOB))

    since = dict(Responder.objects.values_list("person__email", "since"))
    assert since[JUN] - since[ALICE] == timedelta(hours=2)
