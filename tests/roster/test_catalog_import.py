"""Importing catalog files: all or nothing, with a diff; the nearest one decides; what nobody knows falls through."""

import pytest

from tests.roster.conftest import BY_TEST
from watchbill.base.acting import SYSTEM
from watchbill.base.models import AuditEvent, News
from watchbill.base.problem import Problem
from watchbill.roster import limits, models, queries
from watchbill.roster.cataloguing import BroughtFile, import_catalog, see_catalogs
from watchbill.roster.facts import CatalogDiff
from watchbill.roster.services import apply_roster, import_codeowners
from watchbill.roster.verbs import import_catalog as import_verb

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]

REPO = "saltmarsh/berth-board"


def entity(owner: str, name: str = "berth-board", kind: str = "Component", **spec: str) -> str:
    more = "".join(f"  {key}: {value}\n" for key, value in spec.items())
    said = f"  owner: {owner}\n" if owner else ""
    return f"apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  type: service\n{said}{more}"


def file(text: str, folder: str = "") -> BroughtFile:
    return BroughtFile(f"{folder}/catalog-info.yaml".lstrip("/"), text.encode())


def keep(*files: BroughtFile, **given: bool) -> CatalogDiff:
    return import_catalog(files, by=BY_TEST, home=REPO, **given)


def owner(path: str = "apps/board/package-lock.json", service: str = "berth-board") -> queries.Ownership:
    return queries.owner_of(service=service, path=path)


def test_the_nearest_catalog_file_decides() -> None:
    keep(file(entity("platform")), file(entity("berths"), "apps/board"))

    near, far = owner(), owner("lib/package-lock.json")

    assert (near.team, near.origin, far.team, far.origin) == ("berths", "catalog", "platform", "catalog")
    assert near.rule == "`apps/board/catalog-info.yaml` gives component berth-board to Berths (group:default/berths)."


def test_an_explicit_rule_comes_before_the_catalog() -> None:
    keep(file(entity("berths")))
    assert owner(".github/workflows/build.yml").origin == "rule"


def test_the_catalog_comes_before_codeowners() -> None:
    import_codeowners(REPO, "* @saltmarsh/platform\n", by=BY_TEST)
    keep(file(entity("berths")))
    assert (owner().team, owner().origin) == ("berths", "catalog")


def test_an_owner_whom_nobody_knows_is_named_and_falls_through() -> None:
    keep(file(entity("group:default/strangers"), "apps/board"), file(entity("platform")))

    found = owner()

    assert (found.team, found.origin) == ("berths", "codeowners")
    assert found.rule.startswith("`apps/board/catalog-info.yaml` names group:default/strangers as the owner of component berth-board, whom")


def test_two_strangers_are_both_named() -> None:
    import_codeowners(REPO, "* @saltmarsh/nobody\n", by=BY_TEST)
    keep(file(entity("strangers")))
    found = owner()
    assert found.origin == "service"
    assert "group:default/strangers" in found.rule
    assert "@saltmarsh/nobody" in found.rule


def test_a_file_that_names_nobody_lets_the_one_above_speak() -> None:
    keep(file(entity(""), "apps/board"), file(entity("platform")))
    assert owner().team == "platform"


def test_several_owners_in_one_file_decide_nothing() -> None:
    keep(file(entity("berths", "one") + "---\n" + entity("platform", "two")))
    found = owner()
    assert found.origin == "codeowners"
    assert "names several owners (group:default/berths, group:default/platform)" in found.rule


def test_the_component_named_like_the_service_is_meant() -> None:
    keep(file(entity("platform", "other") + "---\n" + entity("berths")))
    assert owner().team == "berths"


def test_a_team_goes_by_the_names_the_roster_gives_it() -> None:
    apply_roster("[[team]]\nslug='platform'\ncatalog_names=['crew', 'group:ops/Pipes']", by=BY_TEST)
    keep(file(entity("group:ops/pipes")))
    assert owner().team == "platform"
    keep(file(entity("crew")))
    assert owner().team == "platform"


