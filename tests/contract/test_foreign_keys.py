"""Keys point down: a table refers only to tables of its own room or of a room below."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Field, Model

from scripts.write_rooms import layers, rank

if not apps.ready:
    pytest.skip("the Django project does not stand yet", allow_module_level=True)


def room_of(model: type[Model]) -> str | None:
    """The room a table belongs to; None for tables of libraries, which lie below everything."""
    package, _, rest = model.__module__.partition(".")
    return rest.split(".")[0] if package == "watchbill" else None


def may_point(source: str, target: str | None) -> bool:
    return target is None or target == source or rank(target) < rank(source)


def our_keys() -> Iterator[tuple[type[Model], "Field[object, object]", type[Model]]]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if room_of(model) and isinstance(field, Field) and field.is_relation and isinstance(field.related_model, type):
                yield model, field, field.related_model


def test_foreign_keys_point_down() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {target._meta.label}"
        for model, field, target in our_keys()
        if not may_point(room_of(model) or "", room_of(target))
    ]
    assert upward == []


@pytest.mark.parametrize(
    ("source", "target", "allowed"),
    [
        ("cases", "roster", True),
        ("cases", "cases", True),
        ("roster", None, True),
        ("roster", "cases", False),
        ("paging", "cases", False),
        ("intake", "watch", False),
        ("base", "roster", False),
    ],
)
def test_a_key_may_only_point_to_the_same_or_a_lower_room(source: str, target: str | None, allowed: bool) -> None:
    assert may_point(source, target) is allowed


def test_every_room_has_one_height() -> None:
    heights = [rank(name) for line in reversed(layers()) for name in line]
    assert heights == sorted(heights)


def test_every_room_with_tables_is_an_installed_app() -> None:
    installed = {config.name for config in apps.get_app_configs()}
    tree = Path(__file__).resolve().parents[2]
    with_tables = {".".join(path.parent.relative_to(tree).parts) for path in tree.glob("watchbill/**/models.py")}
    assert with_tables <= installed
