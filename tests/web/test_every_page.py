"""Walks the whole URL table and opens each page as each kind of person, in a full and in an empty company.

What must hold for every page stands here once: it answers as it should, has one heading and a title, nothing inline, the policy, a bounded
number of queries and octets, no dead link, and looking changes nothing.
"""

import gzip
import re
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from tests.web.conftest import ROLES, Company
from watchbill.base import trail
from watchbill.cases.incidents import queries as incidents
from watchbill.intake.scans import queries as scans
from watchbill.paging.links import ack_link
from watchbill.roster import queries as roster
from watchbill.sample import queries as sample
from watchbill.web import assets
from watchbill.web.middleware import PUBLIC

PAGE_BUDGET = 60 * 1024
QUERIES_MOST = 80
ONLY_POST = {
    "finding-act",
    "alert-act",
    "on-call-cover",
    "service-context",
    "source-check",
    "held-scan",
    "trail-check",
    "trail-export",
    "setup-token",
    "setup-roster",
    "setup-owners",
    "look",
    "my-methods",
    "my-method",
    "my-rules",
    "sample-forward",
    "sample-upgrade",
    "sample-own",
    "control",
    "api-changes",
    "api-inbox",
}
NO_PAGE = {
    "findings-file",
    "trail-file",
    "trail-run",
    "trail-run-file",
    "ringing",
    "totp-picture",
    "static",
    "favicon",
    "healthz",
    "wb",
    "api-inbox-state",
    "api-openapi",
    "welcome",
}
ONLY_ADMIN = {"people"}
ONLY_SAMPLE = {"sample"}


