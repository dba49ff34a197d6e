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
from watchbill.web import assets, telling, things, watch
from watchbill.web.nav import ITEMS, KEYS
from watchbill.web.reader import zone_of
from watchbill.web.templatetags import watchbill as tags

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ROOT = Path(telling.__file__).parents[1]
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

    def test_the_record_of_one_moment_has_its_date_and_its_second(self, clock: SettableClock) -> None:
        with timezone.override(ZoneInfo("Europe/Amsterdam")):
            assert drawn("{{ at|exact }}", at=NOW + timedelta(seconds=7)).endswith(">1\xa0Jun\xa02026 11:00:07\xa0CEST</time>")
        assert drawn("{{ at|exact }}", at=None) == ""

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

    def test_people_in_a_log_line_are_strong(self) -> None:
        assert drawn("{{ text|told:people }}", text="Paged Bob & co", people=("Bob",)) == "<bdi>Paged <b>Bob</b> &amp; co</bdi>"

    def test_the_longer_of_two_names_is_the_strong_one(self) -> None:
        assert drawn("{{ text|told:people }}", text="Bob Lind", people=("Bob", "Bob Lind")) == "<bdi><b>Bob Lind</b></bdi>"

    @given(st.text(), st.lists(st.text(max_size=5), max_size=3))
    def test_no_name_becomes_markup(self, text: str, people: list[str]) -> None:
        inner = drawn("{{ text|told:people }}", text=text, people=tuple(people)).removeprefix("<bdi>").removesuffix("</bdi>")
        assert "<" not in re.sub(r"</?(?:code|b)>", "", inner)

    def test_a_bare_command_among_the_first_things_is_set_as_one(self) -> None:
        assert drawn("{{ text|step }}", text="npm ls x # expect 2 once") == "<code>npm ls x</code> <small>expect 2 once</small>"
        assert drawn("{{ text|step }}", text="Run `npm ls x`.") == "<bdi>Run <code>npm ls x</code>.</bdi>"
        assert drawn("{{ text|step }}", text="Go home") == "<bdi>Go home</bdi>"

    def test_a_path_keeps_its_last_two_parts_in_a_table(self) -> None:
        assert drawn("{{ path|short_path }}", path="/srv/data/examples/berth-board") == "…/examples/berth-board"
        assert drawn("{{ path|short_path }}", path="a/b") == "a/b"

    def test_what_reaches_a_service_is_said_in_words(self) -> None:
        assert drawn('{{ "open"|reach }}, {{ "controlled"|reach }}, {{ ""|reach }}') == "the internet, some places only, unknown"

    def test_subjects_and_channels_are_said_in_words(self) -> None:
        assert drawn('{{ "finding:12"|subject }} {{ "email"|by_channel }} {{ "desk"|by_channel }}') == "Finding 12 by e-mail at the desk"

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
        assert telling.told(event("layer.added", "layer:security/Nights"), {}) == "Layer security/Nights added"

    def test_every_action_that_the_code_names_has_a_sentence_or_brings_its_own(self) -> None:
        """Those of a kind of thing in the roster are told by their part: 'added', 'changed'."""
        named = re.compile(r"\baudit\(\s*[\w.]+,\s*\"([a-z_.]+)\"(?:[^()]|\([^()]*\))*\)")
        calls = [found for path in ROOT.rglob("*.py") for found in named.finditer(path.read_text(encoding="utf-8"))]
        assert len(calls) > 40
        assert {
            call[1] for call in calls if '"text"' not in call[0] and call[1] not in telling._TOLD and not call[1].endswith(".changed")
        } == {"scan.held"}

    def test_a_check_that_failed_is_told_apart(self) -> None:
        failed = replace(event("trail.verified", "trail:own", reason="event 7 was changed", first_bad_seq=7), outcome="failed")
        assert telling.told(failed, {}) == "The trail was checked, and does not hold: event 7 was changed"
        assert telling.told(event("trail.verified", "trail:own", events=12), {}) == "Checked the trail: 12 events"

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

    def test_a_decisions_reason_loses_the_decision_that_stands_beside_it(self) -> None:
        assert telling.plainly("Decided now: exploited in the wild. It may wake people.") == "Exploited in the wild. It may wake people."
        assert telling.plainly("Somebody pulled the cord") == "Somebody pulled the cord."

    def test_what_a_look_proves_is_nobodys_word(self) -> None:
        fixed = event("finding.fixed", actor="bob@example.test", kind="person", text="It is at 2.0 now")
        assert telling.entry(fixed, NAMES).who == ""

    def test_a_log_line_knows_whom_it_names(self) -> None:
        assert telling.entry(event("page.sent", "page:1", channel="desk", to="bob@example.test"), NAMES).people == ("Bob",)

    def test_programs_and_the_sample_are_named_as_such(self) -> None:
        assert telling.by_whom("sample company", NAMES) == "by the sample company"
        assert telling.by_whom("alice@example.test", NAMES) == "by Alice"

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


