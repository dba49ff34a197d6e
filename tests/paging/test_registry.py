"""Channels describe themselves; whoever adds a file has added a channel."""

from importlib.metadata import EntryPoint

import pytest

from watchbill.base.problem import Problem
from watchbill.paging import channels, registry
from watchbill.paging.registry import all_channels, channel, stored_channels

KINDS = {"text", "email", "url", "secret"}


def test_the_four_channels_are_found_by_walking() -> None:
    assert {"desk", "email", "ntfy", "webhook"} <= set(all_channels())


def test_only_the_desk_delivers_by_being_stored() -> None:
    assert stored_channels() == ("desk",)


@pytest.mark.parametrize("name", sorted(all_channels()))
def test_a_channel_describes_itself_whole(name: str) -> None:
    info = all_channels()[name].INFO
    assert info.name == name
    assert info.title
    assert len({field.name for field in info.fields}) == len(info.fields)
    assert all(field.title and field.kind in KINDS for field in info.fields)


@pytest.mark.parametrize("name", sorted(all_channels()))
def test_a_channels_module_bears_its_name(name: str) -> None:
    assert all_channels()[name].__name__ == f"{channels.__name__}.{name}"  # type: ignore[attr-defined] - ours are modules


def test_an_unknown_channel_names_those_there_are() -> None:
    with pytest.raises(Problem) as caught:
        channel("pigeon")
    assert "desk, email, ntfy, webhook" in caught.value.remedy


def test_a_broken_channel_of_another_package_is_left_out(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("pigeon", "no.such.module", group)])
    all_channels.cache_clear()
    try:
        assert "desk" in all_channels()
        assert "pigeon" in caplog.text
    finally:
        all_channels.cache_clear()


def test_another_package_cannot_take_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = all_channels()["email"]
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("email", "watchbill.paging.channels.email", group)])
    all_channels.cache_clear()
    try:
        assert all_channels()["email"] is ours
    finally:
        all_channels.cache_clear()
