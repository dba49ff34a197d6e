"""What the roster's tables know that bears on one question of ownership, gathered for ``ownership`` to decide. It writes nothing.

A question costs a handful of queries however many catalog files and people there are: of catalogs only the folders above the path are
asked, and names are looked up only where a step will use them.
"""

from collections.abc import Iterable

from watchbill.roster import models
from watchbill.roster.catalog import Entity, NearCatalog, folders_above
from watchbill.roster.ownership import Known, Rule

_FALLBACK = "security"


def security_team() -> str:
    """The slug of the team that everything unowned goes to."""
    return models.Company.objects.values_list("security_team__slug", flat=True).first() or _FALLBACK


def only_repo(service: str) -> str:
    """The name of the one repository that a service has; "" for none or several."""
    names = list(models.Repo.objects.filter(services__slug=service).values_list("name", flat=True)[:2])
    return names[0] if len(names) == 1 else ""


def catalog_home(service: str, repo: str) -> str:
    """Where the catalog files of this place are kept: under the repository, else under the service while no repository is known; ""."""
    return repo or (only_repo(service) or f"service:{service}" if service else "")


def known_of(home: str, repo: str, path: str, service_team: str, sbom: tuple[str, ...]) -> Known:
    """All that the steps may ask about a path."""
    rows = models.OwnershipRule.objects.order_by("position", "id").values_list("position", "team__slug", "service", "repo", "path")
    text = models.Repo.objects.filter(name=repo).values_list("codeowners", flat=True).first() if repo else ""
    catalog = nearest_catalog(home, path) if home and path else None
    return Known(
        rules=[Rule(*row) for row in rows],
        codeowners=text or "",
        handles=handles() if text or sbom else {},
        team_names=dict(models.Team.objects.values_list("slug", "name")),
        service_team=service_team,
        fallback=security_team(),
        catalog=catalog,
        catalog_names=catalog_names() if catalog else {},
    )


def nearest_catalog(home: str, path: str) -> NearCatalog | None:
    """The catalog file in the folder of ``path``, or in the nearest one above it, that names an owner."""
    folders = folders_above(path.removeprefix("./").lstrip("/"))
    rows = {row.folder: row for row in models.Catalog.objects.filter(home=home, folder__in=folders, owned=True)}
    row = next((rows[folder] for folder in folders if folder in rows), None)
    return NearCatalog(row.place, [entity_of(one) for one in row.entities.all()]) if row else None


def entity_of(row: models.CatalogEntity) -> Entity:
    """A kept entity as it was read."""
    annotations = tuple((str(name), str(value)) for name, value in row.annotations.items())
    return Entity(row.kind, row.namespace, row.name, row.owner, row.system, row.lifecycle, row.email, annotations)


def handles() -> dict[str, str]:
    """What CODEOWNERS may call a team beside ``@any-org/slug``: its handles, and the address or handle of somebody in it alone."""
    found: dict[str, str] = {}
    seen: dict[str, set[str]] = {}
    for team_slug, email, handle in models.Membership.objects.values_list("team__slug", "person__email", "person__handle"):
        for name in filter(None, (email, handle.lower())):
            seen.setdefault(name, set()).add(team_slug)
    found.update((name, slugs.copy().pop()) for name, slugs in seen.items() if len(slugs) == 1)
    for slug, names in models.Team.objects.values_list("slug", "handles"):
        found.update((str(name).lower(), slug) for name in names)
    return found


def catalog_names() -> dict[str, str]:
    """Canonical entity references to team slugs: a team's own names; a person's names, handle, or the address of a User entity, each
    standing for the one team they are in ("" where that isn't one).
    """
    teams: dict[str, set[str]] = {}
    for email, slug in models.Membership.objects.values_list("person__email", "team__slug"):
        teams.setdefault(email, set()).add(slug)
    users = models.CatalogEntity.objects.filter(kind="user").exclude(email="").values_list("email", "namespace", "name")
    by_email: dict[str, list[str]] = {}
    for email, namespace, name in users:
        by_email.setdefault(email, []).append(f"user:{namespace}/{name}".lower())
    found: dict[str, str] = {}
    for email, handle, names in models.Person.objects.filter(is_active=True).values_list("email", "handle", "catalog_names"):
        slugs = teams.get(email, set())
        team = slugs.copy().pop() if len(slugs) == 1 else ""
        found.update(dict.fromkeys(_person_names(handle, by_email.get(email, ()), names), team))
    for slug, names in models.Team.objects.values_list("slug", "catalog_names"):
        found.update((str(name), slug) for name in names)
    return found


def _person_names(handle: str, described: Iterable[str], names: Iterable[str]) -> list[str]:
    plain = handle.removeprefix("@").lower()
    by_handle = [f"user:default/{plain}"] if plain and "/" not in plain else []
    return [*by_handle, *described, *map(str, names)]
