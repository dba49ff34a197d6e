"""`wb` as a person runs it: a process, against a small real HTTP server that answers as told."""

import ast
import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from watchbill.client import wb
from watchbill.engines.dependencies.reading import kinds

CLIENT = Path(wb.__file__)
STATUS = {"ok": True, "version": "1", "person": "alice@saltmarsh.example", "open_findings": 2, "ringing": [],
          "sources": {"total": 3, "stale": 0}, "late_pages": 0}  # fmt: skip


@dataclass
class Ask:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What to say: a status and JSON (or bytes), with further headers; `cut` breaks the connection instead."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class Office(ThreadingHTTPServer):
    """A Watchbill that says what it is told to, in order; the last answer is repeated."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Window)
        self.asked: list[Ask] = []
        self.answers: list[Answer] = [Answer(body=STATUS)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def says(self, *answers: Answer) -> None:
        self.answers = list(answers)


class Window(BaseHTTPRequestHandler):
    server: Office

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append(Ask(self.command, parts.path, query, {k.lower(): v for k, v in self.headers.items()}, body))
        answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        if answer.cut:
            self.close_connection = True
            return
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do  # noqa: N815 - http.server's names

    def log_message(self, *_given: object) -> None:
        """Quiet."""


@pytest.fixture
def office() -> Iterator[Office]:
    with Office() as told:
        threading.Thread(target=told.serve_forever, args=(0.02,), daemon=True).start()
        yield told
        told.shutdown()


Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]


@pytest.fixture
def run(office: Office, tmp_path: Path) -> Run:
    """Run `wb` with the office's address and a token in the environment; `stdin`, `cwd` and further variables by name."""

    def go(*words: object, stdin: str = "", cwd: Path | None = None, python: str = sys.executable, **variables: str) -> Ran:
        known = {"WATCHBILL_URL": office.url, "WATCHBILL_TOKEN": "wbk_alice", "XDG_CONFIG_HOME": str(tmp_path / "config")}
        environment = {"PATH": os.environ["PATH"], **known, **variables}
        environment = {name: value for name, value in environment.items() if value}
        given = [python, str(CLIENT), *map(str, words)]
        return subprocess.run(
            given, input=stdin, capture_output=True, text=True, env=environment, cwd=cwd or tmp_path, timeout=60, check=False
        )

    return go


def problem(status: int, **facts: object) -> Answer:
    return Answer(status, {"type": "urn:watchbill:problem:x", "title": "No", "status": status, **facts})


# ---- what it is made of ----


def test_it_is_written_in_the_python_of_2019() -> None:
    ast.parse(CLIENT.read_text(), feature_version=(3, 8))


def test_it_runs_on_python_3_8(run: Run) -> None:
    old = sorted(Path.home().glob(".pyenv/versions/3.8.*/bin/python"))
    if not old:
        pytest.skip("there is no Python 3.8 on this machine")
    ran = run("status", python=str(old[0]))
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_is_at_the_root_of_the_tree_too() -> None:
    root = CLIENT.parents[2] / "wb"
    assert root.resolve() == CLIENT
    assert os.access(root, os.X_OK)


def test_help_loads_nothing_that_a_request_needs() -> None:
    code = f"import sys, runpy; sys.argv = ['wb', '--help']\ntry: runpy.run_path({str(CLIENT)!r}, run_name='__main__')\n"
    code += "except SystemExit: pass\n"
    code += "print({'ssl', 'urllib.request', 'http.client', 'socket', 'hashlib', 'gzip', 'email'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_it_knows_every_lockfile_that_a_reader_knows_by_name() -> None:
    beside = {"go.sum", ".package-lock.json", "requirements.txt"}  # drawn in by go.mod; npm's own copy; known by pattern
    beside |= {"verification-metadata.xml"}  # every module that was ever verified: sent when named, not found by walking
    assert {name.lower() for info in kinds() for name in info.files} - beside == wb.LOCKFILES


def test_wrong_usage_ends_with_64(run: Run) -> None:
    assert run("send", "x.lock").returncode == 64


