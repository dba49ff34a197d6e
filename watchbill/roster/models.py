"""The roster's tables: people, teams, services, repositories, catalog files, ownership rules, schedules, policies, tokens, and the
company in one row.

Rows and constraints only; no decisions. Private to this room: others ask ``queries`` and call ``services``. The one liberty:
``Person.save`` goes through the writer by itself, because sign-in code that isn't ours calls it.
"""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from watchbill.base import clock
from watchbill.base.writer import in_unit, write
from watchbill.roster import limits
from watchbill.roster.rules import EXPOSURES, ROLES


def _name() -> "models.CharField[str, str]":
    return models.CharField(max_length=limits.NAME_CHARS)


def _slug() -> "models.CharField[str, str]":
    return models.CharField(max_length=limits.SLUG_CHARS, unique=True)


def _zone() -> "models.CharField[str, str]":
    return models.CharField(max_length=64, default="UTC")


class People(BaseUserManager["Person"]):
    """How Django and the sign-in code find people: by address, in any case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "Person":
        """Make a person; without a password they sign in by a link or single sign-on only."""
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who can sign in, by e-mail address (kept in lower case). Never deleted: deactivated."""

    email = models.EmailField(max_length=limits.EMAIL_CHARS, unique=True)
    name = _name()
    role = models.CharField(max_length=16, default="engineer")
    zone = _zone()
    handle = models.CharField(max_length=limits.NAME_CHARS, blank=True, default="")
    is_active = models.BooleanField(default=True)
    catalog_names = models.JSONField(default=list)
    added_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[People] = People()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_lower"),
            models.CheckConstraint(condition=Q(role__in=ROLES), name="person_role_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Save through the writer, also when sign-in code calls it from a web thread."""
        self.email = self.email.strip().lower()
        if in_unit():
            super().save(*args, **kwargs)
        else:
            write(lambda: super(Person, self).save(*args, **kwargs), name="person.save")


class Policy(models.Model):
    """An escalation policy: steps, gone through again ``repeat`` times when nobody answers."""

    slug = _slug()
    name = _name()
    repeat = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(repeat__lte=limits.REPEATS), name="policy_repeat_bounded")]


class Team(models.Model):
    """People who own things together, and when they work."""

    slug = _slug()
    name = _name()
    zone = _zone()
    members = models.ManyToManyField(Person, through="Membership", related_name="teams")
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="teams")
    workdays = models.CharField(max_length=20, default="1-5")
    opens = models.CharField(max_length=5, default="09:00")
    closes = models.CharField(max_length=5, default="17:00")
    holidays = models.JSONField(default=list)
    handles = models.JSONField(default=list)
    catalog_names = models.JSONField(default=list)


class Membership(models.Model):
    """A person in a team; ``position`` is the order in which the team names its people."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["team", "person"], name="membership_once")]


class Repo(models.Model):
    """A repository and the CODEOWNERS text last read from it."""

    name = models.CharField(max_length=200, unique=True)
    codeowners = models.TextField(blank=True, default="")
    codeowners_from = models.CharField(max_length=300, blank=True, default="")
    codeowners_at = models.DateTimeField(null=True)


class Catalog(models.Model):
    """A catalog-info.yaml as last read. ``home`` is its repository's name, or "service:<slug>" where none is known; ``place`` its path
    there.
    """

    home = models.CharField(max_length=220)
    folder = models.CharField(max_length=limits.CATALOG_PLACE_CHARS, blank=True)
    place = models.CharField(max_length=limits.CATALOG_PLACE_CHARS)
    brought_by = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    owned = models.BooleanField(default=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["home", "folder"], name="catalog_one_a_folder")]


class CatalogEntity(models.Model):
    """One entity of a catalog file, in the file's order; ``owner`` is a canonical entity reference."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="entities")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=63)
    owner = models.CharField(max_length=200, blank=True)
    system = models.CharField(max_length=limits.CATALOG_TEXT_CHARS, blank=True)
    lifecycle = models.CharField(max_length=limits.CATALOG_TEXT_CHARS, blank=True)
    email = models.CharField(max_length=limits.CATALOG_TEXT_CHARS, blank=True)
    annotations = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["catalog", "kind", "namespace", "name"], name="entity_once_a_file")]
        indexes = [models.Index(fields=["kind", "email"], name="entity_people")]


