"""A trial of one contact method: a message that says it is only a trial, sent at once, so that a person sees that it arrives.
depends on it.

It opens no alert, plans no page and verifies nothing by itself: only the person can say that it arrived.
"""

from watchbill.base import clock, ids
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, not_found
from watchbill.base.settings import settings
from watchbill.base.writer import audit, write
from watchbill.paging.models import ContactMethod
from watchbill.paging.registry import channel
from watchbill.paging.rules.messages import OutgoingPage, Sent, Unknown
from watchbill.roster import queries as roster


def send_trial(method_id: int, by: Actor) -> str:
    """Send it now, in the caller's thread, within the channel's own time limit; a sentence of what the provider said.

    Raises Problem: not_found, channel_unusable (with what is missing), trial_failed (with the provider's reason).
    """
    method = ContactMethod.objects.filter(pk=method_id).first()
    if method is None:
        raise not_found("contact method", method_id)
    way = channel(method.channel)
    missing = way.unusable()
    if missing:
        raise Problem("channel_unusable", f"{way.INFO.title} can't be used yet", f"{missing[:1].upper()}{missing[1:]}.", status=409)
    outcome = way.send(_trial_page(method))
    sent = isinstance(outcome, Sent | Unknown)
    write(
        lambda: audit(
            by, "contact_method.tried", f"person:{method.person_id}", outcome="done" if sent else "failed", body={"channel": method.channel}
        ),
        name="paging.send_trial",
    )
    if isinstance(outcome, Sent):
        return f"{way.INFO.title} took it. When it arrives, say so here."
    if isinstance(outcome, Unknown):
        return f"{way.INFO.title} gave no clear answer ({outcome.reason}). It may still arrive."
    raise Problem(
        "trial_failed", f"{way.INFO.title} did not take it", outcome.reason, remedy="Check what you typed, and try again.", status=502
    )


def _trial_page(method: ContactMethod) -> OutgoingPage:
    person, now, own = roster.person(method.person_id), clock.now(), settings()
    home = own.public_url.rstrip("/") or f"http://{own.addr}"
    return OutgoingPage(
        idem=f"trial-{ids.new_id()}",
        alert_id=0,
        title="Only a trial: nothing is wrong",
        decision="hours",
        person_name=person.name,
        person_email=person.email,
        zone=person.zone,
        team="",
        why=("You asked Watchbill to show that this way reaches you.",),
        why_you="It is your own contact method.",
        next_up="Nobody else is paged.",
        guidance=("Go back to the page where you pressed the button, and say that it arrived.",),
        ack_url=f"{home}/me/",
        link_url=f"{home}/me/",
        opened_at=now,
        sent_at=now,
        attempt=1,
        fields=dict(method.fields),
    )
