"""Finds the channels: every module in `paging/channels/`, and those that other packages offer under the entry-point group
`watchbill.channels`. Nobody edits a list. A broken foreign channel is left out and named; it never keeps ours from working."""

import importlib
import logging
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Protocol, cast

from watchbill.base.problem import invalid
from watchbill.paging import channels
from watchbill.paging.rules.messages import ChannelInfo, Outcome, OutgoingPage

ENTRY_POINTS = "watchbill.channels"

log = logging.getLogger(__name__)


class Channel(Protocol):
    """What a channel module offers."""

    INFO: ChannelInfo

    def unusable(self) -> str:
        """Why no page can go this way on this installation just now (a clause, no full stop), or an empty string."""

    def send(self, page: OutgoingPage) -> Outcome:
        """Try once, within `limits.SEND_SECONDS`; never raises for what a provider may do."""


@cache
def all_channels() -> Mapping[str, Channel]:
    """Every channel by its name."""
    found: dict[str, Channel] = {}
    for module in pkgutil.iter_modules(channels.__path__):
        channel = cast("Channel", importlib.import_module(f"{channels.__name__}.{module.name}"))
        found[channel.INFO.name] = channel
    for point in entry_points(group=ENTRY_POINTS):
        try:
            foreign = cast("Channel", point.load())
            found.setdefault(foreign.INFO.name, foreign)
        except (ImportError, AttributeError) as error:
            log.warning("channel %s of another package can't be used: %s", point.name, error)
    return MappingProxyType(found)


def channel(name: str) -> Channel:
    """The channel of that name. Raises Problem(invalid) naming those there are."""
    known = all_channels()
    if name not in known:
        raise invalid("channel", f"There is no channel {name}.", f"Use one of: {', '.join(sorted(known))}.")
    return known[name]


def stored_channels() -> tuple[str, ...]:
    """The channels that deliver by being stored."""
    return tuple(name for name, one in all_channels().items() if one.INFO.stored)
