"""The git witness: each checkpoint is a commit pushed to a branch of a remote repository, never by force, so that the remote refuses
whatever doesn't follow what it has. A hosted repository with a protected branch keeps the history out of our reach.

git runs as argv without a shell, in a bare repository of our own, with hooks, pagers, prompts and every transport but file, ssh and https
off. What we pushed last is remembered: a remote that no longer has it was rewritten, which is said and never papered over.
"""

import base64
import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from watchbill.base import limits
from watchbill.base.handover import Gone, Handover, Lost, WitnessFailed, WitnessInfo, notes_in
from watchbill.base.settings import WitnessSettings, settings

INFO = WitnessInfo(
    name="git",
    title="A git repository elsewhere",
    settings=("git", "git_branch", "git_ssh_key", "git_token"),
    confirms=True,
    reads_back=True,
    example='git = "git@git.example.org:security/watchbill-checkpoints.git"',
)
_PUSHED = "refs/watchbill/pushed"
_SEEN = "refs/watchbill/seen"
_BRANCH = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?(/[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?)*")
_NOTE, _KEYS = "checkpoint.txt", "key-rotations.txt"
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "protocol.ssh.allow=always",
    "protocol.https.allow=always",
    "push.followTags=false",
    "submodule.recurse=false",
    "fetch.fsckObjects=true",
)
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "GIT_AUTHOR_NAME": "Watchbill",
    "GIT_AUTHOR_EMAIL": "checkpoints@watchbill.invalid",
    "GIT_COMMITTER_NAME": "Watchbill",
    "GIT_COMMITTER_EMAIL": "checkpoints@watchbill.invalid",
    "LC_ALL": "C.UTF-8",
}


def place(own: WitnessSettings) -> str:
    """The remote and the branch."""
    return f"{own.git} {own.git_branch}" if own.git else ""


def hand_over(given: Handover, own: WitnessSettings) -> None:
    """Commit it on top of what the remote has, and push. A commit that was pushed before its success was known is found there."""
    with _repository(own) as git:
        tip = git.fetch()
        if tip and notes_in(git.text("show", f"{tip}:{_NOTE}"))[-1:] == [given.note] and not given.statements:
            git.run("update-ref", _PUSHED, tip)
            return
        commit = git.commit(given, tip)
        git.push(commit)
        git.run("update-ref", _PUSHED, commit)


def read_back(own: WitnessSettings) -> list[str]:
    """The note of every commit of the branch, oldest first: the latest 10,000."""
    with _repository(own) as git:
        tip = git.fetch()
        if not tip:
            raise Gone(f"{own.git} has no branch {own.git_branch}")
        commits = git.text("rev-list", f"--max-count={limits.WITNESS_NOTES}", tip, "--", _NOTE).split()
        wanted = "".join(f"{commit}:{_NOTE}\n" for commit in reversed(commits))
        return notes_in(git.text("cat-file", "--batch", given=wanted))


