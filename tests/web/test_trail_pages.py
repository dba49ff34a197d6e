"""The trail as proof, on pages and over the API: what changed around a moment, exports that prove themselves, checks with one click."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tests.trail.exports import verdict
from tests.web.conftest import Company
from watchbill.base import changes, clock, limits, trail, trail_export, trail_runs
from watchbill.base.acting import Actor
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.web.pages.trail import things_around

BY = Actor("person", "alice@saltmarsh.example", "api")


def taken(client: Client, **asked: str) -> bytes:
    """The zip that one click gives."""
    answer = client.post(reverse("trail-export"), asked, follow=True)
    assert answer["Content-Type"] == "application/zip", answer.content[:200]
    assert answer["Content-Disposition"].startswith('attachment; filename="watchbill-trail-')
    return whole(answer)


def whole(answer: Any) -> bytes:
    """An answer's content, however it comes; the answer is done with."""
    data: bytes = answer.getvalue()
    answer.close()
    return data


def lines(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return packed.read("events.jsonl").decode().splitlines()


class TestWhatChanged:
    def test_a_service_is_asked_for_with_what_belongs_to_it(self, saltmarsh: Company) -> None:
        service = next(one for one in roster.services() if one.repos)
        assert things_around(f"service:{service.slug}") == [
            f"service:{service.slug}",
            *(f"repo:{one}" for one in service.repos),
            *(f"host:{h}" for h in service.hosts),
        ]
        assert f"service:{service.slug}" in things_around(f"repo:{service.repos[0]}")

    def test_what_the_roster_does_not_know_is_asked_for_as_it_stands(self, saltmarsh: Company) -> None:
        assert things_around("lodash") == ["lodash"]
        assert things_around("service:nobody-knows") == ["service:nobody-knows"]
        assert things_around("") == []

    def test_a_change_of_its_repository_is_found_by_the_service(self, saltmarsh: Company) -> None:
        service = next(one for one in roster.services() if one.repos)
        changes.record_change(by=BY, summary="Merged the night build", source="git", targets=[f"repo:{service.repos[0]}"])
        html = saltmarsh.visit("viewer").get("/trail/", {"on": f"service:{service.slug}"}).content.decode()
        assert "Merged the night build" in html
        assert f"repo:{service.repos[0]}" in html

    def test_a_change_told_of_later_stands_at_the_moment_when_it_happened(self, saltmarsh: Company) -> None:
        long_ago = clock.now() - timedelta(days=30)
        changes.record_change(by=BY, summary="Moved the firewall", source="form", targets=["host:db3"], occurred_at=long_ago)
        html = saltmarsh.visit("viewer").get("/trail/", {"at": long_ago.isoformat(), "span": "15m", "on": "host:db3"}).content.decode()
        assert "Moved the firewall" in html
        assert "by their own clock" in html
        assert "Nothing was recorded there." not in html
        assert "1 event in 6 lanes" in html

    def test_a_change_told_of_later_is_taken_away_with_the_moment(self, saltmarsh: Company) -> None:
        long_ago = clock.now() - timedelta(days=30)
        changes.record_change(by=BY, summary="Moved the firewall", source="form", targets=["host:db3"], occurred_at=long_ago)
        taken_away = lines(taken(saltmarsh.visit("viewer"), what="these", at=long_ago.isoformat(), span="15m", on="host:db3"))
        assert len(taken_away) == 1
        assert '"change.recorded"' in taken_away[0]

    def test_whoever_asks_for_one_person_is_not_told_of_others_changes(self, saltmarsh: Company) -> None:
        long_ago = clock.now() - timedelta(days=30)
        changes.record_change(by=BY, summary="Moved the firewall", source="form", targets=["host:db3"], occurred_at=long_ago)
        html = saltmarsh.visit("viewer").get("/trail/", {"at": long_ago.isoformat(), "who": "bob@saltmarsh.example"}).content.decode()
        assert "Moved the firewall" not in html

    def test_where_nothing_was_it_says_how_far_it_looked(self, saltmarsh: Company) -> None:
        html = saltmarsh.visit("viewer").get("/trail/", {"at": "2020-02-02T10:05", "span": "6h"}).content.decode()
        assert "Nothing was recorded there." in html
        assert "No event within 6 hours of" in html
        assert "See the newest" in html

    def test_a_look_that_stopped_says_so_and_goes_on(self, saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TRAIL_LOOKED", 3)
        html = saltmarsh.visit("viewer").get("/trail/", {"q": "nothing like it"}).content.decode()
        assert "Looked at 3 events" in html
        assert "before=" in html
        assert "Nothing was recorded there." not in html


class TestExport:
    def test_one_click_takes_what_is_shown_with_its_proofs(self, saltmarsh: Company, tmp_path: Path) -> None:
        kept = trail.checkpoint_now()
        assert kept is not None
        (tmp_path / "kept").write_text(kept.text)
        (tmp_path / "export.zip").write_bytes(taken(saltmarsh.visit("engineer"), what="these", action="finding.opened", since=kept.text))
        found = verdict(tmp_path / "export.zip", tmp_path / "kept")
        assert (found.code, found.told["whole"]) == (0, False), found.told
        assert found.told["events"] == len(trail.events(action="finding.opened", limit=1000))

    def test_the_whole_trail_is_for_security(self, saltmarsh: Company, tmp_path: Path) -> None:
        assert saltmarsh.visit("engineer").post(reverse("trail-export"), {"what": "whole"}).status_code == 403
        data = taken(saltmarsh.visit("security"), what="whole")
        assert len(lines(data)) == trail.size()

    def test_it_is_in_the_trail_with_who_asked(self, saltmarsh: Company) -> None:
        taken(saltmarsh.visit("engineer"), what="these", action="change.", on="service:berth-board")
        told = trail.events(limit=1)[0]
        assert (told.action, told.body["what"]) == ("trail.exported", "on service:berth-board, action change.")

    def test_sealed_it_opens_no_name(self, saltmarsh: Company) -> None:
        saltmarsh.visit("engineer").post(reverse("sample-forward"))
        with zipfile.ZipFile(io.BytesIO(taken(saltmarsh.visit("security"), what="whole", sealed="yes"))) as packed:
            assert "private.jsonl" not in packed.namelist()
        with zipfile.ZipFile(io.BytesIO(taken(saltmarsh.visit("security"), what="whole"))) as packed:
            assert "private.jsonl" in packed.namelist()

    def test_nobody_exports_what_they_may_not_read(self, saltmarsh: Company) -> None:
        saltmarsh.visit("security").post(reverse("incidents"), {"what": "Odd logins on db3"})
        assert not [line for line in lines(taken(saltmarsh.visit("viewer"), what="these")) if '"incident.' in line]
        assert [line for line in lines(taken(saltmarsh.visit("security"), what="these")) if '"incident.' in line]

    def test_nothing_to_export_is_said(self, saltmarsh: Company) -> None:
        answer = saltmarsh.visit("viewer").post(reverse("trail-export"), {"what": "these", "who": "nobody@example.test"})
        assert (answer.status_code, "No event fits" in answer.content.decode()) == (409, True)

    def test_too_many_for_a_part_is_said(self, saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TRAIL_AT_ONCE", 3)
        answer = saltmarsh.visit("viewer").post(reverse("trail-export"), {"what": "these"})
        assert (answer.status_code, "Ask for a shorter time" in answer.content.decode()) == (409, True)

    def test_what_is_no_checkpoint_of_ours_is_refused(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("viewer").post(reverse("trail-export"), {"what": "these", "since": "hello"}).status_code == 422

    def test_of_several_checkpoints_that_were_kept_the_last_one_counts(self, saltmarsh: Company) -> None:
        kept = trail.checkpoint_now()
        changes.record_change(by=BY, summary="Moved the firewall", source="form", targets=["host:db3"])
        later = trail.checkpoint_now()
        assert kept is not None
        assert later is not None
        assert trail_export.check_since(f"{kept.text}\n{later.text}\n") == later.size > kept.size

    def test_somebody_elses_export_is_not_given_out(self, saltmarsh: Company) -> None:
        taken(saltmarsh.visit("security"), what="whole")
        number = max(one.id for one in trail_runs.exports_of(saltmarsh_person("security")))
        for name in ("trail-run", "trail-run-file"):
            assert saltmarsh.visit("engineer").get(reverse(name, args=[number])).status_code == 403
            answer = saltmarsh.visit("admin").get(reverse(name, args=[number]))
            assert (answer.status_code, len(answer.getvalue()) > 0) == (200, True)
            answer.close()

    def test_the_whole_is_not_given_to_somebody_who_lost_that_right(self, saltmarsh: Company) -> None:
        asker = saltmarsh_person("security")
        taken(saltmarsh.visit_as(asker), what="whole")
        number = max(one.id for one in trail_runs.exports_of(asker))
        get_user_model().objects.filter(email=asker).update(role="engineer")
        for name in ("trail-run", "trail-run-file"):
            assert saltmarsh.visit_as(asker).get(reverse(name, args=[number])).status_code == 403

    def test_what_somebody_looked_for_is_not_told_to_everybody(self, saltmarsh: Company) -> None:
        """It may be an incident, or a name."""
        taken(saltmarsh.visit("security"), what="these", q="signed_in")
        assert "signed_in" in json.dumps(trail.events(limit=1)[0].body)
        for role, sees in (("engineer", False), ("security", True)):
            html = saltmarsh.visit(role).get("/trail/", {"format": "json", "action": "trail.exported"}).content.decode()
            assert ("words signed_in" in html) is sees

    def test_a_large_one_is_come_back_for(self, saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TRAIL_AT_ONCE", 0)
        answer = saltmarsh.visit("security").post(reverse("trail-export"), {"what": "whole"}, follow=True)
        html = answer.content.decode()
        assert "Under way: 0 of" in html
        assert "<progress" in html
        path = answer.redirect_chain[-1][0]  # type: ignore[attr-defined]  # it was followed
        assert saltmarsh.visit("security").get(path + "file").status_code == 409

    def test_an_export_that_is_not_there_is_said_so(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("admin").get(reverse("trail-run", args=[99])).status_code == 404


def saltmarsh_person(role: str) -> str:
    """The address of the first person with that role, as the browsers have it."""
    return next(one.email for one in sorted(roster.people(), key=lambda one: one.id) if one.role == role and one.active)


class TestCheck:
    def test_the_page_then_says_when_by_whom_and_how_many(self, saltmarsh: Company) -> None:
        html = saltmarsh.visit("engineer").post(reverse("trail-check"), follow=True).content.decode()
        checked = trail_runs.last_check()
        assert checked is not None
        assert f"{checked.outcome['events']:,} events, none altered" in html
        assert checked.outcome["root"][:16] in html
        page = saltmarsh.visit("viewer").get(reverse("trail-run", args=[checked.id])).content.decode()
        assert checked.outcome["root"][:32] in page

    def test_a_viewer_does_not_start_one(self, saltmarsh: Company) -> None:
        assert saltmarsh.visit("viewer").post(reverse("trail-check")).status_code == 403

    def test_a_large_one_goes_on_by_itself(self, saltmarsh: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TRAIL_AT_ONCE", 0)
        html = saltmarsh.visit("engineer").post(reverse("trail-check"), follow=True).content.decode()
        assert "You may leave this page" in html
        assert "A check is under way" in saltmarsh.visit("viewer").get("/trail/").content.decode()


class TestApi:
    @pytest.fixture
    def program(self, saltmarsh: Company) -> dict[str, str]:
        """The headers of a program that acts for somebody in security."""
        _, raw = people.create_token("audit", saltmarsh_person("security"), ["read", "act"], by=BY)
        return {"HTTP_AUTHORIZATION": f"Bearer {raw}"}

    def test_a_part_comes_at_once(self, saltmarsh: Company, program: dict[str, str], tmp_path: Path) -> None:
        answer = Client().get("/api/v1/trail/export", {"action": "finding.opened"}, **program)  # type: ignore[arg-type]  # headers
        assert answer["Content-Type"] == "application/zip"
        assert lines(whole(answer))
        assert trail.events(limit=1)[0].action == "trail.exported"

    def test_the_whole_is_asked_for_and_fetched(self, saltmarsh: Company, program: dict[str, str]) -> None:
        asked = Client().post("/api/v1/trail/exports", {}, content_type="application/json", **program)  # type: ignore[arg-type]  # headers
        assert (asked.status_code, asked.json()["state"]) == (202, "done")
        at = f"/api/v1/trail/runs/{asked.json()['id']}"
        assert Client().get(at, **program).json()["outcome"]["events"] == trail.size()  # type: ignore[arg-type]  # headers
        data = whole(Client().get(f"{at}/file", **program))  # type: ignore[arg-type]  # headers
        assert len(lines(data)) == trail.size()

    def test_a_check_says_what_came_of_it(self, saltmarsh: Company, program: dict[str, str]) -> None:
        told = Client().post("/api/v1/trail/checks", **program).json()  # type: ignore[arg-type]  # headers
        assert (told["kind"], told["state"], told["outcome"]["ok"]) == ("check", "done", True)

    def test_without_a_token_nothing_is_given_out(self, saltmarsh: Company) -> None:
        assert Client().get("/api/v1/trail/export").status_code == 401

    def test_nothing_found_is_said(self, saltmarsh: Company, program: dict[str, str]) -> None:
        assert Client().get("/api/v1/trail/export", {"actor": "nobody"}, **program).status_code == 409  # type: ignore[arg-type]  # headers
