"""Each verb leaves exactly one line in the story and one piece of news, in the name of whoever did it; doing it again leaves none."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cases.company import ALICE, BOB, MIRA, Company, person, quiet, seen
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.models import News
from watchbill.base.problem import Problem
from watchbill.base.trail import TrailEvent, events
from watchbill.cases.findings import queries, services

REASON = "Only the harbour office reaches it until May."
ALICE_BY_TOKEN = Actor("token", ALICE, "api")


class Ears:
    """What was told since they were put up: events and news about findings and scans."""

    def __init__(self) -> None:
        self.seq = max((event.seq for event in events(limit=1)), default=0)
        self.news_id = News.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def events(self, rooms: tuple[str, ...] = ("finding.", "scan.")) -> list[TrailEvent]:
        return [event for event in reversed(events(limit=1000)) if event.seq > self.seq and event.action.startswith(rooms)]

    def actions(self) -> list[str]:
        return [event.action for event in self.events()]

    def news(self) -> list[tuple[str, str]]:
        rows = News.objects.filter(pk__gt=self.news_id).order_by("pk").exclude(topic__startswith="paging.")
        return [(row.topic, row.subject) for row in rows]

    def bodies(self) -> list[dict[str, object]]:
        rows = News.objects.filter(pk__gt=self.news_id).order_by("pk").exclude(topic__startswith="paging.")
        return [json.loads(row.body) for row in rows]


def until(saltmarsh: Company, days: int = 10):
    return saltmarsh.clock.now() + timedelta(days=days)


def asked(saltmarsh: Company, number: int) -> int:
    return services.accept_risk(number, REASON, until(saltmarsh), by=person(ALICE))


def signed(saltmarsh: Company, number: int) -> int:
    request = asked(saltmarsh, number)
    services.sign_acceptance(request, by=person(BOB))
    return request


Deed = tuple[Callable[[Company, int], object], Callable[[Company, int, object, Actor], object], str, str, str]

# verb: (what comes before, what is done, who does it, the action on record, the topic of its news)
DEEDS: dict[str, Deed] = {
    "take": (lambda c, n: None, lambda c, n, p, by: services.take(n, by=by), ALICE, "finding.taken", "finding.taken"),
    "assign": (
        lambda c, n: None,
        lambda c, n, p, by: services.assign(n, "platform", by=by),
        ALICE,
        "finding.assigned",
        "finding.assigned",
    ),
    "claim_fix": (lambda c, n: None, lambda c, n, p, by: services.claim_fix(n, by=by), ALICE, "finding.fix_claimed", "verification_wanted"),
    "accept_risk": (
        lambda c, n: None,
        lambda c, n, p, by: services.accept_risk(n, REASON, until(c), by=by),
        ALICE,
        "finding.accept_asked",
        "finding.signature_wanted",
    ),
    "not_affected": (
        lambda c, n: None,
        lambda c, n, p, by: services.not_affected(n, REASON, by=by),
        ALICE,
        "finding.not_affected_asked",
        "finding.signature_wanted",
    ),
    "sign": (asked, lambda c, n, p, by: services.sign_acceptance(p, by=by), BOB, "finding.accepted", "finding.accepted"),
    "turn down": (
        asked,
        lambda c, n, p, by: services.reject_acceptance(p, by=by),
        BOB,
        "finding.request_rejected",
        "finding.request_rejected",
    ),
    "retire": (lambda c, n: None, lambda c, n, p, by: services.retire(n, REASON, by=by), BOB, "finding.retired", "finding.retired"),
    "withdraw": (
        lambda c, n: None,
        lambda c, n, p, by: services.withdraw_advisories(["CVE-2025-55182"], by=by),
        BOB,
        "finding.withdrawn",
        "finding.withdrawn",
    ),
}


@pytest.mark.parametrize("verb", DEEDS)
def test_one_event_in_the_name_of_who_did_it(saltmarsh: Company, verb: str):
    before, do, who, action, _topic = DEEDS[verb]
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    prepared = before(saltmarsh, number)
    ears = Ears()

    do(saltmarsh, number, prepared, person(who))

    (event,) = [one for one in ears.events() if one.action == action]
    assert (event.actor, event.actor_kind, event.source) == (who, "person", "web")
    assert event.target == f"finding:{number}"
    assert event.body["text"]


@pytest.mark.parametrize("verb", DEEDS)
def test_one_piece_of_news_with_state_decision_service_and_team(saltmarsh: Company, verb: str):
    before, do, who, _action, topic = DEEDS[verb]
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    prepared = before(saltmarsh, number)
    ears = Ears()

    do(saltmarsh, number, prepared, person(who))

    assert ears.news() == [(topic, f"finding:{number}")]
    (body,) = ears.bodies()
    finding = saltmarsh.only()
    assert (body["state"], body["decision"], body["service"], body["team"]) == (
        finding.state,
        finding.decision,
        finding.service,
        finding.team,
    )


@pytest.mark.parametrize("verb", ["take", "assign", "claim_fix"])
def test_doing_it_again_leaves_no_second_line_and_no_second_news(saltmarsh: Company, verb: str):
    _before, do, who, _action, _topic = DEEDS[verb]
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    do(saltmarsh, number, None, person(who))
    ears = Ears()

    do(saltmarsh, number, None, person(who))

    assert (ears.actions(), ears.news()) == ([], [])


@pytest.mark.parametrize("verb", ["accept_risk", "not_affected", "sign", "turn down", "retire"])
def test_where_again_is_impossible_it_is_refused_and_leaves_nothing(saltmarsh: Company, verb: str):
    before, do, who, _action, _topic = DEEDS[verb]
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    prepared = before(saltmarsh, number)
    do(saltmarsh, number, prepared, person(who))
    ears = Ears()

    with pytest.raises(Problem) as caught:
        do(saltmarsh, number, prepared, person(who))

    assert caught.value.status == 409
    assert (ears.actions(), ears.news()) == ([], [])


def test_withdrawing_again_withdraws_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.withdraw_advisories(["CVE-2025-55182"], by=SYSTEM)
    ears = Ears()

    assert services.withdraw_advisories(["CVE-2025-55182", "CVE-2025-55182"], by=SYSTEM) == ()
    assert (ears.actions(), ears.news()) == ([], [])


def test_a_token_stands_in_the_story_as_a_token_with_its_door(saltmarsh: Company):
    saltmarsh.scan(seen())
    ears = Ears()

    services.claim_fix(saltmarsh.only().id, by=ALICE_BY_TOKEN)

    (event,) = ears.events()
    assert (event.actor, event.actor_kind, event.source) == (ALICE, "token", "api")


def test_a_first_sight_tells_the_scan_and_the_opening_once_each(saltmarsh: Company):
    ears = Ears()

    saltmarsh.scan(seen(), key="nightly")

    assert Counter(ears.actions()) == {"scan.recorded": 1, "finding.opened": 1}
    assert ("finding.opened", f"finding:{saltmarsh.only().id}") in ears.news()
    (opened,) = [event for event in ears.events() if event.action == "finding.opened"]
    assert opened.ref == "scan:nightly"


def test_the_opening_keeps_every_answer_it_was_decided_on(saltmarsh: Company):
    ears = Ears()

    saltmarsh.scan(seen())

    (opened,) = [event for event in ears.events() if event.action == "finding.opened"]
    assert (opened.body["decision"], opened.body["outcome"]) == ("now", "immediate")
    assert [line.split(":")[0] for line in opened.body["inputs"]] == ["exploitation", "exposure", "automatable", "human_impact"]


def test_an_opening_brought_by_a_person_is_watchbills_conclusion_and_the_scan_is_theirs(saltmarsh: Company):
    ears = Ears()

    saltmarsh.scan(seen(), by=ALICE_BY_TOKEN)

    by_action = {event.action: event for event in ears.events()}
    assert (by_action["scan.recorded"].actor, by_action["scan.recorded"].actor_kind) == (ALICE, "token")
    assert (by_action["finding.opened"].actor_kind, by_action["finding.opened"].source) == ("system", "api")


def test_what_nobody_owns_tells_a_second_line_and_second_news(saltmarsh: Company):
    ears = Ears()

    saltmarsh.scan(quiet(1), service="", repo="saltmarsh/orphan")

    assert Counter(ears.actions())["finding.unowned"] == 1
    assert ("finding.unowned", f"finding:{saltmarsh.only().id}") in ears.news()


def test_a_proof_is_one_line_and_one_piece_of_news_and_watchbills_own(saltmarsh: Company):
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    ears = Ears()

    saltmarsh.later(minutes=5).scan(by=ALICE_BY_TOKEN)

    (fixed,) = [event for event in ears.events() if event.action == "finding.fixed"]
    assert (fixed.actor_kind, fixed.actor) == ("system", SYSTEM.name)
    assert ears.news() == [("finding.fixed", f"finding:{number}")]


def test_coming_back_is_one_line_and_one_piece_of_news(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan()
    ears = Ears()

    saltmarsh.later(minutes=5).scan(seen())

    assert Counter(ears.actions())["finding.reopened"] == 1
    assert [topic for topic, _ in ears.news()].count("finding.reopened") == 1


def test_a_persons_reopening_is_one_line_in_their_name(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan()
    ears = Ears()

    services.reopen(saltmarsh.only().id, "It still answers as before.", by=person(ALICE))

    (event,) = [one for one in ears.events() if one.action == "finding.reopened"]
    assert event.actor == ALICE
    assert [topic for topic, _ in ears.news()].count("finding.reopened") == 1


def test_security_s_own_not_affected_tells_the_request_and_the_closing(saltmarsh: Company):
    saltmarsh.scan(seen())
    ears = Ears()

    services.not_affected(saltmarsh.only().id, REASON, by=person(BOB))

    assert Counter(ears.actions()) == {"finding.not_affected_asked": 1, "finding.not_affected": 1}


def test_an_end_of_an_acceptance_is_watchbills_own_deed(saltmarsh: Company):
    saltmarsh.scan(seen())
    signed(saltmarsh, saltmarsh.only().id)
    saltmarsh.later(days=11)
    ears = Ears()

    services.expire_due(saltmarsh.clock.now())

    (event,) = [one for one in ears.events() if one.action == "finding.acceptance_expired"]
    assert (event.actor, event.actor_kind) == (SYSTEM.name, "system")
    assert [topic for topic, _ in ears.news()].count("finding.reopened") == 1


def test_the_same_scan_again_tells_nobody_anything(saltmarsh: Company):
    saltmarsh.scan(seen(), key="nightly")
    ears = Ears()

    saltmarsh.scan(seen(), key="nightly")

    assert (ears.actions(), ears.news()) == ([], [])


@pytest.mark.parametrize("settle", [services.release_held_scan, services.reject_held_scan])
def test_settling_a_held_scan_is_one_event_in_the_name_of_who_did_it_with_the_reason(saltmarsh: Company, settle):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan(packages=0, key="empty")
    ears = Ears()

    settle("empty", by=person(MIRA), reason="  The kiosk is gone.  ")

    (event,) = [one for one in ears.events() if one.action.startswith("scan.")]
    assert (event.actor, event.target, event.body["reason"]) == (MIRA, "scan:empty", "The kiosk is gone.")
    assert [one for one in ears.news() if one[0].startswith("scan.")] == [(event.action, "scan:empty")]


def test_a_scan_that_is_held_tells_so_once(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5)
    ears = Ears()

    saltmarsh.scan(packages=0, key="empty")

    assert Counter(one for one in ears.actions() if one.startswith("scan.")) == {"scan.held": 1}
    assert [one for one in ears.news() if one[0] == "scan.held"] == [("scan.held", "scan:empty")]


def test_an_older_scan_is_on_record_and_no_news(saltmarsh: Company):
    saltmarsh.scan(seen())
    ears = Ears()

    saltmarsh.scan(ago=timedelta(hours=2), key="late")

    (event,) = ears.events()
    assert (event.action, event.outcome, event.target) == ("scan.ignored", "ignored", "scan:late")
    assert ears.news() == []


def test_a_scan_that_a_newer_one_overtook_is_settled_with_a_pointer_to_it(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan(packages=0, key="empty")
    ears = Ears()

    saltmarsh.later(minutes=5).scan(seen(), key="full")

    (event,) = [one for one in ears.events() if one.action == "scan.superseded"]
    assert (event.target, event.ref) == ("scan:empty", "scan:full")


def test_deciding_again_to_something_else_is_one_line_and_one_piece_of_news(saltmarsh: Company):
    saltmarsh.scan(quiet(1))
    ears = Ears()

    saltmarsh.later(minutes=5).scan(seen("package-1", "1.0.0", advisory="CVE-2024-00001", fixed=("1.0.1",)))

    assert Counter(ears.actions())["finding.decided"] == 1
    assert [topic for topic, _ in ears.news()] == ["finding.decided"]


def test_a_story_line_has_no_full_stop_at_its_end(saltmarsh: Company):
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    services.take(number, by=person(ALICE))
    services.claim_fix(number, by=person(ALICE))
    saltmarsh.later(minutes=5).scan()

    assert saltmarsh.texts(number)
    assert not any(text.endswith(".") for text in saltmarsh.texts(number))


def test_a_number_that_names_no_finding_leaves_nothing_anywhere(saltmarsh: Company):
    ears = Ears()

    for do in (services.claim_fix, services.take, services.verification_began):
        with pytest.raises(Problem) as caught:
            do(4711, by=person(ALICE))
        assert (caught.value.code, caught.value.status) == ("not_found", 404)

    assert (ears.actions(), ears.news()) == ([], [])


def test_every_story_line_of_a_search_result_is_found_again_by_its_finding(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1))

    for row in queries.search("is:all").rows:
        assert [event.target for event in queries.history(row.id)] == [f"finding:{row.id}"] * len(queries.history(row.id))
        assert queries.history(row.id)[0].action == "finding.opened"