def test_a_group_of_another_namespace_is_not_the_team_of_that_slug() -> None:
    keep(file(entity("group:ops/platform")))
    assert owner().origin == "codeowners"


def test_a_person_stands_for_their_one_team_by_handle() -> None:
    keep(file(entity("user:default/alice")))
    assert owner().team == "berths"


def test_a_person_stands_for_their_team_by_the_address_of_a_user_entity() -> None:
    user = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: adu}\nspec: {profile: {email: alice@saltmarsh.example}}\n"
    keep(file(user + "---\n" + entity("user:adu")))
    assert owner().team == "berths"


def test_a_person_stands_for_their_team_by_a_name_of_the_roster() -> None:
    apply_roster("[[person]]\nemail='alice@saltmarsh.example'\ncatalog_names=['aduarte']", by=BY_TEST)
    keep(file(entity("user:default/aduarte")))
    assert owner().team == "berths"


def test_a_person_in_two_teams_stands_for_neither() -> None:
    apply_roster("[[team]]\nslug='platform'\nmembers=['alice@saltmarsh.example']", by=BY_TEST)
    keep(file(entity("user:default/alice")))
    found = owner()
    assert found.origin == "codeowners"
    assert "who is not in exactly one team" in found.rule


def test_the_same_file_again_changes_nothing() -> None:
    assert keep(file(entity("berths"))).changed == 1
    assert keep(file(entity("berths"))).changed == 0


def test_a_dry_run_says_the_same_and_writes_nothing() -> None:
    told = keep(file(entity("berths")), dry_run=True)
    assert told.lines == (f"+ catalog {REPO} catalog-info.yaml component:default/berth-board owner group:default/berths",)
    assert not models.Catalog.objects.exists()
    assert keep(file(entity("berths"))).lines == told.lines


def test_a_change_is_told_field_by_field() -> None:
    keep(file(entity("berths", lifecycle="experimental")))
    told = keep(file(entity("platform", lifecycle="production")))
    head = f"~ catalog {REPO} catalog-info.yaml component:default/berth-board"
    assert told.lines == (
        f"{head} owner group:default/berths -> group:default/platform",
        f"{head} lifecycle experimental -> production",
    )


def test_an_entity_that_is_gone_from_its_file_is_told() -> None:
    keep(file(entity("berths") + "---\n" + entity("berths", "tides", "API")))
    assert keep(file(entity("berths"))).lines == (f"- catalog {REPO} catalog-info.yaml api:default/tides",)


def test_pruning_removes_the_repositorys_other_files_only() -> None:
    keep(file(entity("berths"), "apps/board"))
    import_catalog([file(entity("platform"))], by=BY_TEST, home="saltmarsh/other")
    told = keep(file(entity("berths")), prune=True)
    assert told.lines[-1] == f"- catalog {REPO} apps/board/catalog-info.yaml"
    assert set(models.Catalog.objects.values_list("home", "folder")) == {(REPO, ""), ("saltmarsh/other", "")}


def test_one_bad_file_keeps_all_out() -> None:
    with pytest.raises(Problem) as caught:
        keep(file(entity("berths")), file("a: [", "apps"))
    assert caught.value.field == "apps/catalog-info.yaml"
    assert not models.Catalog.objects.exists()


def test_two_files_of_one_folder_are_refused() -> None:
    with pytest.raises(Problem, match="one folder"):
        keep(file(entity("berths")), BroughtFile("catalog-info.yml", entity("platform").encode()))


def test_too_many_files_are_refused() -> None:
    assert "catalog files" in _refused([file(entity("a"), str(number)) for number in range(limits.CATALOG_FILES + 1)])
    assert "catalog files" in _refused([])


def _refused(files: list[BroughtFile]) -> str:
    with pytest.raises(Problem) as caught:
        keep(*files)
    return caught.value.detail


