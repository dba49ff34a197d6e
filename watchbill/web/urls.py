"""Every address of the product. Django's own admin isn't here; there is no other way in."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_safe

from watchbill.base.problem import Problem, not_found
from watchbill.web import assets
from watchbill.web.api import inbox
from watchbill.web.api.api import api, openapi
from watchbill.web.api.changes import Changes
from watchbill.web.api.door import problem_answer
from watchbill.web.api.taking import as_view
from watchbill.web.pages import (
    ack,
    alerts,
    finding,
    findings,
    incidents,
    machine,
    me,
    now,
    oncall,
    sample,
    services,
    setup,
    sources,
    trail,
    trail_proof,
    welcome,
)


@require_safe
def _favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(assets.address("mark.svg"))


@require_safe
def _openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(openapi(request))


def _not_here(request: HttpRequest) -> HttpResponse:
    raise not_found("page", request.path)


def _no_such_api(request: HttpRequest, rest: str) -> HttpResponse:
    detail = f"There is nothing at /api/{rest}."
    return problem_answer(Problem("not_found", "No such address", detail, remedy="See /api/v1/openapi.json.", status=404))


urlpatterns = [
    path("", now.page, name="now"),
    path("sample/", sample.page, name="sample"),
    path("sample/forward", sample.forward, name="sample-forward"),
    path("sample/upgrade", sample.upgrade, name="sample-upgrade"),
    path("sample/own", sample.own, name="sample-own"),
    path("findings/", findings.page, name="findings"),
    path("findings.<str:kind>", findings.export, name="findings-file"),
    path("findings/<int:finding_id>/", finding.page, name="finding"),
    path("findings/<int:finding_id>/do", finding.act, name="finding-act"),
    path("alerts/<int:alert_id>/", alerts.page, name="alert"),
    path("alerts/<int:alert_id>/do", alerts.act, name="alert-act"),
    path("p/<str:token>", ack.page, name="ack"),
    path("incidents/", incidents.page, name="incidents"),
    path("incidents/<int:incident_id>/", incidents.one, name="incident"),
    path("on-call/", oncall.page, name="on-call"),
    path("on-call/<slug:slug>/", oncall.page, name="on-call-schedule"),
    path("on-call/<slug:slug>/cover", oncall.cover, name="on-call-cover"),
    path("services/", services.page, name="services"),
    path("services/<slug:slug>/", services.one, name="service"),
    path("services/<slug:slug>/context", services.change, name="service-context"),
    path("sources/", sources.page, name="sources"),
    path("sources/<int:source_id>/", sources.one, name="source"),
    path("sources/<int:source_id>/check", sources.check, name="source-check"),
    path("sources/held/<str:key>", sources.held, name="held-scan"),
    path("trail/", trail.page, name="trail"),
    path("trail/events.<str:kind>", trail.export, name="trail-file"),
    path("trail/check", trail_proof.check, name="trail-check"),
    path("trail/export", trail_proof.export, name="trail-export"),
    path("trail/runs/<int:run_id>/", trail_proof.run, name="trail-run"),
    path("trail/runs/<int:run_id>/file", trail_proof.file, name="trail-run-file"),
    path("trail/<int:seq>/", trail.one, name="trail-event"),
    path("setup/", setup.page, name="setup"),
    path("setup/token", setup.token, name="setup-token"),
    path("setup/roster", setup.roster_file, name="setup-roster"),
    path("setup/owners", setup.codeowners, name="setup-owners"),
    path("setup/people/", setup.everyone, name="people"),
    path("setup/tokens/", setup.tokens, name="tokens"),
    path("me/", me.page, name="me"),
    path("me/look", me.look, name="look"),
    path("me/contact", me.add_method, name="my-methods"),
    path("me/contact/<int:method_id>", me.method, name="my-method"),
    path("me/rules", me.rules, name="my-rules"),
    path("me/ringing.json", me.ringing, name="ringing"),
    path("me/second-factor.svg", me.totp_picture, name="totp-picture"),
    path("welcome/<str:token>", welcome.page, name="welcome"),
    path("static/<str:name>", assets.serve, name="static"),
    path("favicon.ico", _favicon, name="favicon"),
    path("healthz", machine.healthz, name="healthz"),
    path("wb", machine.client, name="wb"),
    path("control/<str:name>", machine.verb, name="control"),
    # Addresses come from the roster: whoever changed their own would be somebody else in the trail, and could sign what they asked for.
    path("accounts/email/", _not_here),
    path("accounts/", include("allauth.urls")),
    path("api/v1/changes", as_view(Changes()), name="api-changes"),
    path("api/v1/inbox", inbox.take, name="api-inbox"),
    path("api/v1/inbox/<int:inbox_id>", inbox.state, name="api-inbox-state"),
    path("api/v1/openapi.json", _openapi, name="api-openapi"),
    path("api/v1/", api.urls),
    path("api/<path:rest>", _no_such_api),
]

handler400 = "watchbill.web.errors.bad_request"
handler403 = "watchbill.web.errors.permission_denied"
handler404 = "watchbill.web.errors.page_not_found"
handler500 = "watchbill.web.errors.server_error"
