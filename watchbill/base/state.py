"""Small durable facts about this installation, such as which company it holds. Not settings (an operator's) and not secrets."""

from watchbill.base import clock, limits
from watchbill.base.models import Fact
from watchbill.base.unit import current


def get(key: str, default: str = "") -> str:
    """The fact's value, or `default` when it was never put."""
    value = Fact.objects.filter(key=key).values_list("value", flat=True).first()
    return default if value is None else value


def put(key: str, value: str) -> None:
    """Store it, inside `write`. Raises ValueError for a value over the limit."""
    current()
    if len(value) > limits.STATE_VALUE_CHARS:
        raise ValueError(f"a fact has at most {limits.STATE_VALUE_CHARS} characters")
    Fact.objects.update_or_create(key=key, defaults={"value": value, "updated_at": clock.now()})