class Page(HTMLParser):
    """What the checks need to know of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


def own_patterns() -> list[URLPattern]:
    """Our named addresses; allauth's and ninja's stand in included tables of their own."""
    return [pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern) and pattern.name]


def pages() -> list[str]:
    return sorted({str(pattern.name) for pattern in own_patterns()} - ONLY_POST - NO_PAGE)


def address(name: str) -> str | None:
    """An address that exists in this company for the page of that name; None where it has no such thing."""
    told = sample.story() if name in ("finding", "alert", "ack", "sample") else None
    if name in ("finding", "alert", "ack"):
        if told is None:
            return None
        return ack_link(told.page_id) if name == "ack" else reverse(name, args=[told.finding_id if name == "finding" else told.alert_id])
    if name == "incident":
        return None
    if name == "on-call-schedule":
        return reverse(name, args=[roster.schedules()[0].slug]) if roster.schedules() else None
    if name == "service":
        return reverse(name, args=[roster.services()[0].slug]) if roster.services() else None
    if name == "source":
        return reverse(name, args=[scans.sources()[0].id]) if scans.sources() else None
    if name == "trail-event":
        return reverse(name, args=[1]) if trail.size() else None
    return reverse(name)


@pytest.fixture(params=["saltmarsh", "empty"])
def company(request: pytest.FixtureRequest) -> Company:
    found: Company = request.getfixturevalue(request.param)
    return found


_SEEN: dict[tuple[str, str], list[tuple[str, str, int, str]]] = {}


def opened(company: Company, role: str) -> list[tuple[str, str, int, str]]:
    """Every page as that person sees it: name, address, status, HTML. Each company is the same in every test, so it is looked at once."""
    key = (company.name, role)
    if key not in _SEEN:
        _SEEN[key] = look_at_everything(company, role)
    return _SEEN[key]


def look_at_everything(company: Company, role: str) -> list[tuple[str, str, int, str]]:
    client = company.visit(role)
    found = []
    for name in pages():
        path = address(name)
        if path is not None:
            response = client.get(path)
            found.append((name, path, response.status_code, response.content.decode()))
    return found


def expected(name: str, role: str, company: Company) -> int:
    if role == "nobody":
        return 200 if name in PUBLIC else 302
    if name in ONLY_ADMIN and role != "admin":
        return 403
    if name in ONLY_SAMPLE and company.name != "saltmarsh":
        return 404
    return 200


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_every_page_answers_each_kind_of_person_as_it_should(company: Company, role: str) -> None:
    assert {name: status for name, _, status, _ in opened(company, role)} == {
        name: expected(name, role, company) for name in pages() if address(name) is not None
    }


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_every_page_has_one_heading_and_a_title(company: Company, role: str) -> None:
    for name, _, _, html in opened(company, role):
        page = Page(html)
        assert len(page.all("h1")) == 1, name
        title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
        assert title, name
        assert title.group(1).strip().removesuffix("· Watchbill").strip(), name


@pytest.mark.parametrize("role", ["admin", "nobody"])
def test_nothing_stands_inline_and_nothing_comes_from_elsewhere(company: Company, role: str) -> None:
    for name, _, _, html in opened(company, role):
        page = Page(html)
        assert not page.all("style"), name
        assert not page.all("iframe"), name
        assert all(attrs.get("src", "").startswith("/static/") for attrs in page.all("script")), name
        assert all(attrs["href"].startswith("/static/") for attrs in page.all("link")), name
        for tag, attrs in page.tags:
            assert "style" not in attrs, (name, tag)
            assert not [attr for attr in attrs if attr.startswith("on")], (name, tag)
            assert not attrs.get("src", "").startswith(("data:", "http")), (name, tag)


def test_no_page_has_a_dead_link(company: Company) -> None:
    client = company.visit("admin")
    seen: dict[str, int] = {}
    for name, path, _, html in opened(company, "admin"):
        for attrs in Page(html).all("a"):
            href = attrs.get("href", "")
            assert href not in ("", "#"), (name, attrs)
            if href.startswith(("https://", "http://", "#", "?")):
                continue
            target = href.partition("#")[0]
            if target not in seen:
                seen[target] = client.get(target, follow=False).status_code
            assert seen[target] in (200, 302), (name, path, href, seen[target])


def test_links_within_a_page_lead_somewhere(company: Company) -> None:
    for name, _, _, html in opened(company, "admin"):
        page = Page(html)
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), (name, sorted(one for one in ids if ids.count(one) > 1))
        for attrs in page.all("a"):
            if attrs.get("href", "").startswith("#"):
                assert attrs["href"][1:] in ids, (name, attrs)
        for attrs in page.all("label"):
            if "for" in attrs:
                assert attrs["for"] in ids, (name, attrs)


def test_every_form_posts_with_this_browsers_own_mark(company: Company) -> None:
    for name, path, _, html in opened(company, "admin"):
        for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
            if 'method="post"' in form and 'action="/p/' not in form:
                assert "csrfmiddlewaretoken" in form, (name, path)


def test_at_most_one_button_is_filled(company: Company) -> None:
    for name, _, _, html in opened(company, "admin"):
        assert html.count("btn primary") <= 1, name


@pytest.mark.parametrize("role", ["security", "nobody"])
def test_every_answer_carries_the_policy(company: Company, role: str) -> None:
    client = company.visit(role)
    for name in pages():
        path = address(name)
        if path is None:
            continue
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'"), name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert "no-store" in headers["Cache-Control"], name


def test_every_page_with_all_it_loads_fits_its_budget(company: Company) -> None:
    for name, _, _, html in opened(company, "admin"):
        loaded = {attrs["src"] for attrs in Page(html).all("script")} | {attrs["href"] for attrs in Page(html).all("link")}
        weight = len(gzip.compress(html.encode(), 9)) + sum(len(_asset(path).packed) for path in loaded)
        assert weight <= (14 if name == "ack" else 60) * 1024, (name, weight)


def _asset(path: str) -> assets.Asset:
    return assets.assets()[path.removeprefix("/static/").partition("?")[0]]


def test_no_page_asks_the_database_without_end(company: Company) -> None:
    client = company.visit("security")
    for name in pages():
        path = address(name)
        if path is None:
            continue
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
        assert len(asked) <= QUERIES_MOST, (name, len(asked))


def test_looking_changes_nothing(company: Company) -> None:
    company.visit("admin")
    before = trail.size()
    look_at_everything(company, "admin")
    look_at_everything(company, "nobody")
    assert trail.size() == before


@pytest.mark.parametrize("name", sorted(ONLY_POST - {"control", "api-changes", "api-inbox"}))
def test_what_changes_something_takes_only_a_post(saltmarsh: Company, name: str) -> None:
    arguments = {"held-scan": ["x"], "on-call-cover": ["security"], "service-context": ["berth-board"]}
    numbered = name in ("finding-act", "alert-act", "source-check", "my-method")
    path = reverse(name, args=arguments.get(name, [1] if numbered else []))
    assert saltmarsh.visit("admin").get(path).status_code == 405


@pytest.mark.parametrize("name", sorted(ONLY_POST - {"control", "api-changes", "api-inbox"}))
def test_a_post_without_this_browsers_own_mark_is_refused(saltmarsh: Company, name: str) -> None:
    arguments = {"held-scan": ["x"], "on-call-cover": ["security"], "service-context": ["berth-board"]}
    numbered = name in ("finding-act", "alert-act", "source-check", "my-method")
    path = reverse(name, args=arguments.get(name, [1] if numbered else []))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies.update(saltmarsh.visit("admin").cookies)
    size = trail.size()
    assert strict.post(path).status_code == 403
    assert trail.size() == size


def test_an_incident_is_seen_by_who_started_it_and_by_security_only(saltmarsh: Company) -> None:
    alice = next(person for person in roster.people() if person.role == "engineer")
    charlie = next(person for person in roster.people() if person.role == "viewer")
    bob = next(person for person in roster.people() if person.role == "security")
    saltmarsh.visit_as(alice.email).post(reverse("incidents"), {"what": "Odd logins on db3 since lunch"})
    started = incidents.incidents(alice)[0]
    path = reverse("incident", args=[started.id])
    assert saltmarsh.visit_as(alice.email).get(path).status_code == 200
    assert saltmarsh.visit_as(bob.email).get(path).status_code == 200
    assert saltmarsh.visit_as(charlie.email).get(path).status_code == 404
    assert "Odd logins" not in saltmarsh.visit_as(charlie.email).get(reverse("trail")).content.decode()


def test_a_viewer_may_pull_the_cord(saltmarsh: Company) -> None:
    answer = saltmarsh.visit("viewer").post(reverse("incidents"), {"what": "Odd logins on db3"})
    assert answer.status_code == 303
    assert saltmarsh.visit("viewer").get(answer["Location"]).status_code == 200
