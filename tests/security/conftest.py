"""The companies of the page tests, for those who try every door."""

from tests.web.conftest import (  # noqa: F401 - fixtures, found by name
    _empty_file,
    _no_mail_leaves,
    _saltmarsh_file,
    empty,
    phone_link,
    saltmarsh,
    story,
)
