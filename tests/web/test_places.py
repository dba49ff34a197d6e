"""Trail, On-call, Services, Sources, Set-up, people, tokens and me: what each shows, what each changes, and for whom."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.web.conftest import BY, Company
from watchbill.base import changes, clock, loop, trail
from watchbill.base.settings import settings
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import queries as scans
from watchbill.intake.scans import services as looks
from watchbill.paging import contacts
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.sample import queries as sample
from watchbill.web.watch import WatchBook

ROSTER = """
[[person]]
email = "nina@example.test"
name = "Nina"
zone = "Europe/Amsterdam"
"""


def html_of(company: Company, path: str, role: str = "viewer", **query: str) -> str:
    return company.visit(role).get(path, query).content.decode()


class TestTrail:
    """/trail/."""

    def test_it_is_newest_first_without_a_moment(self, saltmarsh: Company) -> None:
        seqs = [int(seq) for seq in re.findall(r'class="mono" href="/trail/(\d+)/"', html_of(saltmarsh, "/trail/"))]
        assert seqs == sorted(seqs, reverse=True)
        assert seqs[0] == trail.size()

    def test_around_a_moment_it_is_in_order_of_time(self, saltmarsh: Company) -> None:
        at = clock.now().isoformat()
        seqs = [int(seq) for seq in re.findall(r'class="mono" href="/trail/(\d+)/"', html_of(saltmarsh, "/trail/", at=at, span="1h"))]
        assert seqs == sorted(seqs)

    def test_a_change_of_a_service_is_found_by_the_service(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/trail/", on="service:berth-board")
        assert "Deploy 4112 of berth-board" in html

    def test_it_is_narrowed_by_who_and_by_what(self, saltmarsh: Company) -> None:
        saltmarsh.visit("engineer").post(reverse("sample-forward"))
        html = html_of(saltmarsh, "/trail/", action="sample.clock_moved")
        assert html.count('<tr role="row">') == 2
        who = trail.events(action="sample.clock_moved")[0].actor
        assert "10 min" in html_of(saltmarsh, "/trail/", who=who)

    def test_a_whole_room_is_asked_for_with_a_dot(self, saltmarsh: Company) -> None:
        kinds = set(re.findall(r'<span class="tag">(.*?)</span>', html_of(saltmarsh, "/trail/", action="finding.")))
        assert kinds == {"finding"}

    def test_nothing_found_says_how_much_was_looked_through(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/trail/", who="nobody@example.test")
        assert "Nothing was recorded there." in html

    def test_older_events_are_a_link_away(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/trail/")
        link = re.search(r'href="(\?[^"]*before=\d+)"', html)
        assert link
        older = html_of(saltmarsh, "/trail/" + link.group(1))
        newest = max(int(number) for number in re.findall(r"#(\d+)</a></td>", older))
        assert newest == min(int(number) for number in re.findall(r"#(\d+)</a></td>", html)) - 1

    @pytest.mark.parametrize("at", ["yesterday", "99999-01-01", "2026-11-23T25:00"])
    def test_what_is_no_moment_is_refused(self, saltmarsh: Company, at: str) -> None:
        assert saltmarsh.visit("viewer").get("/trail/", {"at": at}).status_code == 422

    def test_a_moment_is_the_readers_own_clock(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/trail/", at="2026-01-15T12:00")
        assert 'value="2026-01-15T12:00"' in html
        assert "2026-01-15T11:00:00Z" in html

    def test_every_event_opens_with_its_leaf(self, saltmarsh: Company) -> None:
        event = trail.events(limit=1)[0]
        html = html_of(saltmarsh, f"/trail/{event.seq}/")
        assert event.leaf in html.replace("<wbr>", "")
        assert event.action in html

    def test_an_event_that_is_not_there_is_said_so(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("viewer").get("/trail/999999/").status_code == 404

    def test_checking_says_how_many_and_that_none_is_missing(self, saltmarsh: Company) -> None:
        html = saltmarsh.visit("engineer").post(reverse("trail-check"), follow=True).content.decode()
        assert "none missing, none altered" in html

    def test_without_a_witness_it_says_so_loudly(self, empty: Company) -> None:
        html = html_of(empty, "/trail/")
        assert 'data-v="warn"' in html
        assert "No witness configured." in html

    def test_it_comes_as_json_and_csv(self, saltmarsh: Company) -> None:
        told = saltmarsh.visit("viewer").get("/trail/events.json", {"action": "finding."}).json()["events"]
        rows = list(
            csv.DictReader(io.StringIO(saltmarsh.visit("viewer").get("/trail/events.csv", {"action": "finding."}).content.decode()))
        )
        assert [event["seq"] for event in told] == [int(row["seq"]) for row in rows]
        assert saltmarsh.visit("viewer").get("/trail/", {"format": "json", "action": "finding."}).json()["events"] == told

    def test_its_picture_has_its_words_beside_it(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/trail/")
        assert re.search(r'role="img" aria-label="\d+ events? in 6 lanes', html)


class TestOnCall:
    """/on-call/."""

    def test_it_names_who_is_on_watch_now(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/on-call/")
        for person in roster.on_call(roster.security_schedule(), clock.now()):
            assert person.name in html

    def test_every_schedule_has_a_page(self, saltmarsh: Company) -> None:
        for schedule in roster.schedules():
            assert schedule.name in html_of(saltmarsh, reverse("on-call-schedule", args=[schedule.slug]))

    def test_another_week_is_a_link_away(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/on-call/", week="2026-12-09")
        assert "Mon\xa07\xa0Dec" in html

    @pytest.mark.parametrize("week", ["", "soon", "9999-12-31", "0001-01-01"])
    def test_a_week_that_is_none_is_this_one(self, saltmarsh: Company, week: str) -> None:
        assert saltmarsh.visit("viewer").get("/on-call/", {"week": week}).status_code == 200

    def test_a_gap_is_loud_and_can_be_taken_at_once(self, saltmarsh: Company) -> None:
        slug = "berths"
        schedule = next(one for one in roster.schedules() if one.team == slug)
        html = html_of(saltmarsh, reverse("on-call-schedule", args=[schedule.slug]), "security")
        assert 'class="gap"' in html
        assert "Nobody is on watch" in html
        assert "I’ll take it" in html

    def test_covering_a_stretch_puts_that_person_on_watch(self, saltmarsh: Company) -> None:
        slug = roster.security_schedule()
        start = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT02:00")
        end = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT05:00")
        noor = next(person for person in roster.people() if person.name.startswith("Noor"))
        answer = saltmarsh.visit("security").post(reverse("on-call-cover", args=[slug]), {"who": noor.email, "start": start, "end": end})
        assert answer.status_code == 303
        overrides = roster.schedule(slug).overrides
        assert overrides[-1].person == noor.email
        assert overrides[-1].start.astimezone(clock.now().tzinfo).hour in (0, 1)

    def test_somebody_from_outside_the_team_may_not(self, saltmarsh: Company) -> None:
        given = {"start": "2026-12-01T02:00", "end": "2026-12-01T05:00"}
        assert saltmarsh.visit("engineer").post(reverse("on-call-cover", args=["security"]), given).status_code == 403

    @pytest.mark.parametrize(("start", "end"), [("", ""), ("2026-12-01T05:00", "2026-12-01T02:00"), ("soon", "later")])
    def test_a_stretch_that_is_none_is_refused(self, saltmarsh: Company, start: str, end: str) -> None:
        answer = saltmarsh.visit("security").post(reverse("on-call-cover", args=["security"]), {"start": start, "end": end})
        assert answer.status_code == 422

    def test_a_company_without_a_watch_is_told_what_to_do(self, empty: Company) -> None:
        html = html_of(empty, "/on-call/")
        assert "Nobody stands the security watch yet." in html


class TestWatches:
    """Who is on watch, in one table."""

    def test_a_watch_that_is_meant_for_the_day_says_so_at_night(self, saltmarsh: Company) -> None:
        night = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
        lines = {line.slug: line for line in WatchBook(night).lines()}
        assert lines["berths"].now == ()
        assert lines["berths"].hours_only
        assert not lines["security"].hours_only
        assert not lines["security-second"].hours_only

    def test_a_watch_that_nobody_was_put_on_says_what_to_do(self, empty: Company) -> None:
        html = html_of(empty, "/")
        assert "nobody yet" in html
        assert "set it up" in html

    def test_all_watches_are_asked_for_at_once(self, saltmarsh: Company) -> None:
        with CaptureQueriesContext(connection) as asked:
            WatchBook(clock.now()).lines()
        assert len(asked) <= 10


class TestServicesAndSources:
    """/services/ and /sources/."""

    def test_each_service_says_whose_it_is_and_how_exposed(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/services/")
        for service in roster.services():
            assert service.name in html

    def test_services_are_searched(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/services/", q="berth")
        assert "berth-board" in html
        assert "tide-feed" not in html.partition("<tbody")[2]

    def test_one_service_says_who_set_its_tier_and_when(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/services/berth-board/")
        assert "Alice Duarte" in html
        assert "tier 1" in html

    def test_security_changes_what_decisions_rest_on(self, saltmarsh: Company) -> None:
        answer = saltmarsh.visit("security").post(reverse("service-context", args=["tide-feed"]), {"exposure": "open", "tier": "1"})
        assert answer.status_code == 303
        service = roster.service("tide-feed")
        assert (service.exposure, service.tier) == ("open", 1)

    def test_its_findings_are_decided_anew(self, saltmarsh: Company) -> None:
        before = {row.id: row.decision for row in findings.search("is:open service:tide-feed").rows}
        saltmarsh.visit("security").post(reverse("service-context", args=["tide-feed"]), {"exposure": "small", "tier": "4"})
        loop.run_turns()
        assert {row.id: row.decision for row in findings.search("is:open service:tide-feed").rows} != before

    @pytest.mark.parametrize("given", [{"exposure": "wide", "tier": "1"}, {"exposure": "open", "tier": "9"}, {}])
    def test_an_answer_that_is_none_is_refused(self, saltmarsh: Company, given: dict[str, str]) -> None:
        assert saltmarsh.visit("security").post(reverse("service-context", args=["tide-feed"]), given).status_code == 422

    def test_an_engineer_may_not_say_how_exposed_it_is(self, saltmarsh: Company) -> None:
        given = {"exposure": "small", "tier": "4"}
        assert saltmarsh.visit("engineer").post(reverse("service-context", args=["tide-feed"]), given).status_code == 403
        assert "Say it anew" not in html_of(saltmarsh, "/services/tide-feed/", "engineer")

    def test_a_service_that_is_not_there_is_said_so(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("viewer").get("/services/nothing/").status_code == 404

    def test_every_source_says_when_it_last_looked(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/sources/")
        assert html.count('class="result" data-v="pass"') == len([one for one in scans.sources() if one.last_ok and not one.stale])

    def test_what_nobody_looked_at_is_never_green(self, saltmarsh: Company) -> None:
        folder = settings().data / "empty-place"
        folder.mkdir(exist_ok=True)
        looks.watch_path(folder, service="tide-feed", by=BY)
        assert 'data-v="stale">never looked' in html_of(saltmarsh, "/sources/")

    def test_checking_now_looks_again(self, saltmarsh: Company) -> None:
        source = scans.sources()[0]
        before = len(scans.scans_of(source.id))
        answer = saltmarsh.visit("engineer").post(reverse("source-check", args=[source.id]), follow=True)
        assert answer.status_code == 200
        assert len(scans.scans_of(source.id)) == before + 1

    def test_a_viewer_may_not_check(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("viewer").post(reverse("source-check", args=[scans.sources()[0].id])).status_code == 403

    def test_a_source_shows_what_it_read_and_the_command_to_look_again(self, saltmarsh: Company) -> None:
        source = scans.sources()[0]
        html = html_of(saltmarsh, f"/sources/{source.id}/")
        assert source.command in html
        assert source.inputs[0] in html

    def test_a_held_scan_that_is_not_there_is_said_so(self, saltmarsh: Company) -> None:
        path = reverse("held-scan", args=["nothing"])
        assert saltmarsh.visit("security").post(path, {"do": "release"}).status_code == 404
        assert saltmarsh.visit("security").post(path, {"do": "dance"}).status_code == 422
        assert saltmarsh.visit("engineer").post(path, {"do": "release"}).status_code == 403


class TestSetUp:
    """/setup/ and what hangs on it."""

    def test_the_command_carries_a_key_made_for_this_person(self, saltmarsh: Company) -> None:
        html = saltmarsh.visit("engineer").post(reverse("setup-token"), {"service": "tide-feed"}).content.decode()
        raw = re.search(r"WATCHBILL_TOKEN=(wbk_[\w-]+)", html)
        assert raw
        held = roster.token_holder(raw.group(1))
        assert held is not None
        assert held.scopes == ("send",)
        assert "--service tide-feed" in html

    def test_the_key_is_shown_once_and_kept_by_no_cache(self, saltmarsh: Company) -> None:
        answer = saltmarsh.visit("engineer").post(reverse("setup-token"), {"service": "tide-feed"})
        assert answer["Cache-Control"] == "no-store"
        assert "wbk_" not in html_of(saltmarsh, "/setup/", "engineer").replace("wbk_…", "")

    def test_looking_makes_no_key(self, saltmarsh: Company) -> None:
        before = len(roster.tokens())
        html_of(saltmarsh, "/setup/", "engineer")
        assert len(roster.tokens()) == before

    def test_a_viewer_gets_no_key(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("viewer").post(reverse("setup-token"), {"service": "tide-feed"}).status_code == 403

    def test_a_roster_is_shown_before_it_is_applied(self, empty: Company) -> None:
        html = empty.visit("admin").post(reverse("setup-roster"), {"text": ROSTER, "do": "preview"}).content.decode()
        assert "nina@example.test" in html
        assert all(person.email != "nina@example.test" for person in roster.people())

    def test_applying_it_makes_it_so(self, empty: Company) -> None:
        empty.visit("admin").post(reverse("setup-roster"), {"text": ROSTER, "do": "apply"})
        assert roster.person("nina@example.test").name == "Nina"

    def test_a_roster_that_can_not_be_read_says_where(self, empty: Company) -> None:
        answer = empty.visit("admin").post(reverse("setup-roster"), {"text": "[[person", "do": "apply"})
        assert answer.status_code in (400, 422)
        assert 'role="alert"' in answer.content.decode()

    def test_an_engineer_may_not_apply_one(self, empty: Company) -> None:
        assert empty.visit("engineer").post(reverse("setup-roster"), {"text": ROSTER, "do": "apply"}).status_code == 403

    def test_a_codeowners_file_is_taken_in(self, saltmarsh: Company) -> None:
        given = {"repo": "saltmarsh/new-thing", "text": "* @saltmarsh/berths\n"}
        assert saltmarsh.visit("security").post(reverse("setup-owners"), given).status_code == 303
        assert roster.owner_of(repo="saltmarsh/new-thing", path="a.py").team == "berths"

    def test_a_codeowners_file_of_no_repository_is_refused(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("security").post(reverse("setup-owners"), {"text": "* @a\n"}).status_code == 422

    def test_an_administrator_adds_a_person(self, empty: Company) -> None:
        given = {"name": "Alice", "email": "alice@example.test", "zone": "Europe/Amsterdam", "role": "engineer", "password": ""}
        assert empty.visit("admin").post(reverse("people"), given).status_code == 303
        assert roster.person("alice@example.test").role == "engineer"

    def test_an_administrator_changes_a_role(self, empty: Company) -> None:
        people.add_person("alice@example.test", "Alice", "engineer", "UTC", None, by=BY)
        empty.visit("admin").post(reverse("people"), {"do": "role", "email": "alice@example.test", "role": "security"})
        assert roster.person("alice@example.test").role == "security"

    def test_nobody_else_does(self, empty: Company) -> None:
        given = {"do": "role", "email": "viewer@example.test", "role": "admin"}
        for role in ("security", "engineer", "viewer"):
            assert empty.visit(role).post(reverse("people"), given).status_code == 403
        assert roster.person("viewer@example.test").role == "viewer"

    def test_a_role_nobody_knows_is_refused(self, empty: Company) -> None:
        given = {"do": "role", "email": "viewer@example.test", "role": "captain"}
        assert empty.visit("admin").post(reverse("people"), given).status_code == 422

    def test_a_token_is_made_shown_once_and_revoked(self, saltmarsh: Company) -> None:
        client = saltmarsh.visit("engineer")
        html = client.post(reverse("tokens"), {"name": "build", "scope": ["read"]}).content.decode()
        raw = re.search(r"<code>(wbk_[\w-]+)</code>", html)
        assert raw
        held = roster.token_holder(raw.group(1))
        assert held is not None
        assert raw.group(1) not in client.get(reverse("tokens")).content.decode()
        client.post(reverse("tokens"), {"do": "revoke", "token": str(held.id)})
        assert roster.token_holder(raw.group(1)) is None

    def test_nobody_revokes_another_persons_token(self, saltmarsh: Company) -> None:
        boss = next(person for person in roster.people() if person.role == "admin")
        token, _ = people.create_token("boss", boss.email, ("read",), 30, by=BY)
        assert saltmarsh.visit("engineer").post(reverse("tokens"), {"do": "revoke", "token": str(token.id)}).status_code == 404
        assert not roster.token(token.id).revoked

    def test_a_token_without_a_scope_is_refused(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("engineer").post(reverse("tokens"), {"name": "build"}).status_code == 422


class TestMe:
    """/me/."""

    def add(self, company: Company, role: str = "engineer") -> int:
        company.visit(role).post(reverse("my-methods"), {"channel": "email", "email.address": "alice@elsewhere.example"})
        me = next(person for person in roster.people() if person.role == role and person.active)
        return contacts.contact_methods(me.id)[-1].id

    def test_a_new_way_is_not_used_before_it_is_verified(self, saltmarsh: Company) -> None:
        self.add(saltmarsh)
        assert "not verified, not used" in html_of(saltmarsh, "/me/", "engineer")

    def test_saying_that_it_arrived_verifies_it(self, saltmarsh: Company) -> None:
        number = self.add(saltmarsh)
        saltmarsh.visit("engineer").post(reverse("my-method", args=[number]), {"do": "verified"})
        assert 'data-v="pass">verified' in html_of(saltmarsh, "/me/", "engineer")

    def test_a_trial_without_a_mail_server_says_what_is_missing(self, saltmarsh: Company) -> None:
        answer = saltmarsh.visit("engineer").post(reverse("my-method", args=[self.add(saltmarsh)]), {"do": "test"})
        assert answer.status_code == 409
        assert "mail server" in answer.content.decode()

    def test_removing_it_removes_it(self, saltmarsh: Company) -> None:
        number = self.add(saltmarsh)
        saltmarsh.visit("engineer").post(reverse("my-method", args=[number]), {"do": "remove"})
        assert "alice@elsewhere.example" not in html_of(saltmarsh, "/me/", "engineer")

    def test_nobody_touches_another_persons_way(self, saltmarsh: Company) -> None:
        number = self.add(saltmarsh)
        for do in ("test", "verified", "remove"):
            assert saltmarsh.visit("admin").post(reverse("my-method", args=[number]), {"do": do}).status_code == 404

    def test_an_address_that_is_none_is_refused(self, saltmarsh: Company) -> None:
        answer = saltmarsh.visit("engineer").post(reverse("my-methods"), {"channel": "email", "email.address": "nobody"})
        assert answer.status_code == 422

    def test_my_rules_are_mine_to_make(self, saltmarsh: Company) -> None:
        number = self.add(saltmarsh)
        saltmarsh.visit("engineer").post(reverse("my-rules"), {"list": "now", f"delay-{number}": "120"})
        me = next(person for person in roster.people() if person.role == "engineer" and person.active)
        assert [(rule.contact_method_id, rule.delay_seconds) for rule in contacts.notification_rules(me.id, "now")] == [(number, 120)]
        assert "after 2\xa0min" in html_of(saltmarsh, "/me/", "engineer")

    def test_a_list_nobody_knows_is_refused(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("engineer").post(reverse("my-rules"), {"list": "never"}).status_code == 422

    def test_a_delay_that_is_no_number_is_refused(self, saltmarsh: Company) -> None:
        number = self.add(saltmarsh)
        assert saltmarsh.visit("engineer").post(reverse("my-rules"), {"list": "now", f"delay-{number}": "soon"}).status_code == 422


HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202eevil\r\nSet-Cookie: a=b"


class TestHostileText:
    """Whatever others write stays text, on every page it reaches."""

    def test_a_hostile_change_is_inert_on_trail_and_finding(self, saltmarsh: Company, story: sample.Story) -> None:
        when = findings.finding(story.finding_id).opened_at
        changes.record_change(by=BY, summary=HOSTILE, source="deploys", targets=["service:berth-board"], occurred_at=when)
        for path in ("/trail/", reverse("finding", args=[story.finding_id])):
            html = html_of(saltmarsh, path)
            assert "evil" in html
            self.inert(html)

    def test_a_hostile_incident_is_inert(self, saltmarsh: Company) -> None:
        html = saltmarsh.visit("engineer").post(reverse("incidents"), {"what": HOSTILE}, follow=True).content.decode()
        self.inert(html)
        self.inert(html_of(saltmarsh, "/", "security"))

    def test_a_hostile_search_is_inert(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/findings/?q=" + quote('"><script>alert(1)</script>'))
        assert "<script>alert" not in html

    def test_hostile_filters_of_the_trail_are_inert(self, saltmarsh: Company) -> None:
        html = html_of(saltmarsh, "/trail/", on=HOSTILE, who=HOSTILE, action=HOSTILE, q=HOSTILE)
        self.inert(html)

    def test_a_hostile_answer_can_not_add_a_header(self, saltmarsh: Company) -> None:
        answer = saltmarsh.visit("engineer").post(reverse("incidents"), {"what": HOSTILE})
        assert "Set-Cookie: a=b" not in str(answer.headers)

    def inert(self, html: str) -> None:
        assert "<img src=x" not in html
        assert "\x1b" not in html
        assert "\u202e" not in html
