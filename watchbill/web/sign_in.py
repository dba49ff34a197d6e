"""Sign-in by django-allauth, bent to the roster: nobody signs up, people come from the roster, and each step stands in the trail.

It holds no password logic of its own. Receivers write one audit event each and never the address that a stranger typed.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import urlsplit

from allauth.account import signals as account
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa import signals as second_factor
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from watchbill.base import writer
from watchbill.base.acting import Actor
from watchbill.base.settings import settings

_AUDITED = (
    (user_logged_in, "person.signed_in"),
    (user_logged_out, "person.signed_out"),
    (account.password_changed, "person.password_changed"),
    (account.password_set, "person.password_changed"),
    (account.password_reset, "person.password_reset"),
    (second_factor.authenticator_added, "person.second_factor_added"),
    (second_factor.authenticator_removed, "person.second_factor_removed"),
    (second_factor.authenticator_reset, "person.recovery_codes_renewed"),
    (second_factor.authentication_failed, "person.second_factor_failed"),
)


class RosterAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """People are made by the roster; there is no signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: str) -> object:
        """The person with this password, or None; None for everybody where `sign_in.password` is off."""
        return super().authenticate(request, **credentials) if settings().sign_in.password else None

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail, at our own address: whoever asks for it says in its Host header where they would like it to lead."""
        own = settings()
        path: str = urlsplit(super().get_reset_password_from_key_url(key)).path
        return (own.public_url.rstrip("/") or f"http://{own.addr}") + path

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """As the library does, but the mail calls us by our name rather than by the asker's Host header."""
        house = SimpleNamespace(name="Watchbill", domain="Watchbill")
        super().send_mail(template_prefix, email, {**context, "current_site": house})


class RosterSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Single sign-on lets in people the roster knows by that verified address, and nobody else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False


def record_sign_ins() -> None:
    """Connect the audit trail to every sign-in signal; called once, when the app is ready."""
    for signal, action in _AUDITED:
        signal.connect(_receiver(action), weak=False, dispatch_uid=f"trail:{action}:{id(signal)}")
    user_login_failed.connect(_failed, weak=False, dispatch_uid="trail:person.sign_in_failed")


def _receiver(action: str) -> Callable[..., None]:
    def receive(sender: object, user: object = None, request: HttpRequest | None = None, **_: object) -> None:
        email = getattr(user, "email", "") or "unknown"
        by = Actor("person", email, "web")
        outcome = "refused" if action.endswith("_failed") else "done"
        writer.write(lambda: writer.audit(by, action, f"person:{email}", outcome=outcome, private=_address(request)), name=action)

    return receive


def _failed(sender: object, request: HttpRequest | None = None, **_: object) -> None:
    """A wrong password or an unknown address. What was typed is not kept: people type passwords into the wrong field."""
    by = Actor("person", "unknown", "web")
    writer.write(
        lambda: writer.audit(by, "person.sign_in_failed", "sign-in", outcome="refused", private=_address(request)),
        name="person.sign_in_failed",
    )


def _address(request: HttpRequest | None) -> dict[str, str]:
    address = str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""
    return {"address": address} if address else {}
