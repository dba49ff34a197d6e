#!/usr/bin/env python3
"""wb: Watchbill at your terminal. One file, nothing but the standard library, Python 3.8 or newer; also served by your server at /wb.

It tells the server and asks it; it decides nothing and keeps nothing but the server's address and your token. The token goes to that
one address over verified TLS (or to this machine itself) and nowhere else: no redirect is followed. What the server says is shown with
everything a terminal might act on made visible. Modules that a `--help` doesn't need are loaded only when a request is made.

Exit codes: 0 done, 1 the server said no, 2 it could not be reached or the outcome is unclear, 64 wrong usage, 130 stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

REFUSED, UNCLEAR, USAGE, STOPPED = 1, 2, 64, 130
PATIENCE_SECONDS = 20.0
ANSWER_SECONDS = 15.0
READ_SECONDS = 5.0
ANSWER_BYTES = 16 * 1024 * 1024
FILE_BYTES = 64 * 1024 * 1024
FILES_MOST = 2000
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
GIT_SECONDS = 5.0
_HARMLESS = "core.fsmonitor=false core.hooksPath=/dev/null log.showSignature=false log.follow=false protocol.allow=never"
GIT_SETTINGS = tuple(_HARMLESS.split(" "))
AGAIN = (429, 502, 503, 504)
LOGIN = "wb login --url URL"

# As the server's readers know them: a test compares the two.
_NAMES = (
    "bom.json bom.xml buildscript-gradle.lockfile cargo.lock composer.lock gemfile.lock gems.locked go.mod gradle.lockfile"
    " npm-shrinkwrap.json package-lock.json packages.lock.json pdm.lock pipfile.lock pnpm-lock.yaml poetry.lock pom.xml"
    " pylock.toml sbom.spdx shrinkwrap.yaml spdx.json uv.lock yarn.lock"
)
LOCKFILES = frozenset(_NAMES.split(" "))
PATTERNS = ("*.cdx.json", "*.cdx.xml", "*.spdx", "*.spdx.json", "*bom.json", "*bom.xml", "*requirements*.txt")
SKIPPED = (".git", ".hg", ".svn", ".tox", ".venv", "__pycache__", "node_modules", "target", "vendor", "venv")


class Trouble(Exception):
    """What ends a command early: an exit code, and what happened with what to do (the server's own problem when it said no)."""

    def __init__(self, code: int, title: str = "", detail: str = "", remedy: str = "") -> None:
        super().__init__(title)
        self.code = code
        self.facts: dict[str, Any] = {"title": title, "detail": detail, "remedy": remedy}


class Told(NamedTuple):
    """What a command has to say: the answer for --json, the same in words, and its exit code."""

    answer: Any
    lines: list[str]
    code: int = 0


class Parser(argparse.ArgumentParser):
    """argparse with our exit code for wrong usage, and without guessing at shortened options."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - whatever argparse takes
        super().__init__(**{"allow_abbrev": False, **given})

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


# ---- words ----


def inert(text: object) -> str:
    """One line, with controls, line breaks and marks that turn the direction of writing shown as numbers."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in str(text))


def problem_lines(facts: dict[str, Any]) -> Iterator[str]:
    """What went wrong, to what, and what to do."""
    yield f"Error: {facts.get('title') or 'the server said no'}"
    for before, name in (("", "detail"), ("in: ", "field"), ("What to do: ", "remedy")):
        if facts.get(name):
            yield f"  {before}{facts[name]}"


# ---- where the server is, and who we are ----


def settings_file() -> str:
    """Where `wb login` keeps the address and the token."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "watchbill", "wb.json")


def read_settings() -> dict[str, str]:
    """What `wb login` kept; empty when nothing was. Raises Trouble when the file is damaged or others may read it."""
    path = settings_file()
    try:
        with open(path, encoding="utf-8") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise Trouble(USAGE, "Your token can be read by others", path, f"chmod 600 {path}, and make a new token.")
            kept = json.load(file)
        return {str(name): str(value) for name, value in kept.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise Trouble(USAGE, "The settings can't be read", f"{path}: {error}", LOGIN) from error


def write_settings(url: str, token: str) -> str:
    """Keep them for this user only, in one step; the file's path."""
    path = settings_file()
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    scratch = f"{path}.{os.getpid()}"
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": url, "token": token}, file)
    os.replace(scratch, path)
    return path


def known_server(options: argparse.Namespace) -> Server:
    """The server that the environment or the settings name. A kept token is only good for the address it was kept with."""
    url, token = os.environ.get("WATCHBILL_URL", ""), os.environ.get("WATCHBILL_TOKEN", "")
    kept = {} if url and token else read_settings()
    url = url or kept.get("url", "")
    if kept.get("url", "").rstrip("/") == url.rstrip("/"):
        token = token or kept.get("token", "")
    if not url or not token:
        lacking = f"a token for {url}" if url else "the server's address"
        raise Trouble(USAGE, f"wb does not know {lacking}", "", f"{LOGIN}, or set WATCHBILL_URL and WATCHBILL_TOKEN.")
    return Server(url, token, options)


def typed_token(given: str | None) -> str:
    """The token of the command line; asked for when there is none, so that it stays out of the shell's history; `-` reads a line."""
    if given is None and sys.stdin.isatty():
        import getpass  # noqa: PLC0415 - `wb --help` must stay light

        return getpass.getpass("Token: ").strip()
    return (sys.stdin.readline() if given in (None, "-") else str(given)).strip()


# ---- asking ----


class Server:
    """One server and our token for it. Raises Trouble for an address that a token must not go to."""

    def __init__(self, url: str, token: str, options: argparse.Namespace) -> None:
        from urllib.parse import urlsplit  # noqa: PLC0415 - as above

        self.url, self.token, self.patience = url.rstrip("/"), token, options.patience
        try:
            parts = urlsplit(url)
            self.host, scheme = parts.hostname or "", parts.scheme
            fits = scheme in ("http", "https") and bool(self.host) and "@" not in parts.netloc and (parts.port or 1) > 0
        except ValueError:
            fits, scheme = False, ""
        if not fits or not url.isprintable() or " " in url:
            raise Trouble(USAGE, "That is no server's address", url, "Give one such as https://watchbill.example.com.")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise Trouble(
                USAGE, "That is no token", "A token is one word of plain letters.", "Make one in the web pages under Set-up, Tokens."
            )
        if scheme == "http" and not is_this_machine(self.host) and not options.insecure_http:
            remedy = "Use https://, or --insecure-http if you accept that everybody on the way can read the token."
            raise Trouble(USAGE, "The token is not sent over plain HTTP", f"{url} has no encryption.", remedy)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The answer. Tries again while the server can't be reached or asks to wait, as far as patience goes.

        Every request may be repeated: those that make something carry an Idempotency-Key. Raises Trouble.
        """
        until = time.monotonic() + self.patience
        status, wait, data, failure = self._once(method, path, body, headers or {})
        for pause in PAUSES:
            rest = max(pause, wait)
            if (status and status not in AGAIN) or time.monotonic() + rest > until:
                break
            time.sleep(rest)
            status, wait, data, failure = self._once(method, path, body, headers or {})
        if failure:
            raise Trouble(UNCLEAR, "The server gave no answer", f"{self.url}: {failure}", "Run the same again: nothing is lost here.")
        return self._read(status, data)

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, float, bytes, str]:
        """(status or 0, seconds to wait as told, body, why there was no answer)."""
        from http.client import HTTPException  # noqa: PLC0415 - as above
        from urllib import error, request  # noqa: PLC0415 - as above

        class Stay(request.HTTPRedirectHandler):
            """A token is for one address, so no other one is gone to."""

            def redirect_request(self, *_given: object) -> None:
                return None

        told = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "wb", **headers}
        asked = request.Request(self.url + path, data=body, headers=told, method=method)
        # The environment's proxy has no business between this machine and itself.
        doors = request.build_opener(Stay, *([request.ProxyHandler({})] if is_this_machine(self.host) else []))
        try:
            with doors.open(asked, timeout=min(ANSWER_SECONDS, max(1.0, self.patience))) as answer:
                return answer.status, 0.0, answer.read(ANSWER_BYTES + 1), ""
        except error.HTTPError as refusal:
            with refusal:
                return refusal.code, seconds_told(refusal.headers.get("Retry-After")), refusal.read(ANSWER_BYTES + 1), ""
        except (OSError, HTTPException) as failure:
            why = str(getattr(failure, "reason", failure)) or type(failure).__name__
            hint = "; for a private authority set SSL_CERT_FILE to its certificate" if "CERTIFICATE_VERIFY_FAILED" in why else ""
            return 0, 0.0, b"", why + hint

    def _read(self, status: int, data: bytes) -> dict[str, Any]:
        """The answer's JSON. Raises Trouble: the server's no, or an answer that is none of ours."""
        try:
            answer = json.loads(data.decode("utf-8")) if len(data) <= ANSWER_BYTES else None
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict) and 200 <= status < 300:
            return answer
        if isinstance(answer, dict) and "title" in answer:
            trouble = Trouble(UNCLEAR if status in AGAIN else REFUSED)
            trouble.facts = answer
            raise trouble
        detail = f"{self.url} answered {status}{' (it is somewhere else)' if 300 <= status < 400 else ''}, which is no Watchbill's answer."
        raise Trouble(UNCLEAR, "That does not look like a Watchbill server", detail, f"See whether the address is right: {LOGIN}.")

    def post(self, path: str, given: dict[str, Any], key: str) -> dict[str, Any]:
        """Send JSON under a key, so that the server takes it once however often it is sent. Raises Trouble that names the key."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            return self.ask("POST", path, json.dumps(given).encode("ascii"), headers)
        except Trouble as trouble:
            raise same_key(trouble, key) from trouble


def same_key(trouble: Trouble, key: str) -> Trouble:
    """The same trouble; when the outcome is unclear, with how to run again so that nothing is taken twice."""
    if trouble.code == UNCLEAR:
        trouble.facts = {**trouble.facts, "key": key, "remedy": f"Run again with --key {key}: what arrived already is not taken twice."}
    return trouble


def is_this_machine(host: str) -> bool:
    """Whether what is sent to the host never leaves this machine."""
    import ipaddress  # noqa: PLC0415 - as above

    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def seconds_told(header: str | None) -> float:
    """Retry-After in seconds; a date or nonsense counts as not told."""
    return float(header) if header and header.isascii() and header.isdigit() and len(header) < 7 else 0.0


def query(**words: str) -> str:
    """A query; empty words are left out."""
    from urllib.parse import urlencode  # noqa: PLC0415 - as above

    return "?" + urlencode({name: value for name, value in words.items() if value})


# ---- commands ----


def login(options: argparse.Namespace) -> Told:
    """wb login: try the token, then keep it."""
    server = Server(options.url, typed_token(options.token), options)
    person = server.ask("GET", "/api/v1/status").get("person", "")
    path = write_settings(server.url, server.token)
    return Told({"url": server.url, "person": person, "file": path}, [f"You are {person} at {server.url}. Kept in {path} for you only."])


def see(options: argparse.Namespace) -> Told:
    """wb see TEXT: start a security incident; the security on-call is paged."""
    server = known_server(options)
    answer = server.post("/api/v1/incidents", {"text": " ".join(options.text)}, options.key)
    thanks = f"Thank you. The security on-call is being paged; this is incident {answer.get('codename')}."
    return Told(answer, [thanks, f"Follow it: {server.url}{answer.get('url')}"])


def oncall(options: argparse.Namespace) -> Told:
    """wb oncall [SERVICE]: who is awake."""
    answer = known_server(options).ask("GET", "/api/v1/oncall" + query(service=options.service))
    lines = [f"{answer['service']} belongs to {answer['team']}: {answer['rule']}"] if answer.get("team") else []
    for watch in answer.get("items", []):
        people = ", ".join(f"{person['name']} <{person['email']}>" for person in watch["now"])
        lines.append(f"{watch['name']}: {people or 'nobody: a gap'}")
        if watch.get("next"):
            lines.append(f"    then {watch['next']['name'] or 'nobody: a gap'} from {watch['next']['at']}")
    return Told(answer, lines or ["There is no schedule yet."])


def ack(options: argparse.Namespace) -> Told:
    """wb ack ID: I am on it."""
    server = known_server(options)
    answer = server.ask("POST", f"/api/v1/alerts/{options.id}/ack", b"")
    alert = answer.get("alert", {})
    before = f"{alert.get('acknowledged_by')} had it already" if answer.get("already") else "It is yours, nobody else is called"
    return Told(answer, [f"{before}: {alert.get('title')}", f"Next: {server.url}{alert.get('link')}"])


def change(options: argparse.Namespace) -> Told:
    """wb change TEXT: tell what was changed, so that it stands beside what happens next."""
    given = {"summary": " ".join(options.text), "targets": options.target, "kind": options.kind, "source": "wb"}
    given |= {"occurred_at": options.at} if options.at else {}
    answer = known_server(options).post("/api/v1/changes", given, options.key)
    return Told(answer, [f"Noted as change {answer.get('id')}."])


def status(options: argparse.Namespace) -> Told:
    """wb status: what rings for me, and whether the place is well."""
    server = known_server(options)
    answer = server.ask("GET", "/api/v1/status")
    lines = [f"{server.url}, Watchbill {answer.get('version')}, you are {answer.get('person')}."]
    for alert in answer.get("ringing", []):
        taken = f"taken by {alert['acknowledged_by']}" if alert["acknowledged_by"] else f"RINGING: wb ack {alert['id']}"
        lines.append(f"#{alert['id']} {alert['title']} ({taken})")
    sources = answer.get("sources", {})
    lines += [] if answer.get("ringing") else ["Nothing rings for you."]
    lines.append(f"Open findings: {answer.get('open_findings')}. Sources: {sources.get('total')}, silent: {sources.get('stale')}.")
    lines += [] if answer.get("ok") else [f"NOT WELL: {answer.get('late_pages')} pages are late."]
    return Told(answer, lines)


def send(options: argparse.Namespace) -> Told:
    """wb send FILE...: hand lockfiles and SBOMs in. Each is on the server's disk once it is listed as sent."""
    server = known_server(options)
    files = list(found_files(options.files))
    if options.name and len(files) != 1:
        raise Trouble(USAGE, "--as names one file", f"{len(files)} were found. Nothing was sent.", "Send them one by one.")
    items = [send_one(server, options, path, options.name or place) for path, place in files]
    lines = [f"{one['state']} {one['filename']}{': ' if one['problem'] else ''}{one['problem']}" for one in items]
    lines.append(f"See: {server.url}/findings/{query(q=f'is:open service:{options.service}')}")
    return Told({"items": items}, lines, REFUSED if any(one["state"] == "unreadable" for one in items) else 0)


def send_one(server: Server, options: argparse.Namespace, path: str, place: str) -> dict[str, Any]:
    """Send one file, and wait a little for what the server makes of it. Raises Trouble naming the file."""
    import gzip  # noqa: PLC0415 - as above
    import hashlib  # noqa: PLC0415 - as above

    data = file_bytes(path)
    words = {"service": options.service, "filename": place, "repo": options.repo, "branch": options.branch}
    words["complete"] = "" if options.complete else "false"
    # The run's key is part of it: sent again on another day, the same bytes are newer evidence, and must be looked at.
    told = "\0".join([options.key, *words.values(), ""]).encode("utf-8", "replace")
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}
    headers["Idempotency-Key"] = hashlib.sha256(told + data).hexdigest()
    words["committers"] = committers(path) if options.history else ""
    try:
        number = server.ask("POST", "/api/v1/inbox" + query(**words), gzip.compress(data), headers).get("id")
    except Trouble as trouble:
        trouble.facts["detail"] = f"{path}: {trouble.facts.get('detail', '')}"
        raise same_key(trouble, options.key) from trouble
    became = outcome(server, number) if options.wait else {}
    return {"filename": place, "id": number, "state": became.get("state", "sent"), "problem": became.get("problem", "")}


