"""The mail witness: sends the newest checkpoint to addresses outside, through the configured mail server, and no more often than asked.

What is in other people's mailboxes can't be changed from here. It can't be read back either: whoever checks, compares by hand or with the
verifier that an export brings.
"""

from email.message import EmailMessage

from watchbill.base import outgoing
from watchbill.base.handover import Handover, WitnessFailed, WitnessInfo
from watchbill.base.problem import Problem
from watchbill.base.settings import WitnessSettings

INFO = WitnessInfo(
    name="mail",
    title="Mail to somebody outside",
    settings=("mail", "mail_minutes"),
    confirms=True,
    reads_back=False,
    example='mail = ["auditor@example.org"]',
    minutes="mail_minutes",
)
_WORDS = """\
This is a checkpoint of Watchbill's audit trail. Please keep this mail: nothing needs to be done with it now.

It states how many events the trail had, and a hash over all of them. Should anybody ever change or remove one of
these events, on whatever machine and with whatever rights, the trail will no longer fit this text. To check that,
save the attached file and give it to the verifier that comes with an export of the trail:

    python3 verify_trail.py trail.zip --checkpoint checkpoint-{size}.txt

"""


def place(own: WitnessSettings) -> str:
    """The addresses."""
    return ", ".join(own.mail)


def hand_over(given: Handover, own: WitnessSettings) -> None:
    """One message to all of them."""
    message = EmailMessage()
    message["To"] = ", ".join(own.mail)
    message["Subject"] = f"Checkpoint of {given.origin}: {given.size:,} events"
    # Any automatic answer to it would come back each time (RFC 3834, section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_WORDS.format(size=given.size) + "\n\n".join(given.texts()), cte="base64")
    _attach(message, given.note, f"checkpoint-{given.size}.txt")
    for number, statement in enumerate(given.statements, 1):
        _attach(message, statement, f"key-rotation-{number}.txt")
    try:
        outgoing.send_mail(message)
    except Problem as problem:
        raise WitnessFailed(problem.detail.rstrip(".")) from problem


def _attach(message: EmailMessage, text: str, name: str) -> None:
    """As bytes, so that no mail server has a line to break."""
    message.add_attachment(text.encode(), maintype="text", subtype="plain", params={"charset": "utf-8"}, filename=name)


def read_back(own: WitnessSettings) -> tuple[str, ...]:
    """Nothing: mailboxes are other people's."""
    return ()