# ---- asking ----


def test_status_says_who_i_am_and_that_all_is_well(run: Run, office: Office) -> None:
    ran = run("status")
    assert ran.returncode == 0
    assert "you are alice@saltmarsh.example" in ran.stdout
    assert "Nothing rings for you." in ran.stdout
    assert office.asked[0].headers["authorization"] == "Bearer wbk_alice"


def test_status_says_how_to_take_what_rings(run: Run, office: Office) -> None:
    alert = {"id": 41, "title": "board is open", "acknowledged_by": ""}
    office.says(Answer(body={**STATUS, "ringing": [alert]}))
    assert "#41 board is open (RINGING: wb ack 41)" in run("status").stdout


def test_status_says_when_pages_are_late(run: Run, office: Office) -> None:
    office.says(Answer(body={**STATUS, "ok": False, "late_pages": 3}))
    assert "NOT WELL: 3 pages are late." in run("status").stdout


def test_see_sends_the_sentence_as_it_was_said(run: Run, office: Office) -> None:
    office.says(Answer(201, {"id": 7, "codename": "Fair Parcel", "url": "/incidents/7/"}))
    ran = run("see", "odd", "logins on db3")
    assert (ran.returncode, f"{office.url}/incidents/7/" in ran.stdout) == (0, True)
    (ask,) = office.asked
    assert (ask.method, ask.path, json.loads(ask.body)) == ("POST", "/api/v1/incidents", {"text": "odd logins on db3"})
    assert ask.headers["idempotency-key"]


def test_change_tells_what_was_changed(run: Run, office: Office) -> None:
    office.says(Answer(201, {"id": 5}))
    assert run("change", "Deploy 4112", "--target", "service:board", "--target", "host:db3", "--kind", "deploy").returncode == 0
    told = json.loads(office.asked[0].body)
    assert (told["summary"], told["targets"], told["kind"]) == ("Deploy 4112", ["service:board", "host:db3"], "deploy")


@pytest.mark.parametrize("number", ["41", "#41"])
def test_ack_takes_the_alert(run: Run, office: Office, number: str) -> None:
    office.says(Answer(body={"already": False, "alert": {"title": "board is open", "link": "/alerts/41/", "acknowledged_by": "Alice"}}))
    ran = run("ack", number)
    assert (ran.returncode, "It is yours" in ran.stdout) == (0, True)
    assert office.asked[0].path == "/api/v1/alerts/41/ack"


def test_ack_says_who_had_it_already(run: Run, office: Office) -> None:
    office.says(Answer(body={"already": True, "alert": {"title": "x", "link": "/", "acknowledged_by": "Bob"}}))
    assert "Bob had it already" in run("ack", "41").stdout


def test_ack_of_no_number_is_wrong_usage(run: Run) -> None:
    assert run("ack", "board").returncode == 64


def test_oncall_shows_a_gap_as_a_gap(run: Run, office: Office) -> None:
    bob = {"name": "Bob", "email": "bob@saltmarsh.example"}
    watches = [
        {"name": "Berths", "now": [], "next": {"name": "Bob", "at": "2026-06-01T07:00:00Z"}},
        {"name": "Security", "now": [bob], "next": None},
    ]
    office.says(Answer(body={"items": watches, "service": "board", "team": "berths", "rule": "the roster says so"}))
    ran = run("oncall", "board")
    assert office.asked[0].query == {"service": "board"}
    assert ran.stdout.splitlines() == [
        "board belongs to berths: the roster says so",
        "Berths: nobody: a gap",
        "    then Bob from 2026-06-01T07:00:00Z",
        "Security: Bob <bob@saltmarsh.example>",
    ]


def test_json_is_the_servers_answer(run: Run) -> None:
    assert json.loads(run("status", "--json").stdout) == STATUS


# ---- a no, and no answer ----


def test_a_no_is_told_with_its_remedy_and_ends_with_one(run: Run, office: Office) -> None:
    office.says(problem(403, detail="That token may not.", remedy="Make another.", field="token"))
    ran = run("status")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.splitlines() == ["Error: No", "  That token may not.", "  in: token", "  What to do: Make another."]


