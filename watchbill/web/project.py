"""Django's own settings, derived from `watchbill.toml` and the environment.

Operators never edit this file: what they may change is in `watchbill.base.settings` and is shown by `watchbill check`. This module
only translates those values into Django's names. It opens no database and starts no thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchbill.base import postgres
from watchbill.base.keys import django_secret
from watchbill.base.settings import settings

_own = settings()
_public = urlsplit(_own.public_url)
_https = _public.scheme == "https"

SECRET_KEY = django_secret()
DEBUG = False
ROOT_URLCONF = "watchbill.web.urls"
ALLOWED_HOSTS = sorted({"localhost", "127.0.0.1", "[::1]", _public.hostname or "localhost", *_own.allowed_hosts})
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public.netloc else []

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "watchbill.base",
    "watchbill.roster",
    "watchbill.paging",
    "watchbill.cases.findings",
    "watchbill.cases.incidents",
    "watchbill.intake.scans",
    "watchbill.sample",
    "watchbill.web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "watchbill.web.middleware.SafeHeaders",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "watchbill.web.middleware.SignedInByDefault",
    "watchbill.web.middleware.ProblemPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "watchbill.web.shell.shell",
            ],
        },
    },
]


def _database() -> dict[str, Any]:
    """SQLite in the data directory, or the PostgreSQL of `database_url`."""
    if not _own.database_url:
        return {
            "ENGINE": "watchbill.base.sqlite",
            "NAME": str(_own.data / "watchbill.db"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 5.0},
            "TEST": {"NAME": None},
        }
    return postgres.connection_settings(_own.database_url)


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "roster.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"

# Sign-in by e-mail; people are made by the roster, never by themselves.
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Watchbill] "
ACCOUNT_ADAPTER = "watchbill.web.sign_in.RosterAdapter"
SOCIALACCOUNT_ADAPTER = "watchbill.web.sign_in.RosterSocialAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ALLAUTH_TRUSTED_PROXY_COUNT = _own.trusted_proxies
ACCOUNT_SESSION_REMEMBER = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_own.sign_in.oidc_app()] if _own.sign_in.oidc_issuer else []}}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Watchbill"

SESSION_ENGINE = "watchbill.base.sessions"
SESSION_COOKIE_NAME = "watchbill_session"
SESSION_COOKIE_AGE = _own.sign_in.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

EMAIL_BACKEND = "watchbill.base.mail_backend.GuardedDoor"
DEFAULT_FROM_EMAIL = _own.mail.sender

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
APPEND_SLASH = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "watchbill.base.log_lines.LogLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": _own.log_level},
    "loggers": {"django.server": {"level": "ERROR"}, "django.security.DisallowedHost": {"level": "CRITICAL"}},
}
