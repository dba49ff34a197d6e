"""Settings: `watchbill.toml` and WATCHBILL_* variables read into frozen structs, each value with its origin. Never Django's settings,
never a guess: an unknown name is a Problem that says which one is nearest.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from watchbill.base import limits
from watchbill.base.problem import Problem, invalid


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The SMTP server that takes our mail. No host: no mail is sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    password_file: str = ""
    tls: Literal["none", "starttls", "tls"] = "starttls"
    sender: str = "watchbill@localhost"


class OutgoingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calls may leave this machine: private addresses only when listed in `allow_hosts` or all allowed."""

    allow_hosts: list[str] = []
    allow_private: bool = False
    timeout_seconds: float = 15.0


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where checkpoints of the audit trail go, out of the administrator's reach; several at once are better than one. `late_minutes`:
    how long the newest events may be unwitnessed before that is a warning.
    """

    file: str = ""
    mail: list[str] = []
    mail_minutes: int = 60
    syslog: str = ""
    syslog_ca: str = ""
    git: str = ""
    git_branch: str = "checkpoints"
    git_ssh_key: str = ""
    git_token: str = ""
    git_token_file: str = ""
    http: str = ""
    http_method: Literal["POST", "PUT"] = "POST"
    http_token: str = ""
    http_token_file: str = ""
    tlog: str = ""
    tlog_key: str = ""
    late_minutes: int = 15


class SignInSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Single sign-on through OpenID Connect, beside passwords."""

    oidc_name: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_client_secret_file: str = ""
    password: bool = True
    session_hours: int = 12

    def oidc_app(self) -> dict[str, Any]:
        """The provider in the form that the sign-in library takes."""
        return {
            "provider_id": "oidc",
            "name": self.oidc_name or "Single sign-on",
            "client_id": self.oidc_client_id,
            "secret": self.oidc_client_secret,
            "settings": {"server_url": self.oidc_issuer},
        }


class PagingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the bell behaves: how long a sender may take, when a page counts as late, how long its link works, who hears its heart."""

    lease_seconds: int = 60
    late_after_seconds: int = 60
    ack_link_hours: int = 24
    heartbeat_url: str = ""


_ECOSYSTEMS = ("PyPI", "npm", "Go", "crates.io", "RubyGems", "Packagist", "Maven", "NuGet")


class AdvisorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mirror of advisories: below `url` lies `<ecosystem>/all.zip`, as OSV publishes them. Nothing set: nothing is fetched."""

    url: str = ""
    ecosystems: list[str] = msgspec.field(default_factory=lambda: list(_ECOSYSTEMS))
    kev_url: str = ""
    epss_url: str = ""
    every_hours: int = 0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set. `database_url` empty: the embedded database in `data`. `trusted_proxies`: how many reverse proxies of
    ours a request passes, so that the limits on signing in count people and not the proxy."""

    data: Path = Path(".watchbill")
    addr: str = "127.0.0.1:8080"
    public_url: str = ""
    allowed_hosts: list[str] = []
    trusted_proxies: int = 0
    database_url: str = ""
    timezone: str = "UTC"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    mail: MailSettings = MailSettings()
    outgoing: OutgoingSettings = OutgoingSettings()
    witness: WitnessSettings = WitnessSettings()
    sign_in: SignInSettings = SignInSettings()
    paging: PagingSettings = PagingSettings()
    advisories: AdvisorySettings = AdvisorySettings()


_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "mail": MailSettings,
    "outgoing": OutgoingSettings,
    "witness": WitnessSettings,
    "sign_in": SignInSettings,
    "paging": PagingSettings,
    "advisories": AdvisorySettings,
}
_SECRETS = (
    "mail.password",
    "sign_in.oidc_client_secret",
    "database_url",
    "paging.heartbeat_url",
    "witness.git_token",
    "witness.http_token",
)
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_PREFIX = "WATCHBILL_"
# Variables of the same prefix that are read elsewhere: by the client, by the tests, and to find the file itself.
ROLE = "WATCHBILL_ROLE"  # told by a serving parent to its worker
_NOT_SETTINGS = ("WATCHBILL_CONFIG", "WATCHBILL_URL", "WATCHBILL_TOKEN", ROLE)
_TESTS = "WATCHBILL_TEST_"


@dataclass(frozen=True, slots=True)
class Explained:
    """The settings, and per name (`mail.host`) where the value came from."""

    settings: Settings
    origins: dict[str, str]


def names() -> tuple[str, ...]:
    """Every setting's dotted name, in the order of the structs."""
    top = [name for name in Settings.__struct_fields__ if name not in _SECTIONS]
    return (*top, *(f"{section}.{field}" for section, struct in _SECTIONS.items() for field in struct.__struct_fields__))


def variable(name: str) -> str:
    """The environment variable of a setting: `mail.host` is WATCHBILL_MAIL_HOST."""
    return _PREFIX + name.replace(".", "_").upper()


@cache
def settings() -> Settings:
    """This process's settings, read once from its environment and file."""
    return _of_this_process().settings