def test_a_no_is_json_when_json_was_asked_for(run: Run, office: Office) -> None:
    office.says(problem(404, detail="Nothing there."))
    ran = run("ack", "1", "--json")
    assert (ran.returncode, json.loads(ran.stdout)["detail"]) == (1, "Nothing there.")


def test_a_no_is_not_asked_again(run: Run, office: Office) -> None:
    office.says(problem(422))
    run("change", "x")
    assert len(office.asked) == 1


def test_a_server_too_busy_is_asked_again_with_the_same_key(run: Run, office: Office) -> None:
    office.says(problem(503), problem(503), Answer(201, {"id": 5}))
    assert run("change", "x").returncode == 0
    assert len({ask.headers["idempotency-key"] for ask in office.asked}) == 1
    assert len(office.asked) == 3


def test_a_broken_connection_is_tried_again(run: Run, office: Office) -> None:
    office.says(Answer(cut=True), Answer(201, {"id": 7, "codename": "Fair Parcel", "url": "/"}))
    assert run("see", "odd logins").returncode == 0
    assert len({ask.headers["idempotency-key"] for ask in office.asked}) == 1


def test_a_wait_longer_than_patience_is_not_waited_for(run: Run, office: Office) -> None:
    office.says(Answer(503, {"title": "Busy", "retryable": True}, {"Retry-After": "3600"}))
    ran = run("status", "--patience", "5")
    assert (ran.returncode, len(office.asked)) == (2, 1)


@pytest.mark.parametrize("told", ["Thu, 01 Jan 2037 00:00:00 GMT", "-5", "1e9", "٣"])
def test_a_wait_that_is_no_number_of_seconds_counts_as_none(told: str) -> None:
    assert wb.seconds_told(told) == 0.0


def test_no_server_ends_with_two_and_says_how_to_go_on(run: Run) -> None:
    ran = run("change", "Deploy 1", "--patience", "0.1", WATCHBILL_URL="http://127.0.0.1:1")
    assert ran.returncode == 2
    assert "Run again with --key " in ran.stderr


def test_the_key_of_an_earlier_try_is_used_again(run: Run, office: Office) -> None:
    run("change", "x", "--key", "abc")
    assert office.asked[0].headers["idempotency-key"] == "abc"


@pytest.mark.parametrize("body", [b"<h1>Welcome to nginx</h1>", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_something_that_is_no_watchbill_is_unclear(run: Run, office: Office, body: bytes) -> None:
    office.says(Answer(200, body))
    ran = run("status")
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)


def test_an_endless_answer_is_not_taken_in(run: Run, office: Office) -> None:
    office.says(Answer(200, b'"' + b"x" * (wb.ANSWER_BYTES + 10) + b'"'))
    assert run("status").returncode == 2


# ---- the token ----


def test_a_redirect_is_not_followed(run: Run, office: Office) -> None:
    with Office() as other:
        threading.Thread(target=other.serve_forever, args=(0.02,), daemon=True).start()
        office.says(Answer(302, b"", {"Location": other.url + "/api/v1/status"}))
        ran = run("status")
        other.shutdown()
    assert (ran.returncode, other.asked) == (2, [])


@pytest.mark.parametrize("url", ["http://watchbill.example", "http://localhost.example:80", "http://10.0.0.1", "http://127.0.0.1.example"])
def test_the_token_is_not_sent_in_the_clear_to_another_machine(run: Run, url: str) -> None:
    ran = run("status", WATCHBILL_URL=url)
    assert (ran.returncode, "plain HTTP" in ran.stderr) == (64, True)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "127.0.0.1:8080", "http://u:p@127.0.0.1", "http://127.0.0.1:x", "http://", "http://a\tb"]
)
def test_what_is_no_address_is_refused(run: Run, url: str) -> None:
    assert run("status", WATCHBILL_URL=url).returncode == 64