def committers(path: str) -> str:
    """Who made the last commits to the file, a hint for the server: lines such as "4/10 Alice <alice@example.com>"; "" without a history.

    Nothing of the repository's own configuration is run: no hook, monitor, pager, signature program or transport.
    """
    import subprocess  # noqa: PLC0415 - as above
    from collections import Counter  # noqa: PLC0415 - as above

    place, name = os.path.split(os.path.abspath(path))
    settings = [word for one in GIT_SETTINGS for word in ("-c", one)]
    log = ["log", "--no-mailmap", "--no-show-signature", "--no-patch", "--max-count=10", "--format=%an <%ae>", "--", name]
    env = {**os.environ, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "--no-pager", "--literal-pathspecs", "-C", place, *settings, *log],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_SECONDS, env=env, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    told = [line[:200] for line in done.stdout[:65536].decode("utf-8", "replace").splitlines() if "[bot] <" not in line]
    return "\n".join(f"{count}/{len(told)} {who}" for who, count in Counter(told).most_common(3))


def outcome(server: Server, number: object) -> dict[str, Any]:
    """What the server made of a delivery, if it says so soon; empty otherwise: it has the file, and that is what counts."""
    until = time.monotonic() + READ_SECONDS
    with contextlib.suppress(Trouble):
        while time.monotonic() < until:
            state = server.ask("GET", f"/api/v1/inbox/{number}")
            if state.get("state") in ("read", "unreadable", "held"):
                return state
            time.sleep(0.2)
    return {}