def load_settings(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Read the file at `path` (None: no file) and then `env`, which wins. Raises Problem naming the file or variable at fault."""
    return _load(path, env).settings


def explain() -> list[tuple[str, str, str]]:
    """Name, shown value and origin of every setting in effect; secrets masked."""
    known = _of_this_process()
    return [(name, _shown(known.settings, name), known.origins.get(name, "default")) for name in names()]


def forget() -> None:
    """Read them anew at the next question. For tests and for commands that change the environment."""
    settings.cache_clear()
    _of_this_process.cache_clear()


@cache
def _of_this_process() -> Explained:
    env = os.environ
    if named := env.get("WATCHBILL_CONFIG"):
        return _load(Path(named), env)
    beside_the_data = Path(env.get("WATCHBILL_DATA") or Settings().data) / "watchbill.toml"
    return _load(beside_the_data if beside_the_data.exists() else None, env)


def _load(path: Path | None, env: Mapping[str, str]) -> Explained:
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if path is not None:
        tree = _read_toml(path)
        origins = dict.fromkeys(_flat_names(tree, str(path)), str(path))
    _overlay_environment(tree, origins, env)
    _read_secret_files(tree, origins, path.parent if path else Path())
    try:
        return Explained(msgspec.convert(tree, Settings, dec_hook=_to_path), origins)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("`$.")[2].rstrip("`") if "`$." in str(error) else ""
        where = origins.get(field, str(path or "the environment"))
        raise invalid(field, f"{error} ({where})", f"Correct {field or 'the value'} in {where}.") from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        detail = f"{path} can't be read: {error.strerror}."
        remedy = "Correct WATCHBILL_CONFIG or the file's rights."
        raise Problem("settings", "No settings", detail, field=str(path), remedy=remedy) from error
    if len(data) > limits.SETTINGS_FILE_BYTES:
        raise invalid(str(path), f"{path} is larger than {limits.SETTINGS_FILE_BYTES} bytes.")
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise invalid(str(path), f"{path} is no TOML file: {error}.", "Correct the line that is named.") from error


def _flat_names(tree: Mapping[str, Any], where: str) -> list[str]:
    """Dotted names of all values in the file. Raises Problem for a name that is no setting."""
    found: list[str] = []
    for key, value in tree.items():
        if key in _SECTIONS and isinstance(value, dict):
            found += [f"{key}.{inner}" for inner in value]
        elif key in _SECTIONS:
            raise invalid(key, f"{key} in {where} is a table of settings, not one value.", f"Write [{key}] above its settings.")
        elif isinstance(value, dict):
            found += [f"{key}.{inner}" for inner in value] or [key]
        else:
            found.append(key)
    known = set(names())
    for name in found:
        if name not in known:
            raise _unknown(name, sorted(known), where)
    return found


def _unknown(name: str, known: list[str], where: str) -> Problem:
    by_rest = {one.removeprefix(_PREFIX): one for one in known}
    near = difflib.get_close_matches(name.removeprefix(_PREFIX), list(by_rest), n=1, cutoff=0.5)
    remedy = f"Did you mean {by_rest[near[0]]}?" if near else "Take it out; `watchbill check` lists every setting."
    detail = f"{where} sets {name}, which does not exist."
    return Problem("unknown_setting", "Unknown setting", detail, field=name, remedy=remedy, status=422)


def _overlay_environment(tree: dict[str, Any], origins: dict[str, str], env: Mapping[str, str]) -> None:
    known = {variable(name): name for name in names()}
    for key in sorted(env):
        if not key.startswith(_PREFIX) or key in _NOT_SETTINGS or key.startswith(_TESTS):
            continue
        if key not in known:
            raise _unknown(key, sorted(known), "the environment")
        name = known[key]
        section, _, field = name.rpartition(".")
        target = tree.setdefault(section, {}) if section else tree
        target[field] = _from_text(name, env[key])
        origins[name] = key


def _from_text(name: str, text: str) -> object:
    kind = type(_value(Settings(), name))
    if kind is bool:
        return _WORDS.get(text.strip().lower(), text)
    if kind is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _read_secret_files(tree: dict[str, Any], origins: dict[str, str], folder: Path) -> None:
    for name in names():
        section, _, field = name.rpartition(".")
        values = tree.get(section) if section else tree
        if not field.endswith("_file") or not isinstance(values, dict) or not isinstance(values.get(field), str) or not values[field]:
            continue
        file = folder / values[field]
        try:
            secret = file.read_text()[: limits.SECRET_FILE_BYTES].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise invalid(name, f"{file} can't be read: {error}.", f"Correct {origins[name]}.") from error
        values[field.removesuffix("_file")] = secret
        origins[name.removesuffix("_file")] = str(file)


def _to_path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)


def _value(of: Settings, name: str) -> object:
    section, _, field = name.rpartition(".")
    return getattr(getattr(of, section) if section else of, field)


def _shown(of: Settings, name: str) -> str:
    value = _value(of, name)
    if name in _SECRETS:
        return "********" if value else ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