class Service(models.Model):
    """Something that runs. Tier 0 and exposure "" mean that nobody has said yet."""

    slug = _slug()
    name = _name()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="services")
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="services")
    tier = models.PositiveSmallIntegerField(default=0)
    tier_set_by = models.CharField(max_length=limits.EMAIL_CHARS, blank=True, default="")
    tier_set_at = models.DateTimeField(null=True)
    exposure = models.CharField(max_length=12, blank=True, default="")
    exposure_set_by = models.CharField(max_length=limits.EMAIL_CHARS, blank=True, default="")
    exposure_set_at = models.DateTimeField(null=True)
    data_class = models.CharField(max_length=limits.NAME_CHARS, blank=True, default="")
    description = models.CharField(max_length=limits.TEXT_CHARS, blank=True, default="")
    repos = models.ManyToManyField(Repo, related_name="services")
    purls = models.JSONField(default=list)
    hosts = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tier__lte=4), name="service_tier_bounded"),
            models.CheckConstraint(condition=Q(exposure__in=EXPOSURES), name="service_exposure_known"),
        ]


class OwnershipRule(models.Model):
    """An explicit rule; the one with the highest position that matches wins."""

    position = models.PositiveIntegerField()
    service = models.CharField(max_length=limits.GLOB_CHARS, blank=True, default="")
    repo = models.CharField(max_length=limits.GLOB_CHARS, blank=True, default="")
    path = models.CharField(max_length=limits.GLOB_CHARS, blank=True, default="")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rules")
    note = models.CharField(max_length=limits.TEXT_CHARS, blank=True, default="")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["service", "repo", "path"], name="rule_once"),
            models.CheckConstraint(condition=~Q(service="", repo="", path=""), name="rule_says_something"),
        ]


class Schedule(models.Model):
    """Who has the watch, by layers and overrides."""

    slug = _slug()
    name = _name()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="schedules")
    zone = _zone()


class Layer(models.Model):
    """One rotation of a schedule; the highest position with somebody on it wins. ``starts`` is local in ``zone`` ("" is the schedule's)."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveIntegerField()
    name = _name()
    starts = models.CharField(max_length=16)
    every = models.PositiveIntegerField()
    unit = models.CharField(max_length=5)
    zone = models.CharField(max_length=64, blank=True, default="")
    only = models.JSONField(default=list)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "name"], name="layer_name_once"),
            models.CheckConstraint(condition=Q(unit__in=("hours", "days", "weeks")), name="layer_unit_known"),
            models.CheckConstraint(condition=Q(every__gte=1), name="layer_every_positive"),
            models.CheckConstraint(condition=~Q(name="override"), name="layer_name_free"),
        ]


class Turn(models.Model):
    """Whose turn it is in a layer, in order; a person may have several."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["layer", "position"], name="turn_place_once")]


class Override(models.Model):
    """Somebody has the watch in ``[start, end)``, whatever the layers say; a later row wins over an earlier one."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.CharField(max_length=limits.TEXT_CHARS, blank=True, default="")
    by = models.CharField(max_length=limits.EMAIL_CHARS)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=models.F("start")), name="override_ends_later"),
            models.UniqueConstraint(fields=["schedule", "person", "start", "end"], name="override_once"),
        ]
        indexes = [models.Index(fields=["schedule", "end"], name="override_ahead")]


class PolicyStep(models.Model):
    """A step of a policy; those it pages have ``delay_seconds`` before the next."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    delay_seconds = models.PositiveIntegerField(default=600)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="step_place_once"),
            models.CheckConstraint(condition=Q(delay_seconds__lte=limits.STEP_DELAY_SECONDS), name="step_delay_bounded"),
        ]


class StepTarget(models.Model):
    """Whom a step pages: exactly one of a person, a schedule, a team."""

    step = models.ForeignKey(PolicyStep, on_delete=models.CASCADE, related_name="targets")
    position = models.PositiveIntegerField()
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(person__isnull=False, schedule__isnull=True, team__isnull=True)
                    | Q(person__isnull=True, schedule__isnull=False, team__isnull=True)
                    | Q(person__isnull=True, schedule__isnull=True, team__isnull=False)
                ),
                name="target_is_one_thing",
            ),
        ]


class ApiToken(models.Model):
    """A token's hash, never the token. ``hint`` is its first letters, to tell tokens apart."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = _name()
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class Company(models.Model):
    """One row: the company's name, and who stands for security when nobody else is found."""

    name = models.CharField(max_length=limits.NAME_CHARS, blank=True, default="")
    security_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    security_schedule = models.ForeignKey(Schedule, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="company_is_one")]