class TestStories:
    """What two rooms recorded of one step is told once."""

    def test_an_alert_is_opened_once(self) -> None:
        events = [event("alert.opened", "alert:1", text="Alert 1 opened: x"), event("finding.rang", alert=1, text="Alert 1 was opened")]
        assert [line.text for line in telling.story(events, {})] == ["Alert 1 opened"]

    def test_an_acknowledgement_is_told_once(self) -> None:
        events = [
            event("alert.acknowledged", "alert:1", text="Bob acknowledged"),
            event("finding.acknowledged", alert=1, text="Bob has it"),
        ]
        assert [line.text for line in telling.story(events, {})] == ["Bob acknowledged"]

    def test_a_proof_ends_its_alert_without_saying_so_again(self) -> None:
        events = [event("finding.fixed", text="Gone"), replace(event("alert.resolved", "alert:1", text="Alert over: fixed"), seq=8)]
        assert [line.text for line in telling.story(events, {})] == ["Gone"]

    def test_an_alert_that_ends_by_itself_is_told(self) -> None:
        assert len(telling.story([event("alert.resolved", "alert:1", text="Alert over")], {})) == 1

    def test_the_newest_stands_first(self) -> None:
        events = [event("finding.opened", text="First"), event("finding.taken", text="Second")]
        assert [line.text for line in telling.story(events, {})] == ["Second", "First"]


class TestThings:
    """What an event is about, by name."""

    def test_numbers_and_people_and_places_are_named(self, saltmarsh: Company) -> None:
        named = things.Things({"bob@example.test": "Bob"})
        assert named.name(event("finding.opened", "finding:17")) == "Finding 17"
        assert named.name(event("person.added", "person:bob@example.test")) == "Bob"
        assert named.name(event("service.added", "service:berth-board")) == "berth-board"
        assert named.name(event("step.added", "step:manifests-urgent/1")) == "Manifests, urgent, step 1"
        assert named.name(event("layer.added", "layer:security/Nights")) == "Security, Nights"
        assert named.name(event("change.recorded", "change:1", targets=["service:berth-board"])) == "berth-board"

    def test_a_scan_is_about_its_service_and_a_page_about_its_alert(self, saltmarsh: Company) -> None:
        named = things.Things({})
        assert named.name(event("scan.recorded", "scan:look-1", service="tide-feed")) == "tide-feed"
        assert named.name(replace(event("page.sent", "page:9"), ref="alert:1")) == "Alert 1"

    def test_what_has_a_page_leads_there_and_nothing_else_does(self, saltmarsh: Company) -> None:
        named = things.Things({})
        assert named.href(event("finding.opened", "finding:17")) == "/findings/17/"
        assert named.href(replace(event("page.sent", "page:9"), ref="alert:1")) == "/alerts/1/"
        assert named.href(event("finding.opened", "finding:<b>")) == ""
        assert named.href(event("roster.applied", "company:own")) == ""

    def test_the_trail_says_each_event_of_the_sample_in_one_short_line(self, saltmarsh: Company) -> None:
        named = things.Things({})
        for one in trail.events(limit=1000):
            assert 0 < len(telling.in_brief(one, NAMES)) <= 110
            assert "01m" not in named.name(one)


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