def test_a_file_says_its_repository_itself() -> None:
    text = entity("berths").replace("  name: berth-board\n", f"  name: berth-board\n  annotations: {{github.com/project-slug: {REPO}}}\n")
    import_catalog([file(text), file(entity("platform"), "apps")], by=BY_TEST)
    assert set(models.Catalog.objects.values_list("home", "folder")) == {(REPO, ""), (REPO, "apps")}


def test_a_file_whose_repository_nobody_says_is_refused() -> None:
    with pytest.raises(Problem) as caught:
        import_catalog([file(entity("berths"))], by=BY_TEST)
    assert "--repo" in caught.value.remedy


def test_owners_whom_the_roster_does_not_know_are_listed() -> None:
    told = keep(file(entity("berths") + "---\n" + entity("strangers", "tides", "API")))
    assert told.strangers == ("group:default/strangers",)


def test_what_changed_is_on_the_trail_and_decides_findings_again() -> None:
    keep(file(entity("berths")))
    event = AuditEvent.objects.get(action="catalog.read")
    assert event.target == f"repo:{REPO}"
    assert "catalog-info.yaml" in str(event.body)
    assert News.objects.filter(topic="ownership.changed", subject=f"repo:{REPO}").count() == 1


def test_a_service_without_a_repository_keeps_its_own() -> None:
    import_catalog([file(entity("berths"))], by=BY_TEST, home=queries.catalog_home("tide-feed", ""))
    assert queries.owner_of(service="tide-feed", path="go.sum").team == "berths"
    assert owner().origin == "codeowners"


def test_the_command_lines_verb_imports_for_a_service() -> None:
    payload = {"files": [{"place": "catalog-info.yaml", "text": entity("berths")}], "service": "tide-feed"}
    assert import_verb({**payload, "dry_run": True}, BY_TEST)["changed"] == 1
    told = import_verb(payload, BY_TEST)
    assert told["lines"] == ["+ catalog service:tide-feed catalog-info.yaml component:default/berth-board owner group:default/berths"]
    assert queries.owner_of(service="tide-feed", path="go.sum").origin == "catalog"


class TestAWatchedPath:
    def see(self, *files: BroughtFile, folders: tuple[str, ...] = ("",), by: str = "source:1") -> tuple[str, ...]:
        return see_catalogs(REPO, files, folders, brought_by=by, by=SYSTEM)

    def test_what_it_holds_is_kept(self) -> None:
        assert self.see(file(entity("berths"))) == ()
        assert owner().origin == "catalog"

    def test_what_is_gone_from_a_folder_looked_into_is_removed(self) -> None:
        self.see(file(entity("berths")))
        self.see()
        assert not models.Catalog.objects.exists()

    def test_what_was_not_looked_into_stays(self) -> None:
        self.see(file(entity("berths"), "apps"), folders=("", "apps"))
        self.see(folders=("",))
        assert models.Catalog.objects.exists()

    def test_a_file_that_cannot_be_read_leaves_the_last_good_reading(self) -> None:
        self.see(file(entity("berths")))
        notes = self.see(file("a: ["))
        assert "ends in the middle" in notes[0]
        assert owner().origin == "catalog"

    def test_one_path_never_touches_what_another_brought(self) -> None:
        self.see(file(entity("berths")))
        self.see(file(entity("platform")), by="source:2")
        self.see(by="source:2")
        assert owner().team == "berths"

    def test_an_import_stands_until_another_import(self) -> None:
        self.see(file(entity("berths")))
        keep(file(entity("platform")))
        self.see(file(entity("berths")))
        self.see()
        assert owner().team == "platform"

    def test_looking_again_leaves_no_second_trace(self) -> None:
        for _ in range(3):
            self.see(file(entity("berths")))
        assert AuditEvent.objects.filter(action="catalog.read").count() == 1