def found_files(given: list[str]) -> Iterator[tuple[str, str]]:
    """(path, place in its repository) of every file named, and of every lockfile in folders. Raises Trouble for too many, or none."""
    found = [(file, path) for path in given for file in (lockfiles_in(path) if os.path.isdir(path) else [path])]
    if not found or len(found) > FILES_MOST:
        title = f"More than {FILES_MOST} lockfiles" if found else f"There is no lockfile in {', '.join(given)}"
        raise Trouble(USAGE, title, "Nothing was sent.", "Name the files themselves.")
    for file, path in found:
        yield file, place_of(file, path if os.path.isdir(path) else os.path.dirname(path) or ".")


def lockfiles_in(folder: str) -> Iterator[str]:
    """Files below the folder that a reader knows by name, in a stable order; installed trees and links are passed by."""
    from fnmatch import fnmatchcase  # noqa: PLC0415 - as above

    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(files):
            known = name.lower() in LOCKFILES or any(fnmatchcase(name.lower(), pattern) for pattern in PATTERNS)
            if known and not os.path.islink(os.path.join(where, name)):
                yield os.path.join(where, name)


def place_of(file: str, fallback: str) -> str:
    """Where the file stands in its repository, which is what findings are known by: from the folder that holds .git, or `fallback`."""
    full = os.path.realpath(file)
    root = os.path.dirname(full)
    while not os.path.exists(os.path.join(root, ".git")):
        if root == os.path.dirname(root):
            here = os.path.realpath(".")
            root = here if full.startswith(here.rstrip(os.sep) + os.sep) else os.path.realpath(fallback)
            break
        root = os.path.dirname(root)
    return os.path.relpath(full, root).replace(os.sep, "/")


