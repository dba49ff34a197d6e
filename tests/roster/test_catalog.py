"""Reading catalog-info.yaml: what it says of owners, and every way in which a file can't be one."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.roster import limits
from watchbill.roster.catalog import (
    Entity,
    check_place,
    folders_above,
    read_catalog,
    reference,
    repo_of,
    speakers,
)

BOARD = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: berth-board
  annotations:
    pagerduty.com/service-id: PBOARD1
    github.com/project-slug: saltmarsh/berth-board
    backstage.io/source-location: url:https://code.example/saltmarsh/berth-board/tree/main/apps/board/
    backstage.io/code-coverage: enabled
spec:
  type: service
  lifecycle: production
  owner: group:default/payments
  system: harbour
"""


def entity(kind: str = "Component", name: str = "board", **spec: str) -> str:
    return yaml.safe_dump({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def read(text: str) -> tuple[Entity, ...]:
    return read_catalog(text.encode(), "catalog-info.yaml").entities


def problem(text: str | bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        read_catalog(text if isinstance(text, bytes) else text.encode(), "apps/catalog-info.yaml")
    return caught.value


def test_a_component_says_who_owns_it_and_what_it_belongs_to() -> None:
    (found,) = read(BOARD)
    assert (found.kind, found.name, found.ref) == ("component", "berth-board", "component:default/berth-board")
    assert (found.owner, found.system, found.lifecycle) == ("group:default/payments", "harbour", "production")


def test_three_annotations_are_kept_and_others_passed_over() -> None:
    (found,) = read(BOARD)
    assert found.annotation("pagerduty.com/service-id") == "PBOARD1"
    assert found.annotation("backstage.io/source-location").startswith("url:https://code.example/")
    assert "backstage.io/code-coverage" not in dict(found.annotations)


def test_a_file_may_hold_several_documents_and_empty_ones() -> None:
    text = "---\n".join([entity(owner="a"), "", entity("API", "tides", owner="b"), entity("System", "harbour", owner="c")])
    assert [one.ref for one in read("---\n" + text)] == ["component:default/board", "api:default/tides", "system:default/harbour"]


@pytest.mark.parametrize("kind", ["Component", "API", "Resource", "System"])
def test_each_kind_with_an_owner_is_read(kind: str) -> None:
    (found,) = read(entity(kind, owner="payments"))
    assert (found.kind, found.owner) == (kind.lower(), "group:default/payments")


def test_a_user_brings_an_address_in_lower_case() -> None:
    text = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: alice}\nspec: {profile: {email: Alice@Saltmarsh.Example}}"
    (found,) = read(text)
    assert (found.kind, found.email, found.owner) == ("user", "alice@saltmarsh.example", "")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("payments", "group:default/payments"),
        ("Payments", "group:default/payments"),
        ("group:payments", "group:default/payments"),
        ("Group:Default/Payments", "group:default/payments"),
        ("ops/payments", "group:ops/payments"),
        ("user:default/alice", "user:default/alice"),
        ("user:alice.d_u", "user:default/alice.d_u"),
    ],
)
def test_a_reference_has_one_spelling(written: str, kept: str) -> None:
    assert reference(written, "spec.owner") == kept
    assert reference(kept, "spec.owner") == kept


def test_a_plain_owner_is_a_group_of_the_entitys_own_namespace() -> None:
    text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: board, namespace: port}\nspec: {owner: crew}"
    assert read(text)[0].owner == "group:port/crew"


@pytest.mark.parametrize("written", ["component:default/x", "a b", "-x", "group:", "x" * 64, "a/b/c", "group:default/", "é", "a\nb"])
def test_what_is_no_owner_is_refused_at_its_place(written: str) -> None:
    told = problem(yaml.safe_dump(yaml.safe_load(entity()) | {"spec": {"owner": written}}))
    assert told.field
    assert told.field.startswith("apps/catalog-info.yaml, document 1")


def test_another_kind_is_passed_over_with_a_note() -> None:
    read_file = read_catalog((entity("Location") + "---\n" + entity(owner="a")).encode(), "catalog-info.yaml")
    assert len(read_file.entities) == 1
    assert read_file.notes == ("catalog-info.yaml, document 1: passed over, a location has no owner here",)


def test_a_document_of_something_else_is_passed_over_with_a_note() -> None:
    found = read_catalog(b"apiVersion: apps/v1\nkind: Deployment\n", "catalog-info.yaml")
    assert found.entities == ()
    assert "not Backstage's" in found.notes[0]


