"""The first things to do about a vulnerable package, as sentences with their commands between backticks. Pure; it knows no page and runs
nothing.

The commands come quoted for the shell from the engine, the last one proving the upgrade; what they say behind a # is told in words."""

import shlex
from collections.abc import Sequence


def first_things(
    package: str, installed: str, target: str, manifest: str, repo: str, commands: Sequence[str], path: Sequence[str] = ()
) -> tuple[str, ...]:
    """What to do, in order: raise it, through which direct dependency, with which commands, how it shows, and how to have it proven.
    Without a fixed version: what helps meanwhile. `path` is how the package comes in, as "name@version" from the direct dependency on.
    """
    way = comes_in(path)
    place = f"`{manifest}`" + (f" of {repo}" if repo else "") if manifest else repo or "its place"
    named = f"{package} {installed}".strip()
    if not target:
        return (f"Reduce who can reach it: there is no fixed version of {named} in {place} yet.", *((way,) if way else ()))
    since = f" from {installed}" if installed else ""
    return (
        f"Raise {package}{since} to {target} in {place}.",
        *((way,) if way else ()),
        *runs(commands),
        *(_proves(commands[-1], target) if len(commands) > 1 else ()),
        "Press \u201cI fixed it\u201d, or send a new scan.",
    )


def comes_in(path: Sequence[str]) -> str:
    """How a package comes in and which direct dependency to bump, as a sentence; "" for a direct one, or one whose way nobody knows."""
    if not path:
        return ""
    way = " \u2192 ".join(map(_step, path))
    return f"It comes in through {way}; bump {_step(path[0]).partition(' ')[0]}."


def _step(step: str) -> str:
    """ "express@4.18.2" as "express 4.18.2"; a scope's own @ stays."""
    name, mark, version = step.rpartition("@")
    return f"{name} {version}" if mark and name else step


def runs(commands: Sequence[str]) -> tuple[str, ...]:
    """The commands that change something, each as a sentence: all but the last, which only shows what came of them."""
    return tuple(_run(command) for command in (commands[:-1] if len(commands) > 1 else commands))


def _run(command: str) -> str:
    line, note = _parted(command)
    return f"Run `{line}`" + (f", {note}." if note else ".")


def _proves(command: str, target: str) -> tuple[str]:
    line, note = _parted(command)
    expected = note.removeprefix("expect ") if note.startswith("expect ") else target
    return (f"`{line}` then shows {expected}.",)


def _parted(command: str) -> tuple[str, str]:
    """A command and what stands behind its #; one inside quotes belongs to the command."""
    line, mark, note = command.rpartition("  # ")
    if not mark:
        return command.strip(), ""
    try:
        shlex.split(line)
    except ValueError:
        return command.strip(), ""
    return line.strip(), note.strip()
