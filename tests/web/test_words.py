"""Template tags, trail sentences, navigation and the keyboard map: what pages are made of."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import get_resolver, reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SettableClock
from tests.web.conftest import Company
from watchbill.base import trail
from watchbill.base.trail import TrailEvent
from watchbill.roster.queries import PersonInfo
from watchbill.web import assets, telling, watch
from watchbill.web.nav import ITEMS, KEYS
from watchbill.web.reader import zone_of
from watchbill.web.templatetags import watchbill as tags

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
TEMPLATES = Path(tags.__file__).parents[1] / "templates"
NAMES = {"alice@example.test": "Alice", "bob@example.test": "Bob"}


def drawn(template: str, **values: object) -> str:
    return Template("{% load watchbill %}" + template).render(Context(values))


def event(action: str, target: str = "finding:1", actor: str = "watchbill", kind: str = "system", **body: object) -> TrailEvent:
    return TrailEvent(7, NOW, NOW, actor, kind, "web", action, target, "done", "", body, "00")


class TestTags:
    """{% load watchbill %}."""

    def test_a_time_carries_its_moment_for_machines(self, clock: SettableClock) -> None:
        with timezone.override(ZoneInfo("Europe/Amsterdam")):
            assert drawn("{{ at|when }}", at=NOW) == '<time datetime="2026-06-01T09:00:00Z">11:00\xa0CEST</time>'

    def test_a_time_that_is_not_known_is_empty(self, clock: SettableClock) -> None:
        assert drawn("{{ at|when }}{{ at|age }}{{ at|day }}{{ at|clock }}{{ at|old }}{{ at|as_of }}", at=None) == ""

    def test_what_is_known_to_the_day_says_only_the_day(self, clock: SettableClock) -> None:
        assert ">11\xa0Mar</time>" in drawn("{{ at|as_of }}", at=datetime(2026, 3, 11, tzinfo=UTC))
        assert "UTC" in drawn("{{ at|as_of }}", at=datetime(2026, 3, 11, 7, tzinfo=UTC))

    def test_a_due_date_is_marked_when_it_presses(self, clock: SettableClock) -> None:
        assert drawn("{{ at|due }}", at=NOW + timedelta(hours=1)) == '<span class="late">in 1\xa0h</span>'
        assert drawn("{{ at|due }}", at=NOW + timedelta(days=9)) == "in 9\xa0d"
        assert drawn("{{ at|due }}", at=None) == "no due date"

    def test_a_decision_has_its_word_and_its_shape(self) -> None:
        assert drawn('{% decision "hours" %}') == '<span class="decision" data-v="hours">hours</span>'
        assert drawn('{% decision "now" "" True %}') == '<span class="decision calm" data-v="now">now</span>'

    def test_a_state_keeps_its_value_and_may_say_more(self) -> None:
        assert drawn('{% state "not_seen" "not seen for 26 h" %}') == '<span class="state" data-v="not_seen">not seen for 26 h</span>'

    def test_other_peoples_words_are_isolated_and_inert(self) -> None:
        assert drawn("{{ text|said }}", text="<b>\u202eevil\n</b>") == "<bdi>&lt;b&gt;evil &lt;/b&gt;</bdi>"

    def test_backticks_are_set_as_code(self) -> None:
        assert drawn("{{ text|told }}", text="run `ls -l` now") == "<bdi>run <code>ls -l</code> now</bdi>"

    def test_code_in_backticks_is_escaped_too(self) -> None:
        assert drawn("{{ text|told }}", text="`<script>`") == "<bdi><code>&lt;script&gt;</code></bdi>"

    @given(st.text())
    def test_no_text_becomes_markup(self, text: str) -> None:
        inner = drawn("{{ text|told }}", text=text).removeprefix("<bdi>").removesuffix("</bdi>")
        assert "<" not in inner.replace("<code>", "").replace("</code>", "")

    def test_numbers_and_plurals(self) -> None:
        assert drawn('{{ n|num }} {% plural n "page" %} {% plural 2 "person" "people" %}', n=1) == "1 1 page 2 people"
        assert drawn("{{ n|num }}", n=None) == ""

    def test_lengths(self) -> None:
        assert drawn("{{ a|span }} {{ b|span }} {{ c|span }}", a=90, b=timedelta(hours=3), c=None) == "1\xa0min 3\xa0h "

    def test_a_query_is_changed_in_one_place_only(self) -> None:
        request = RequestFactory().get("/x/?q=a+b&page=3")
        assert drawn("{% with_query page=4 %}", request=request) == "?q=a+b&amp;page=4"
        assert drawn('{% with_query page="" %}', request=request) == "?q=a+b"
        assert drawn('{% with_query q="" page="" %}', request=request) == "?"

    def test_a_slug_is_read_as_its_name(self) -> None:
        assert drawn("{{ slug|named:names }}", slug="berths", names={"berths": "Berths"}) == "Berths"
        assert drawn("{{ slug|named:names }}", slug="other", names={}) == "other"


class TestTelling:
    """Trail events in words."""

    def test_an_events_own_text_comes_first_without_its_full_stop(self) -> None:
        assert telling.told(event("finding.opened", text="Opened, decided now."), {}) == "Opened, decided now"

    def test_people_are_named_where_records_keep_addresses(self) -> None:
        assert telling.told(event("page.sent", "page:1", channel="email", to="bob@example.test"), NAMES) == "Paged Bob by e-mail"

    def test_an_address_we_do_not_know_stays(self) -> None:
        assert (
            telling.told(event("page.sent", "page:1", channel="email", to="eve@example.test"), NAMES) == "Paged eve@example.test by e-mail"
        )

    def test_an_action_without_a_sentence_is_told_plainly(self) -> None:
        assert telling.told(event("override.added", "schedule:security"), {}) == "Schedule security added"

    def test_a_change_says_what_became_what(self) -> None:
        assert telling.told(event("service.changed", "service:x", tier="2 -> 1"), {}) == "Service x changed: tier 2 -> 1"

    def test_a_sentence_that_misses_a_value_falls_back(self) -> None:
        assert telling.told(event("page.sent", "page:1"), {}) == "Page 1 sent"

    def test_watchbills_own_doing_names_nobody(self) -> None:
        assert telling.who(event("page.sent"), NAMES) == ""
        assert telling.who(event("finding.taken", actor="alice@example.test", kind="person"), NAMES) == "Alice"

    def test_nobody_is_named_twice_in_one_line(self) -> None:
        by_alice = event("finding.taken", actor="alice@example.test", kind="person", text="alice@example.test took it")
        assert telling.entry(by_alice, NAMES).who == ""
        assert telling.entry(by_alice, NAMES).text == "Alice took it"

    def test_pages_and_changes_wear_their_marks(self) -> None:
        assert telling.entry(event("page.sent", "page:1"), {}).look == "page"
        assert telling.entry(event("change.recorded", "change:1", summary="x"), {}).look == "change"
        assert telling.entry(event("finding.taken"), {}).look == ""

    def test_every_event_of_the_sample_reads_as_a_sentence(self, saltmarsh: Company) -> None:
        for one in trail.events(limit=1000):
            text = telling.told(one, NAMES)
            assert text
            assert "{" not in text
            assert text[0] == text[0].upper()


class TestNavigation:
    """The menu and the keyboard map."""

    def test_every_line_leads_to_a_page(self) -> None:
        for item in ITEMS:
            assert reverse(item.name)

    def test_every_also_is_an_address_of_ours(self) -> None:
        names = {pattern.name for pattern in get_resolver().url_patterns if hasattr(pattern, "name")}
        for item in ITEMS:
            assert set(item.also) <= names, item

    def test_no_key_is_taken_twice(self) -> None:
        assert len({item.key for item in ITEMS}) == len(ITEMS)

    def test_every_page_is_on_the_key_sheet(self) -> None:
        told = " ".join(key.text for key in KEYS)
        for item in ITEMS:
            if item.name != "now" and not item.only_sample:
                assert f"g {item.key} {item.text}" in told

    def test_every_shown_key_does_something(self) -> None:
        script = assets.assets()["look.js"].data.decode()
        markup = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
        for key in KEYS:
            for part in key.parts:
                known = f'"{part}"' in script or f'data-key="{part}"' in markup or part in ("↵", "n")
                assert known, part

    def test_where_one_is_is_marked(self, saltmarsh: Company) -> None:
        client = saltmarsh.visit("viewer")
        for item in ITEMS:
            html = client.get(reverse(item.name)).content.decode()
            assert f'data-go="{item.key}" aria-current="page"' in html, item.name

    def test_a_page_below_marks_the_one_above(self, saltmarsh: Company) -> None:
        html = saltmarsh.visit("viewer").get("/services/berth-board/").content.decode()
        assert 'data-go="s" aria-current="page"' in html


class TestTemplates:
    """What must never stand in a template."""

    @pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
    def test_nothing_inline_and_nothing_marked_safe(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=", text)
        assert not re.search(r"\son\w+=", text)
        assert "hx-on" not in text
        assert "autoescape off" not in text
        assert "<style" not in text
        assert not re.search(r"<script(?![^>]*src=)", text)
        assert "|safe" not in text or path.name == "fields.html"


class TestWatch:
    """Who is on watch, once a request."""

    def test_the_book_knows_who_stands_it_and_who_comes_next(self, saltmarsh: Company) -> None:
        book = watch.WatchBook(datetime(2026, 11, 23, 15, 20, tzinfo=UTC))
        assert [person.name for person in book.on_watch("security")] == ["Bob Lindqvist"]
        following = book.change("security")
        assert following is not None
        assert following.person is not None
        assert following.person.name == "Noor Haddad"

    def test_a_schedule_that_is_not_there_has_nobody(self, saltmarsh: Company) -> None:
        book = watch.WatchBook(NOW)
        assert book.shifts("nothing") == ()
        assert book.change("nothing") is None

    def test_a_watch_that_nobody_was_put_on_is_not_set_up_rather_than_a_gap(self, empty: Company) -> None:
        book = watch.WatchBook(NOW)
        assert not book.known()
        assert book.gaps() == ()
        assert "whole Security team" in book.woken(PersonInfo(1, "a@b", "A", "viewer", "UTC", True))

    def test_whoever_is_woken_is_named_and_told_it_is_them(self, saltmarsh: Company) -> None:
        book = watch.WatchBook(datetime(2026, 11, 23, 15, 20, tzinfo=UTC))
        bob = book.on_watch("security")[0]
        assert book.woken(bob) == "Bob Lindqvist (you)"

    def test_a_zone_this_machine_does_not_know_is_utc(self) -> None:
        person = PersonInfo(1, "a@b", "A", "viewer", "Europe/Amsterdam", True)
        assert str(zone_of(person)) == "Europe/Amsterdam"
        assert str(zone_of(replace(person, zone="Mars/Olympus"))) == "UTC"
        assert str(zone_of(None)) == "UTC"