def test_an_entity_without_an_owner_is_kept_and_noted() -> None:
    found = read_catalog(entity().encode(), "catalog-info.yaml")
    assert found.entities[0].owner == ""
    assert found.notes == ("catalog-info.yaml, document 1: component:default/board names no owner",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a list", "no mapping"),
        ("just words", "no mapping"),
        ("a: &x 1\nb: *x", "a YAML alias (line 2"),
        ("a: 1\na: 2", "twice"),
        ("a: [1", "ends in the middle"),
        ("a: {}}", "not valid YAML"),
        (entity(name="-board"), "no name"),
        (entity(name="x" * 64), "no name"),
        ("apiVersion: backstage.io/v1\nkind: Component\nmetadata: [x]", "metadata is no mapping"),
        ("apiVersion: backstage.io/v1\nkind: Component\nmetadata: {name: [x]}", "name is no plain text"),
        ("apiVersion: backstage.io/v1\nkind: Component\nmetadata: {name: x}\nspec: {owner: {$text: ./o}}", "owner is no plain text"),
        (entity(owner="a") + "---\n" + entity(owner="b"), "twice"),
        (entity(owner="a", system="x" * (limits.CATALOG_TEXT_CHARS + 1)), "plain text of up to"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(text: str, told: str) -> None:
    assert told in problem(text).detail


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a: \x00", b"\x80"])
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    assert problem(data).field == "apps/catalog-info.yaml"


def test_a_file_at_the_limit_is_read_and_one_byte_more_is_not() -> None:
    text = entity(owner="a")
    filler = "#" * (limits.CATALOG_BYTES - len(text))
    assert read(text + filler)
    assert "bytes" in problem(text + filler + "#").detail


def test_as_many_entities_as_fit_are_read_and_one_more_is_not() -> None:
    many = [entity("API", f"n{number}") for number in range(limits.CATALOG_ENTITIES)]
    assert len(read("---\n".join(many))) == limits.CATALOG_ENTITIES
    assert "documents" in problem("---\n".join([*many, entity()])).detail


def test_tags_construct_nothing() -> None:
    (found,) = read("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: !!python/name:os.system board}\n")
    assert found.name == "board"


LEAVES = st.none() | st.text(max_size=5) | st.integers()
KEYS = st.sampled_from(["apiVersion", "kind", "metadata", "spec", "owner", "name", "annotations", "profile"])


def read_or_refused(data: bytes) -> bool:
    """Whether it was read, or refused with a place; anything else is an error of ours."""
    try:
        read_catalog(data, "catalog-info.yaml")
    except Problem as refused:
        return bool(refused.field and refused.detail)
    return True


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert read_or_refused(data)


@settings(max_examples=60)
@given(st.integers(min_value=0, max_value=len(BOARD)), st.binary(max_size=3))
def test_a_damaged_file_is_read_or_refused(cut: int, junk: bytes) -> None:
    assert read_or_refused(BOARD.encode()[:cut] + junk + BOARD.encode()[cut + 1 :])


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12))
def test_any_document_is_read_or_refused(document: object) -> None:
    base = yaml.safe_load(entity(owner="a"))
    assert read_or_refused(yaml.safe_dump(base | document if isinstance(document, dict) else document).encode())


class TestWhoSpeaks:
    board = Entity("component", "default", "board", "group:default/a")
    other = Entity("component", "default", "other", "group:default/b")
    system = Entity("system", "default", "harbour", "group:default/c")
    crew = Entity("group", "default", "crew")

    def test_the_component_named_like_the_service_speaks(self) -> None:
        assert speakers((self.other, self.board), "Board", "") == (self.board,)

    def test_without_one_the_entity_whose_source_is_this_folder_speaks(self) -> None:
        at = (("backstage.io/source-location", "url:https://code.example/x/tree/main/apps/board/"),)
        placed = Entity("component", "default", "z", "group:default/d", annotations=at)
        assert speakers((self.other, placed), "", "apps/board") == (placed,)

    def test_else_all_components_speak_together(self) -> None:
        assert speakers((self.system, self.other, self.board), "x", "") == (self.other, self.board)

    def test_a_system_speaks_where_there_is_no_component(self) -> None:
        assert speakers((self.crew, self.system), "x", "") == (self.system,)

    def test_a_file_of_groups_says_nothing(self) -> None:
        assert speakers((self.crew,), "x", "") == ()

    def test_an_entity_without_an_owner_does_not_speak(self) -> None:
        assert speakers((Entity("component", "default", "board"), self.system), "board", "") == (self.system,)


def test_the_repository_is_what_the_file_says() -> None:
    assert repo_of(read(BOARD)) == "saltmarsh/berth-board"
    assert repo_of(read(entity(owner="a"))) == ""


@pytest.mark.parametrize(
    ("path", "folders"),
    [
        ("package-lock.json", ("",)),
        ("apps/package-lock.json", ("apps", "")),
        ("apps/board/package-lock.json", ("apps/board", "apps", "")),
    ],
)
def test_folders_are_asked_from_the_nearest_to_the_top(path: str, folders: tuple[str, ...]) -> None:
    assert folders_above(path) == folders


def test_a_very_deep_path_still_asks_the_top() -> None:
    found = folders_above("/".join(["d"] * (limits.CATALOG_DEPTH + 5)) + "/x")
    assert len(found) == limits.CATALOG_DEPTH + 1
    assert found[-1] == ""


TOO_LONG = f"{'x' * 500}/catalog-info.yaml"
NO_PLACES = ["../catalog-info.yaml", "catalog.yaml", "", "a/../catalog-info.yaml", TOO_LONG, "\x1b/catalog-info.yaml"]


@pytest.mark.parametrize("place", NO_PLACES)
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(Problem):
        check_place(place)


def test_a_place_is_plain() -> None:
    assert check_place("./apps\\board//catalog-info.yml") == "apps/board/catalog-info.yml"