def file_bytes(path: str) -> bytes:
    """The file. Raises Trouble when it can't be read or is larger than the server takes."""
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise Trouble(USAGE, "The file can't be read", f"{path}: {error.strerror}", "Nothing of it was sent.") from error
    if len(data) > FILE_BYTES:
        raise Trouble(USAGE, "The file is too large", f"{path} has more than {FILE_BYTES} bytes.", "Send the lockfile, not an archive.")
    return data


# ---- the command line ----

COMMANDS = (
    (login, "Try a token and keep it for this user.", f"{LOGIN.replace('URL', 'https://watchbill.example.com')}"),
    (see, "Saw something odd? One sentence starts an incident and pages the security on-call.", 'wb see "odd logins on db3"'),
    (send, "Send lockfiles and SBOMs of a service; a folder is searched for them.", "wb send package-lock.json --service berth-board"),
    (oncall, "Who is on call, for a service or everywhere.", "wb oncall berth-board"),
    (ack, "Acknowledge an alert: I am on it, call nobody else.", "wb ack 41"),
    (
        change,
        "Tell of a change, so that it is seen beside what happens next.",
        'wb change "Deploy 4112" --target service:board --kind deploy',
    ),
    (status, "What rings for you, and whether the place is well.", "wb status"),
)


def build_parser() -> Parser:
    """The whole command line."""
    parser = Parser(prog="wb", description="Watchbill at your terminal.", epilog="wb COMMAND --help shows an example of each.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for run, text, example in COMMANDS:
        one = commands.add_parser(run.__name__, help=text, description=text, epilog=f"example: {example}")
        add_arguments(one, run.__name__)
        one.add_argument("--json", action="store_true", help="the server's answer as JSON")
        one.add_argument("--insecure-http", action="store_true", help="send the token over plain HTTP to another machine")
        one.add_argument(
            "--patience", metavar="SECONDS", type=float, default=PATIENCE_SECONDS, help="how long to keep trying (%(default)s)"
        )
        one.set_defaults(run=run)
    return parser


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """What is a command's own."""
    add = parser.add_argument
    if name in ("see", "change"):
        add("text", metavar="TEXT", nargs="+", help="in your own words")
    if name in ("see", "change", "send"):
        add("--key", metavar="KEY", default=os.urandom(16).hex(), help="the key of an earlier try: what arrived then is not taken twice")
    if name == "login":
        add("--url", metavar="URL", required=True, help="the server's address")
        add("--token", metavar="TOKEN", help="asked for if left out, which keeps it out of your shell's history; - reads a line")
    elif name == "send":
        add("files", metavar="FILE", nargs="+", help="a lockfile, an SBOM, or a folder to search")
        add("--service", metavar="S", required=True, help="whose they are")
        add("--repo", metavar="R", default="", help="the repository, such as saltmarsh/berth-board")
        add("--branch", metavar="B", default="", help="the branch")
        add("--as", metavar="NAME", dest="name", default="", help="the file's place in the repository, when it stands elsewhere now")
        add("--complete", action="store_true", default=True, help="all packages are in the files (the default)")
        add("--partial", dest="complete", action="store_false", help="only some are in it: nothing is closed by what is missing")
        add("--no-history", dest="history", action="store_false", help="don't say who made a file's last commits (a hint, where git is)")
        add("--no-wait", dest="wait", action="store_false", help="don't wait for what the server makes of it")
    elif name == "oncall":
        add("service", metavar="SERVICE", nargs="?", default="", help="a service's short name")
    elif name == "ack":
        add("id", metavar="ID", type=lambda text: int(text.lstrip("#")), help="the alert's number, as in wb status")
    elif name == "change":
        add("--target", metavar="KIND:NAME", action="append", default=[], help="what was changed, such as service:board; may be repeated")
        add("--kind", metavar="KIND", default="change", help="deploy, config, access and the like")
        add("--at", metavar="TIME", default="", help="when it happened, such as 2026-11-23T20:00:00Z; now if not given")


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_given: None)(errors="backslashreplace")
    options = build_parser().parse_args(argv)
    try:
        told = options.run(options)
        print(*([json.dumps(told.answer)] if options.json else map(inert, told.lines)), sep="\n", flush=True)
        return int(told.code)
    except Trouble as trouble:
        if options.json:
            print(json.dumps(trouble.facts), flush=True)
        else:
            print(*map(inert, problem_lines(trouble.facts)), sep="\n", file=sys.stderr)
        return trouble.code
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNCLEAR


if __name__ == "__main__":
    sys.exit(main())