class _Git:
    """git in our own bare repository, against one branch of one remote."""

    def __init__(self, folder: Path, own: WitnessSettings) -> None:
        program = shutil.which("git")
        if program is None:
            raise WitnessFailed("git is not installed on this machine")
        self._argv = [program, "--git-dir", str(folder), *(part for one in _SETTINGS for part in ("-c", one))]
        self._own = own
        self._environment = _environment(own)
        if not (folder / "HEAD").exists():
            self.run("init", "--quiet", "--bare", "--template=")

    def run(self, *arguments: str, given: str = "") -> bytes:
        """Standard output. Raises WitnessFailed with what git said last."""
        running = subprocess.Popen(
            [*self._argv, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        try:
            out, said = running.communicate(given.encode(), timeout=limits.WITNESS_SECONDS)
        except subprocess.TimeoutExpired as error:
            os.killpg(running.pid, signal.SIGKILL)  # ssh, too
            running.communicate()
            raise WitnessFailed(f"git {arguments[0]} took longer than {limits.WITNESS_SECONDS:g} seconds") from error
        if running.returncode:
            lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
            chosen = next((line for line in lines if line.startswith(("fatal:", "error:", "!", " !"))), lines[-1] if lines else "")
            raise WitnessFailed(f"git {arguments[0]}: {chosen.strip()}")
        return out

    def text(self, *arguments: str, given: str = "") -> str:
        return self.run(*arguments, given=given).decode(errors="replace")

    def fetch(self) -> str:
        """The branch's newest commit there, empty when there is none yet. Raises Lost when it doesn't follow what we pushed last."""
        branch, pushed = f"refs/heads/{self._own.git_branch}", self._commit_of(_PUSHED)
        listed = self.text("ls-remote", "--refs", "--", self._own.git, branch).split()
        if not listed:
            if pushed:
                raise Gone(f"{self._own.git} no longer has the branch {self._own.git_branch} that we pushed to")
            return ""
        self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self._own.git, f"+{branch}:{_SEEN}")
        tip = self._commit_of(_SEEN)
        if pushed and self.text("rev-list", "--max-count=1", pushed, f"^{tip}").strip():
            raise Lost(f"{self._own.git} was rewritten: {self._own.git_branch} there no longer has commit {pushed[:12]} that we pushed")
        return tip

    def _commit_of(self, name: str) -> str:
        listed = self.text("for-each-ref", "--format=%(objectname)", name)
        return listed.strip()

    def commit(self, given: Handover, tip: str) -> str:
        """A commit of the newest note and all statements; nothing is checked out."""
        before = self.text("ls-tree", "-z", tip) if tip else ""
        entries = {line.partition("\t")[2]: line for line in before.split("\0") if line}
        entries[_NOTE] = self._blob(_NOTE, given.note)
        if given.statements:
            earlier = self.text("show", f"{tip}:{_KEYS}") if _KEYS in entries else ""
            entries[_KEYS] = self._blob(_KEYS, "\n".join([*([earlier] if earlier else []), *given.statements]))
        tree = self.text("mktree", "-z", given="\0".join(entries.values()) + "\0").strip()
        parents = ["-p", tip] if tip else []
        self._environment |= {"GIT_AUTHOR_DATE": given.at.isoformat(), "GIT_COMMITTER_DATE": given.at.isoformat()}
        return self.text("commit-tree", *parents, "-m", f"{given.origin}: {given.size} events", tree).strip()

    def _blob(self, name: str, text: str) -> str:
        return f"100644 blob {self.text('hash-object', '-w', '--stdin', given=text).strip()}\t{name}"

    def push(self, commit: str) -> None:
        """Without force: a branch that went on meanwhile refuses, and the next minute finds it so."""
        self.run("push", "--quiet", "--no-verify", "--", self._own.git, f"{commit}:refs/heads/{self._own.git_branch}")


@contextmanager
def _repository(own: WitnessSettings) -> Iterator[_Git]:
    """Our repository for this remote, made at first need; one process at a time uses it."""
    _check(own)
    folder = settings().data / "witness-git"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WitnessFailed("another process is at it") from error
        yield _Git(folder / f"{sha256(place(own).encode()).hexdigest()[:16]}.git", own)


def _check(own: WitnessSettings) -> None:
    """Raises WitnessFailed for an address or a branch that git could take for something else."""
    if own.git.startswith("-") or "::" in own.git.split("/")[0] or any(ord(letter) < 0x21 for letter in own.git):
        raise WitnessFailed("witness.git is no address of a repository")
    if urlsplit(own.git).password:
        raise WitnessFailed("witness.git has a password in it; give it as witness.git_token_file")
    if not _BRANCH.fullmatch(own.git_branch) or ".." in own.git_branch:
        raise WitnessFailed("witness.git_branch is no plain name of a branch")


def _environment(own: WitnessSettings) -> dict[str, str]:
    """What git sees; secrets go by here, since argv can be read by everybody on the machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
    ssh = ["ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", f"-oConnectTimeout={limits.WITNESS_SECONDS:.0f}"]
    if own.git_ssh_key:
        ssh += ["-oIdentitiesOnly=yes", f"-i '{own.git_ssh_key}'" if "'" not in own.git_ssh_key else ""]
    made = {**kept, **_ENVIRONMENT, "GIT_SSH_COMMAND": " ".join(ssh)}
    if own.git_token:
        basic = base64.b64encode(f"x-access-token:{own.git_token}".encode()).decode()
        made |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}"}
    return made
