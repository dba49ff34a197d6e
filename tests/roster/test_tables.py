"""What the tables themselves refuse, whoever writes to them."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.db import models as django_models
from django.db.models import ProtectedError

from watchbill.roster import models

pytestmark = pytest.mark.django_db


def refused(make: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_roles_tiers_and_exposures_are_the_known_ones(company: None) -> None:
    refused(lambda: models.Person.objects.update(role="root"))
    refused(lambda: models.Service.objects.update(tier=5))
    refused(lambda: models.Service.objects.update(exposure="public"))


def test_a_rule_says_something_and_only_once(company: None) -> None:
    team = models.Team.objects.get(slug="berths")
    refused(lambda: models.OwnershipRule.objects.create(team=team, position=9))
    refused(lambda: models.OwnershipRule.objects.create(team=team, position=9, path="/.github/workflows/**"))


def test_a_layer_has_a_name_of_its_own_and_a_known_unit(company: None) -> None:
    refused(lambda: models.Layer.objects.update(unit="months"))
    refused(lambda: models.Layer.objects.update(every=0))
    refused(lambda: models.Layer.objects.update(name="override"))


def test_an_override_ends_after_it_starts(company: None) -> None:
    row = {"schedule": models.Schedule.objects.first(), "person": models.Person.objects.first(), "by": "x"}
    at = "2026-06-01T09:00:00Z"
    refused(lambda: models.Override.objects.create(**row, start=at, end=at, made_at=at))


def test_a_target_is_exactly_one_thing(company: None) -> None:
    step = models.PolicyStep.objects.first()
    refused(lambda: models.StepTarget.objects.create(step=step, position=9))
    both = {"team": models.Team.objects.first(), "schedule": models.Schedule.objects.first()}
    refused(lambda: models.StepTarget.objects.create(step=step, position=9, **both))


def test_there_is_one_company(company: None) -> None:
    team = models.Team.objects.first()
    refused(lambda: models.Company.objects.create(id=2, security_team=team))


def test_nobody_is_in_a_team_twice(company: None) -> None:
    row = models.Membership.objects.first()
    assert row is not None
    refused(lambda: models.Membership.objects.create(team=row.team, person=row.person))


def test_a_team_that_something_needs_can_not_go(company: None) -> None:
    with pytest.raises(ProtectedError):
        models.Team.objects.get(slug="berths").delete()


def test_every_reference_is_protected_or_goes_with_its_whole() -> None:
    """No reference is silently emptied: what is referred to stays, or takes its own parts with it."""
    kinds = {
        field.remote_field.on_delete
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, django_models.Model)
        for field in model._meta.get_fields()
        if isinstance(field, django_models.ForeignKey)
    }
    assert kinds == {django_models.PROTECT, django_models.CASCADE}