@pytest.mark.parametrize("token", ["two words", "wbk\x1b", "wbk_é"])
def test_what_is_no_token_is_refused(run: Run, token: str) -> None:
    assert run("status", WATCHBILL_TOKEN=token).returncode == 64


def test_a_certificate_that_nobody_vouches_for_is_refused(run: Run, office: Office) -> None:
    ran = run("status", "--patience", "0.1", WATCHBILL_URL=office.url.replace("http:", "https:"))
    assert (ran.returncode, office.asked) == (2, [])


def test_a_proxy_is_not_told_what_this_machine_says_to_itself(run: Run, office: Office) -> None:
    assert run("status", http_proxy="http://127.0.0.1:1", HTTP_PROXY="http://127.0.0.1:1").returncode == 0


def test_without_an_address_it_says_how_to_give_one(run: Run) -> None:
    ran = run("status", WATCHBILL_URL="", WATCHBILL_TOKEN="")
    assert (ran.returncode, "wb login --url URL" in ran.stderr) == (64, True)


def test_login_tries_the_token_and_keeps_it_for_this_user_only(run: Run, office: Office, tmp_path: Path) -> None:
    ran = run("login", "--url", office.url, "--token", "-", stdin="wbk_kept\n", WATCHBILL_URL="", WATCHBILL_TOKEN="")
    assert (ran.returncode, "You are alice@saltmarsh.example" in ran.stdout) == (0, True)
    file = tmp_path / "config" / "watchbill" / "wb.json"
    assert (file.stat().st_mode & 0o777, json.loads(file.read_text())) == (0o600, {"url": office.url, "token": "wbk_kept"})
    assert run("status", WATCHBILL_URL="", WATCHBILL_TOKEN="").returncode == 0
    assert office.asked[-1].headers["authorization"] == "Bearer wbk_kept"


def test_login_keeps_no_token_that_opens_nothing(run: Run, office: Office, tmp_path: Path) -> None:
    office.says(problem(401))
    assert run("login", "--url", office.url, "--token", "wbk_bad").returncode == 1
    assert not (tmp_path / "config").exists()


def test_a_kept_token_is_not_shown_to_another_server(run: Run, office: Office) -> None:
    run("login", "--url", "http://127.0.0.1:" + str(office.server_port), "--token", "wbk_kept")
    ran = run("status", WATCHBILL_URL=f"http://localhost:{office.server_port}", WATCHBILL_TOKEN="")
    assert (ran.returncode, len(office.asked)) == (64, 1)


def test_a_kept_token_that_others_can_read_is_not_used(run: Run, office: Office, tmp_path: Path) -> None:
    run("login", "--url", office.url, "--token", "wbk_kept")
    (tmp_path / "config" / "watchbill" / "wb.json").chmod(0o644)
    ran = run("status", WATCHBILL_URL="", WATCHBILL_TOKEN="")
    assert (ran.returncode, "chmod 600" in ran.stderr) == (64, True)


@pytest.mark.parametrize("kept", ["{", "[]", "\x00"])
def test_damaged_settings_are_told(run: Run, tmp_path: Path, kept: str) -> None:
    file = tmp_path / "config" / "watchbill" / "wb.json"
    file.parent.mkdir(parents=True)
    file.write_text(kept)
    file.chmod(0o600)
    ran = run("status", WATCHBILL_URL="", WATCHBILL_TOKEN="")
    assert (ran.returncode, "Traceback" in ran.stderr) == (64, False)


# ---- a file's history ----


def commit(folder: Path, file: Path, who: str, text: str) -> None:
    file.write_text(text)
    name = ["-c", f"user.name={who}", "-c", f"user.email={who.split(maxsplit=1)[0].lower()}@saltmarsh.example"]
    for words in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def history(office: Office) -> str:
    return office.asked[0].query.get("committers", "")


