"""`watchbill person add`: somebody new in the roster, and a one-time link to come in by. It never sees a password."""

from __future__ import annotations

import argparse

from watchbill.base.settings import settings
from watchbill.cli import server
from watchbill.cli.terminal import inert, say, say_json

HELP = "Add a person, and print a link good for a day that lets them in once to choose a password."
EXAMPLE = "watchbill person add bob@saltmarsh.example --name Bob --role engineer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", metavar="EMAIL", help="how they sign in")
    parser.add_argument("--name", metavar="NAME", default="", help="what people call them; the address if left out")
    parser.add_argument("--role", choices=("admin", "security", "engineer", "viewer"), default="engineer", help="what they may do")
    parser.add_argument("--zone", metavar="ZONE", default="UTC", help="their time zone, such as Europe/Amsterdam")
    parser.add_argument("--json", action="store_true", help="the person and the link as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 added. Raises Problem when they are there already."""
    payload = {"email": arguments.email, "name": arguments.name, "role": arguments.role, "zone": arguments.zone}
    answer = server.call("person.add", payload)
    own = settings()
    link = (own.public_url.rstrip("/") or f"http://{own.addr}") + answer["link"]
    if arguments.json:
        say_json({**answer, "link": link})
    else:
        say(
            inert(f"{answer['name']} <{answer['email']}> is in the roster as {answer['role']}."),
            f"Their link, good once and for a day: {inert(link)}",
        )
    return 0
