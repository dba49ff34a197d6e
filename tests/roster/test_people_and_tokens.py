"""People who sign in, what they may, tokens, and standing in for somebody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.db import IntegrityError, transaction

from tests.roster.conftest import BY_TEST
from watchbill.base import models as floor
from watchbill.base import trail
from watchbill.base.problem import Problem
from watchbill.base.writer import write
from watchbill.roster import limits, models, queries
from watchbill.roster.services import (
    add_override,
    add_person,
    create_token,
    join_team,
    note_token_used,
    remove_override,
    revoke_token,
    set_active,
    set_role,
    set_service_context,
)

pytestmark = pytest.mark.django_db
ALICE, BOB, DORA, VERA = (f"{name}@saltmarsh.example" for name in ("alice", "bob", "dora", "vera"))
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def audited(action: str) -> list[str]:
    return list(floor.AuditEvent.objects.filter(action=action).order_by("seq").values_list("body", flat=True))


# ---- people


def test_the_person_is_djangos_user() -> None:
    assert get_user_model() is models.Person


def test_somebody_added_can_sign_in_by_address_in_any_case(db: None, clock: object) -> None:
    add_person("Erik@Saltmarsh.Example", "Erik", password="correct horse battery", by=BY_TEST)
    found = models.Person.objects.get_by_natural_key("ERIK@saltmarsh.example")
    assert found.email == "erik@saltmarsh.example"
    assert found.check_password("correct horse battery")


def test_a_wrong_password_opens_nothing(db: None, clock: object, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    add_person("erik@saltmarsh.example", "Erik", password="correct horse battery", by=BY_TEST)
    assert authenticate(username="erik@saltmarsh.example", password="correct horse battery") is not None
    assert authenticate(username="erik@saltmarsh.example", password="wrong") is None


def test_somebody_deactivated_can_not_sign_in(db: None, clock: object, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    add_person("erik@saltmarsh.example", "Erik", password="correct horse battery", by=BY_TEST)
    set_active("erik@saltmarsh.example", False, by=BY_TEST)
    assert authenticate(username="erik@saltmarsh.example", password="correct horse battery") is None


def test_nobody_is_added_twice_in_another_case(company: None) -> None:
    with pytest.raises(Problem, match="in the roster already"):
        add_person("ALICE@saltmarsh.example", "Alice again", by=BY_TEST)
    assert len(queries.people()) == 4


def test_the_table_itself_refuses_an_address_with_capitals(company: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Person.objects.filter(email=ALICE).update(email="Alice@saltmarsh.example")


def test_saving_a_person_outside_a_unit_goes_through_the_writer(company: None) -> None:
    alice = models.Person.objects.get(email=ALICE)
    alice.last_login = NOW
    alice.save(update_fields=["last_login"])
    assert models.Person.objects.get(email=ALICE).last_login == NOW


def test_saving_a_person_inside_a_unit_joins_it(company: None) -> None:
    def fail() -> None:
        alice = models.Person.objects.get(email=ALICE)
        alice.name = "Somebody else"
        alice.save()
        raise RuntimeError("the unit fails")

    with pytest.raises(RuntimeError, match="the unit fails"):
        write(fail)
    assert queries.person(ALICE).name == "Alice"


def test_an_added_person_stands_in_the_trail_without_the_password(db: None, clock: object) -> None:
    add_person("erik@saltmarsh.example", "Erik", "security", password="correct horse battery", by=BY_TEST)
    (body,) = audited("person.added")
    assert '"role":"security"' in body
    assert "horse" not in body


@pytest.mark.parametrize(
    ("email", "role", "zone"), [("nope", "engineer", "UTC"), ("e@x.y", "root", "UTC"), ("e@x.y", "engineer", "Mars/Base")]
)
def test_a_person_who_makes_no_sense_is_refused(db: None, email: str, role: str, zone: str) -> None:
    with pytest.raises(Problem):
        add_person(email, "Erik", role, zone, by=BY_TEST)
    assert queries.people() == ()


def test_people_are_found_by_address_and_by_id(company: None) -> None:
    alice = queries.person(" Alice@Saltmarsh.example")
    assert queries.person(alice.id) == alice
    with pytest.raises(Problem) as told:
        queries.person("charlie@outside.example")
    assert told.value.status == 404


def test_a_role_is_given_and_stands_in_the_trail(company: None) -> None:
    assert set_role(ALICE, "security", by=BY_TEST).role == "security"
    assert audited("person.role_given") == ['{"role":"engineer -> security"}']


def test_the_same_role_again_is_no_event(company: None) -> None:
    set_role(ALICE, "engineer", by=BY_TEST)
    assert audited("person.role_given") == []


def test_the_last_administrator_keeps_the_role_and_the_access(company: None) -> None:
    with pytest.raises(Problem, match="Nobody would be left"):
        set_role(DORA, "viewer", by=BY_TEST)
    with pytest.raises(Problem, match="Nobody would be left"):
        set_active(DORA, False, by=BY_TEST)
    set_role(BOB, "admin", by=BY_TEST)
    assert set_role(DORA, "viewer", by=BY_TEST).role == "viewer"


def test_somebody_is_let_in_again(company: None) -> None:
    set_active(ALICE, False, by=BY_TEST)
    assert not queries.may(queries.person(ALICE), "read")
    set_active(ALICE, True, by=BY_TEST)
    assert queries.may(queries.person(ALICE), "act")
    assert len(audited("person.deactivated")) == len(audited("person.activated")) == 1


def test_joining_a_team_twice_is_joining_once(company: None) -> None:
    join_team("berths", BOB, by=BY_TEST)
    join_team("berths", BOB, by=BY_TEST)
    assert [person.name for person in queries.team("berths").members] == ["Alice", "Bob"]
    assert len(audited("team.joined")) == 1
    assert queries.teams_of(queries.person(BOB).id) == ("berths", "security")


# ---- standing in


def test_who_stands_in_is_on_record(company: None) -> None:
    made = add_override("security", ALICE, NOW, NOW + timedelta(hours=3), by=BY_TEST, reason="Bob is at the dentist")
    assert (made.person, made.reason, made.by) == (ALICE, "Bob is at the dentist", DORA)
    (event,) = trail.events(action="override.added")
    assert event.body["reason"] == "Bob is at the dentist"
    assert "dentist" not in audited("override.added")[0], "what a person wrote can be erased"


def test_somebody_deactivated_can_not_stand_in(company: None) -> None:
    set_active(ALICE, False, by=BY_TEST)
    with pytest.raises(Problem, match="deactivated"):
        add_override("security", ALICE, NOW, NOW + timedelta(hours=3), by=BY_TEST)


def test_an_override_for_an_unknown_schedule_or_person_is_not_found(company: None) -> None:
    for schedule, person in (("nope", ALICE), ("security", "charlie@outside.example")):
        with pytest.raises(Problem) as told:
            add_override(schedule, person, NOW, NOW + timedelta(hours=3), by=BY_TEST)
        assert told.value.status == 404


def test_an_override_is_taken_away_before_it_is_over(company: None) -> None:
    made = add_override("security", ALICE, NOW, NOW + timedelta(hours=3), by=BY_TEST)
    remove_override(made.id, by=BY_TEST)
    assert queries.schedule("security").overrides == ()
    assert len(audited("override.removed")) == 1


def test_an_override_that_is_over_stays_on_record(company: None, clock: Any) -> None:
    made = add_override("security", ALICE, NOW, NOW + timedelta(hours=3), by=BY_TEST)
    clock.forward(hours=3)
    with pytest.raises(Problem, match="stays on record"):
        remove_override(made.id, by=BY_TEST)


def test_an_unknown_override_is_not_found(company: None) -> None:
    with pytest.raises(Problem) as told:
        remove_override(4_000, by=BY_TEST)
    assert told.value.status == 404


# ---- tokens


def test_a_token_opens_what_its_scopes_say(company: None) -> None:
    info, raw = create_token("ci", ALICE, ["send", "read"], by=BY_TEST)
    assert raw.startswith("wbk_")
    found = queries.token_holder(raw)
    assert found == info
    assert (info.person_email, info.scopes, info.expires) == (ALICE, ("read", "send"), NOW + timedelta(days=limits.TOKEN_DAYS))


def test_only_a_hash_of_a_token_is_kept(company: None) -> None:
    _, raw = create_token("ci", ALICE, by=BY_TEST)
    row = models.ApiToken.objects.get()
    assert raw not in {str(value) for value in vars(row).values()}
    assert raw.removeprefix(row.hint) not in str(audited("token.created"))
    assert len(row.hint) == 8


def test_no_other_letters_open_anything(company: None) -> None:
    _, raw = create_token("ci", ALICE, by=BY_TEST)
    for wrong in ("", "wbk_", raw[:-1], raw + "x", raw.upper(), " " + raw):
        assert queries.token_holder(wrong) is None


def test_a_token_ends_on_its_day(company: None, clock: Any) -> None:
    _, raw = create_token("ci", ALICE, days=1, by=BY_TEST)
    clock.forward(hours=23, minutes=59)
    assert queries.token_holder(raw) is not None
    clock.forward(minutes=1)
    assert queries.token_holder(raw) is None


def test_a_revoked_token_opens_nothing(company: None) -> None:
    info, raw = create_token("ci", ALICE, by=BY_TEST)
    assert revoke_token(info.id, by=BY_TEST).revoked
    revoke_token(info.id, by=BY_TEST)
    assert queries.token_holder(raw) is None
    assert len(audited("token.revoked")) == 1


def test_a_token_of_somebody_deactivated_opens_nothing(company: None) -> None:
    _, raw = create_token("ci", ALICE, by=BY_TEST)
    set_active(ALICE, False, by=BY_TEST)
    assert queries.token_holder(raw) is None


def test_a_token_never_does_more_than_its_holder_may(company: None) -> None:
    _, raw = create_token("ci", ALICE, ["read", "act", "send"], by=BY_TEST)
    set_role(ALICE, "viewer", by=BY_TEST)
    found = queries.token_holder(raw)
    assert found is not None
    assert found.scopes == ("read",)


def test_nobody_gets_a_token_beyond_their_role(company: None) -> None:
    with pytest.raises(Problem) as told:
        create_token("ci", VERA, ["send"], by=BY_TEST)
    assert told.value.status == 403
    assert models.ApiToken.objects.count() == 0


def test_the_use_of_a_token_is_written_down_now_and_then(company: None, clock: Any) -> None:
    info, raw = create_token("ci", ALICE, by=BY_TEST)
    note_token_used(info)
    used = queries.token_holder(raw)
    assert used is not None
    assert used.last_used == NOW
    clock.forward(seconds=limits.TOKEN_USE_NOTED_SECONDS - 1)
    note_token_used(used)
    assert queries.token(info.id).last_used == NOW
    clock.forward(seconds=1)
    note_token_used(used)
    assert queries.token(info.id).last_used == NOW + timedelta(seconds=limits.TOKEN_USE_NOTED_SECONDS)


def test_a_person_has_only_so_many_tokens(company: None) -> None:
    for number in range(limits.TOKENS_PER_PERSON):
        create_token(f"t{number}", ALICE, by=BY_TEST)
    with pytest.raises(Problem, match="tokens already"):
        create_token("one more", ALICE, by=BY_TEST)
    revoke_token(queries.tokens(ALICE)[0].id, by=BY_TEST)
    assert create_token("one more", ALICE, by=BY_TEST)


def test_tokens_are_listed_newest_first_and_by_person(company: None) -> None:
    create_token("old", ALICE, by=BY_TEST)
    create_token("new", BOB, by=BY_TEST)
    assert [token.name for token in queries.tokens()] == ["new", "old"]
    assert [token.name for token in queries.tokens(ALICE)] == ["old"]


def test_a_token_of_nobody_or_without_an_end_is_refused(company: None) -> None:
    with pytest.raises(Problem):
        create_token("ci", "charlie@outside.example", by=BY_TEST)
    with pytest.raises(Problem):
        create_token("ci", ALICE, days=10_000, by=BY_TEST)


# ---- services


def test_answering_for_a_service_says_who_and_when(company: None) -> None:
    before = queries.service("tide-feed")
    assert (before.tier, before.exposure, before.tier_set_by, before.tier_set_at) == (0, "", "", None)
    after = set_service_context("tide-feed", "controlled", 2, by=BY_TEST)
    assert (after.tier, after.exposure, after.tier_set_by, after.exposure_set_at) == (2, "controlled", DORA, NOW)
    assert audited("service.changed") == ['{"exposure":"unknown -> controlled","tier":"unknown -> 2"}']


def test_what_is_not_answered_is_left(company: None) -> None:
    after = set_service_context("berth-board", tier=3, by=BY_TEST)
    assert (after.tier, after.exposure, after.exposure_set_by) == (3, "open", ALICE)


def test_an_answer_can_be_taken_back(company: None) -> None:
    after = set_service_context("berth-board", "", by=BY_TEST)
    assert (after.exposure, after.exposure_set_by, after.exposure_set_at) == ("", "", None)


def test_an_answer_that_makes_no_sense_is_refused(company: None) -> None:
    for exposure, tier in (("public", None), (None, 9)):
        with pytest.raises(Problem):
            set_service_context("berth-board", exposure, tier, by=BY_TEST)
    with pytest.raises(Problem) as told:
        set_service_context("ghost", "open", by=BY_TEST)
    assert told.value.status == 404


def test_a_service_is_told_with_all_that_is_known(company: None) -> None:
    found = queries.service("berth-board")
    assert (found.name, found.team, found.data_class, found.repos, found.purls) == (
        "berth-board",
        "berths",
        "internal",
        ("saltmarsh/berth-board",),
        ("pkg:github/saltmarsh/berth-board",),
    )
    assert [service.slug for service in queries.services()] == ["berth-board", "tide-feed"]