def test_who_changed_a_file_last_goes_along_as_a_hint(run: Run, office: Office, project: Path) -> None:
    file = project / "apps" / "board" / "package-lock.json"
    for who, text in (("Alice Duarte", "{}"), ("Bob", "[]"), ("Alice Duarte", "{ }"), ("renovate[bot]", "[ ]")):
        commit(project, file, who, text)
    office.says(TAKEN, READ)
    assert run("send", file, "--service", "board").returncode == 0
    assert history(office).splitlines() == ["2/3 Alice Duarte <alice@saltmarsh.example>", "1/3 Bob <bob@saltmarsh.example>"]


def test_the_history_stays_at_home_when_it_is_told_to(run: Run, office: Office, project: Path) -> None:
    file = project / "apps" / "board" / "package-lock.json"
    commit(project, file, "Alice", "{}")
    office.says(TAKEN, READ)
    assert run("send", file, "--service", "board", "--no-history").returncode == 0
    assert history(office) == ""


def test_without_git_a_file_is_sent_all_the_same(run: Run, office: Office, project: Path, tmp_path: Path) -> None:
    office.says(TAKEN, READ)
    ran = run("send", project / "apps" / "board" / "package-lock.json", "--service", "board", PATH=str(tmp_path))
    assert (ran.returncode, history(office)) == (0, "")


def test_asking_the_history_runs_nothing_of_the_repository(run: Run, office: Office, project: Path, tmp_path: Path) -> None:
    file = project / "apps" / "board" / "package-lock.json"
    commit(project, file, "Alice", "{}")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external"):
        subprocess.run(["git", "-C", str(project), "config", name, str(trap)], check=True)
    subprocess.run(["git", "-C", str(project), "config", "log.showSignature", "true"], check=True)
    office.says(TAKEN, READ)
    run("send", file, "--service", "board")
    assert history(office) == "1/1 Alice <alice@saltmarsh.example>"
    assert not (tmp_path / "sprung").exists()


# ---- hostile words ----

NASTY = "\x1b]0;owned\x07\u202egnp\r\nroot@host:~# \x9b31m"


def test_nothing_a_server_says_is_obeyed_by_the_terminal(run: Run, office: Office) -> None:
    alert = {"id": 1, "title": NASTY, "acknowledged_by": NASTY}
    office.says(Answer(body={**STATUS, "person": NASTY, "version": NASTY, "ringing": [alert]}))
    ran = run("status")
    assert len(ran.stdout.splitlines()) == 3
    assert all(line.isprintable() for line in ran.stdout.split("\n"))


def test_nothing_in_a_problem_is_obeyed_by_the_terminal(run: Run, office: Office) -> None:
    office.says(problem(403, title=NASTY, detail=NASTY, remedy=NASTY, field=NASTY))
    ran = run("status")
    assert all(line.isprintable() for line in ran.stderr.split("\n"))
    assert len(ran.stderr.splitlines()) == 4


def test_json_of_hostile_words_is_plain_ascii(run: Run, office: Office) -> None:
    office.says(Answer(body={**STATUS, "person": NASTY}))
    out = run("status", "--json").stdout
    assert out.isascii()
    assert out.rstrip("\n").isprintable()


# ---- sending ----


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "berth-board"
    (folder / ".git").mkdir(parents=True)
    (folder / "apps" / "board").mkdir(parents=True)
    (folder / "apps" / "board" / "package-lock.json").write_text('{"lockfileVersion": 3}')
    return folder


TAKEN, READ = Answer(202, {"id": 9, "repeated": False}), Answer(200, {"id": 9, "state": "read", "problem": ""})


def test_a_file_arrives_whole_with_its_place_and_service(run: Run, office: Office, project: Path) -> None:
    office.says(TAKEN, READ)
    ran = run(
        "send", "package-lock.json", "--service", "board", "--repo", "saltmarsh/board", "--branch", "main", cwd=project / "apps" / "board"
    )
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "read apps/board/package-lock.json")
    ask = office.asked[0]
    assert gzip.decompress(ask.body) == b'{"lockfileVersion": 3}'
    assert ask.headers["content-encoding"] == "gzip"
    assert ask.query == {"service": "board", "filename": "apps/board/package-lock.json", "repo": "saltmarsh/board", "branch": "main"}


