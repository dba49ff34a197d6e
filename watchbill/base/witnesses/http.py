"""The HTTP witness: sends each checkpoint to a URL through the guarded door, by POST (one request each) or PUT (the newest replaces the
one before, for object stores that keep versions).
"""

from watchbill.base import limits, outgoing
from watchbill.base.handover import Handover, WitnessFailed, WitnessInfo
from watchbill.base.problem import Problem
from watchbill.base.settings import WitnessSettings

INFO = WitnessInfo(
    name="http",
    title="A web address that takes notes",
    settings=("http", "http_method", "http_token"),
    confirms=True,
    reads_back=False,
    example='http = "https://witness.example.org/checkpoints"',
)
_TAKEN = range(200, 300)


def place(own: WitnessSettings) -> str:
    """The address."""
    return own.http


def hand_over(given: Handover, own: WitnessSettings) -> None:
    """Any answer from 200 to 299 means that it is kept."""
    texts = given.texts() if own.http_method == "POST" else ("\n".join(given.texts()),)
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if own.http_token:
        headers["Authorization"] = f"Bearer {own.http_token}"
    for text in texts:
        try:
            answer = outgoing.request(own.http_method, own.http, headers=headers, body=text.encode(), timeout=limits.WITNESS_SECONDS)
        except Problem as problem:
            raise WitnessFailed(" ".join(filter(None, (problem.detail, problem.remedy))).rstrip(".")) from problem
        if answer.status not in _TAKEN:
            raise WitnessFailed(f"it answered {answer.status}")


def read_back(own: WitnessSettings) -> tuple[str, ...]:
    """Nothing: what a service keeps is asked of the service."""
    return ()
