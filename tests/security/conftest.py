"""The companies of the page tests, for those who try every door."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.web.conftest import (  # noqa: F401 - fixtures, found by name
    _empty_file,
    _no_mail_leaves,
    _saltmarsh_file,
    empty,
    phone_link,
    saltmarsh,
    story,
)


@pytest.fixture(autouse=True)
def _nobody_is_slowed_down_yet() -> Iterator[None]:
    """The limits on guessing are counted in this process's cache, also for the tests that come after."""
    cache.clear()
    yield
    cache.clear()