def test_it_says_where_to_look(run: Run, office: Office, project: Path) -> None:
    office.says(TAKEN, READ)
    assert f"See: {office.url}/findings/?q=" in run("send", project, "--service", "board").stdout


def test_a_folder_is_searched_for_lockfiles_of_its_own(run: Run, office: Office, project: Path) -> None:
    (project / "node_modules" / "x").mkdir(parents=True)
    for name in ("poetry.lock", "requirements-dev.txt", "README.md", "node_modules/x/package-lock.json"):
        (project / name).write_text("x")
    office.says(TAKEN)
    run("send", project, "--service", "board", "--no-wait")
    assert [ask.query["filename"] for ask in office.asked] == ["poetry.lock", "requirements-dev.txt", "apps/board/package-lock.json"]


def test_a_link_out_of_the_folder_is_passed_by(run: Run, office: Office, project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (project / "uv.lock").symlink_to(tmp_path / "secret")
    office.says(TAKEN)
    run("send", project, "--service", "board", "--no-wait")
    assert len(office.asked) == 1


def test_a_partial_file_is_declared_so(run: Run, office: Office, project: Path) -> None:
    office.says(TAKEN)
    run("send", project, "--service", "board", "--partial", "--no-wait")
    assert office.asked[0].query["complete"] == "false"


def test_a_file_may_be_given_its_place(run: Run, office: Office, tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("{}")
    office.says(TAKEN)
    run("send", "out.json", "--as", "sbom.json", "--service", "board", "--no-wait")
    assert office.asked[0].query["filename"] == "sbom.json"


def test_a_retry_bears_the_same_key_and_another_run_another(run: Run, office: Office, project: Path) -> None:
    office.says(Answer(cut=True), TAKEN)
    run("send", project, "--service", "board", "--no-wait")
    run("send", project, "--service", "board", "--no-wait")
    first, again, later = (ask.headers["idempotency-key"] for ask in office.asked)
    assert first == again
    assert first != later


def test_the_key_of_an_unclear_run_makes_the_same_keys(run: Run, office: Office, project: Path) -> None:
    office.says(TAKEN)
    for _ in range(2):
        run("send", project, "--service", "board", "--no-wait", "--key", "abc")
    assert len({ask.headers["idempotency-key"] for ask in office.asked}) == 1


def test_an_unclear_run_says_the_key_to_go_on_with(run: Run, project: Path) -> None:
    ran = run("send", project, "--service", "board", "--patience", "0.1", WATCHBILL_URL="http://127.0.0.1:1")
    assert ran.returncode == 2
    assert "package-lock.json" in ran.stderr
    assert "--key " in ran.stderr


def test_a_file_that_the_server_cannot_read_ends_with_one(run: Run, office: Office, project: Path) -> None:
    office.says(TAKEN, Answer(200, {"state": "unreadable", "problem": "it ends in the middle"}))
    ran = run("send", project, "--service", "board")
    assert (ran.returncode, "it ends in the middle" in ran.stdout) == (1, True)


def test_a_state_that_cannot_be_asked_for_does_not_undo_the_sending(run: Run, office: Office, project: Path) -> None:
    office.says(TAKEN, problem(403))
    ran = run("send", project, "--service", "board")
    assert (ran.returncode, ran.stdout.startswith("sent ")) == (0, True)


@pytest.mark.parametrize("words", [("absent.lock",), (".",)])
def test_nothing_to_send_is_wrong_usage(run: Run, office: Office, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("send", *words, "--service", "board", cwd=tmp_path / "empty")
    assert (ran.returncode, office.asked) == (64, [])


def test_a_file_larger_than_the_server_takes_is_not_sent(run: Run, office: Office, tmp_path: Path) -> None:
    with (tmp_path / "bom.json").open("wb") as file:
        file.truncate(wb.FILE_BYTES + 1)
    assert (run("send", "bom.json", "--service", "board").returncode, office.asked) == (64, [])
