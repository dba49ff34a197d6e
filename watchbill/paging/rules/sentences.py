"""The sentences of the bell: why somebody was, or was not, paged, in words a tired person understands. Times carry their zone, and
their day when it isn't today. It only words what others decided. Every sentence ends in a full stop;
a cause (`nobody_until`) has none, because a sentence goes on after it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchbill.paging.rules.words import DESK, EMAIL

CALLED_OFF = "Called off: "
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CHANNEL_WORDS = {DESK: "the desk", EMAIL: "e-mail"}


def zone_of(name: str) -> ZoneInfo:
    """The zone by its IANA name; UTC for a name nobody knows, so that a bad zone never keeps a page from going out."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def clock_time(at: datetime, zone: str, today: datetime) -> str:
    """`16:11 CET`; with the weekday within six days of `today`, with the date beyond. Never depends on the machine's locale or zone."""
    place = zone_of(zone)
    local, here = at.astimezone(place), today.astimezone(place)
    text = f"{local:%H:%M} {local.tzname()}"
    days = (local.date() - here.date()).days
    if days == 0:
        return text
    if abs(days) < 7:
        return f"{_DAYS[local.weekday()]} {text}"
    year = f" {local.year}" if local.year != here.year else ""
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}{year}, {text}"


def span(length: timedelta) -> str:
    """`45 s`, `9 min`, `2 h 10 min`, `3 d 4 h`: two figures at most, held together by no-break spaces."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds}\u00a0s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}\u00a0min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}\u00a0h" + (f" {minutes}\u00a0min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days}\u00a0d" + (f" {hours}\u00a0h" if hours else "")


def names(people: Sequence[str]) -> str:
    """`Alice`, `Alice and Bob`, `Alice, Bob and Charlie`; nobody is `nobody`."""
    if not people:
        return "nobody"
    if len(people) == 1:
        return people[0]
    return f"{', '.join(people[:-1])} and {people[-1]}"


def by_channel(channel: str) -> str:
    """A channel as it is said in a sentence: `by e-mail`, `by the desk` is said as `at the desk`."""
    if channel == DESK:
        return "at the desk"
    return f"by {_CHANNEL_WORDS.get(channel, channel)}"


def on_watch(schedule: str, people: Sequence[str], at: str) -> str:
    """Who a schedule named."""
    return f"{names(people)} {'is' if len(people) == 1 else 'are'} on watch in {schedule} {_at(at)}."


def _at(moment: str) -> str:
    """A time as it stands at the end of a sentence: "at 16:11 CET", "Tue 08:00 CET"."""
    return f"at {moment}" if moment[:1].isdigit() else moment


def nobody_on_watch(schedule: str, at: str, person: str, starts: str) -> str:
    """A gap, and who ends it when; `person` and `starts` are empty where no watch is planned."""
    if not person:
        return f"Nobody in {schedule} is on watch {_at(at)}, and no watch is planned."
    return f"{nobody_until(schedule, starts)}, when {person} begins."


def nobody_until(schedule: str, starts: str) -> str:
    """The same as a cause, without a full stop."""
    return f"Nobody in {schedule} is on watch until {starts}" if starts else f"Nobody in {schedule} is on watch"


def reaches_nobody(step: int) -> str:
    """Another cause: a step whose targets are gone or empty."""
    return f"Step {step + 1} reaches nobody"


def the_watch(schedule: str, *, is_security: bool) -> str:
    """A schedule as where something goes to."""
    return "the security watch" if is_security else f"the watch of {schedule}"


def goes_to(causes: Sequence[str], by_way_of: str, person: str) -> str:
    """Why it came to this person rather than to those before: "Nobody in Berths is on watch until Tue 08:00 CET, so it goes to the
    security watch: Bob Lindqvist."
    """
    told = list(dict.fromkeys(after_colon(cause) for cause in causes))
    cause = names(told)
    return f"{cause[:1].upper()}{cause[1:]}, so it goes to {by_way_of}: {person}."


_OPENINGS = frozenset({"Nobody", "Nothing", "No", "There", "The", "Step", "Not", "It", "This", "Handed", "Fixed", "Called", "Every"})


def after_colon(text: str) -> str:
    """A sentence of ours as it stands after a colon: it begins small, unless it begins with a name."""
    return text[:1].lower() + text[1:] if text.split(" ", 1)[0].rstrip(",") in _OPENINGS else text


def to_you(text: str, person: str) -> str:
    """A sentence about somebody, said to them: their name at its beginning or its end becomes you."""
    for verb, yours in (("is", "are"), ("was", "were"), ("has", "have"), ("hears", "hear")):
        if text.startswith(f"{person} {verb} "):
            text = f"You {yours} {text.removeprefix(f'{person} {verb} ')}"
    return f"{text.removesuffix(f'{person}.')}you." if text.endswith(f": {person}.") else text


def opened(by: str, why: Sequence[str]) -> str:
    """The first line of an alert's log."""
    return " ".join([f"Opened by {by}.", *why])


def no_such(kind: str, name: str) -> str:
    """A target that the roster no longer knows."""
    return f"There is no {kind} {name} any more, so nobody could be paged through it."


def inactive(person: str) -> str:
    """A target who has left."""
    return f"{person} has no active account, so was not paged."


def step_started(step: int, loop: int, policy: str, people: Sequence[str]) -> str:
    """Which step of which policy pages whom."""
    again = f", round {loop + 1}" if loop else ""
    return f"Step {step + 1} of policy {policy}{again} pages {names(people)}."


def passed_over(step: int, policy: str) -> str:
    """A step that reaches nobody takes no time."""
    return f"Step {step + 1} of policy {policy} reaches nobody, so the next step follows at once."


def exhausted(policy: str, every: timedelta) -> str:
    """Past the end of the policy."""
    return f"Nobody answered any step of policy {policy}. The security watch is paged every {span(every)} until somebody acknowledges."


def after_the_end(people: Sequence[str]) -> str:
    """One more page after the end of the policy."""
    return f"Still nobody has answered: {names(people)} paged again, as the security watch."


def held(person: str, channel: str, opens: str, team: str) -> str:
    """That a page waits, and why."""
    return f"{person} is paged {by_channel(channel)} {_at(opens)}: it can wait until {team or 'the team'} is at work."


def can_wait(opens: str, team: str, why_you: str) -> str:
    """Why a page waits, and why it will be theirs."""
    then = f"{why_you.removesuffix(f' {_at(opens)}.')} then." if why_you.endswith(f" {_at(opens)}.") else why_you
    return f"This can wait until {opens}, when {team or 'the team'} is at work. {then}"


def released_by_raise(person: str, channel: str) -> str:
    """Why a held page rings before its opening."""
    return f"The held page to {person} {by_channel(channel)} goes out now: it has become urgent."


def released_at_opening(person: str, channel: str) -> str:
    """A held page reached its time."""
    return f"Working hours began: the held page to {person} {by_channel(channel)} goes out."


def planned(person: str, channel: str, at: str) -> str:
    """That a page is made; why them, the line of the target or the step has said."""
    return f"{person} is paged {by_channel(channel)} {_at(at)}."


def skipped(person: str, channel: str, reason: str) -> str:
    """Why a rule made no page."""
    return f"{person} is not paged {by_channel(channel)}: {reason}."


def sent(person: str, channel: str, took: timedelta, attempts: int) -> str:
    """A page went out. `took` counts from when it was due."""
    tries = f", at try {attempts}" if attempts > 1 else ""
    if channel == DESK:
        return f"The page for {person} stands at the desk{tries}."
    return f"Paged {person} {by_channel(channel)}{tries}: handed over in {span(took)}."


def will_retry(person: str, channel: str, error: str, at: str) -> str:
    """A try failed for now."""
    return f"The page to {person} {by_channel(channel)} did not go: {error}. Tried again at {at}."


def failed(person: str, channel: str, error: str) -> str:
    """A way failed for good."""
    return f"The page to {person} {by_channel(channel)} failed: {error}."


def pulled_forward(person: str, channel: str) -> str:
    """The next way goes at once."""
    return f"{person} is paged {by_channel(channel)} at once instead."


def unreachable(person: str) -> str:
    """No way left."""
    return f"{person} can't be reached: every way beyond the desk failed. The next step follows at once."


def merged(title: str) -> str:
    """Why a second opening rang nobody."""
    return f"Reported again ({title}): the alert is open already, so nobody is paged a second time."


def raised() -> str:
    """Hours became now."""
    return "It has become urgent: what was held rings now, and the rules for urgent pages apply."


def acknowledged(person: str, way: str, called_off: int) -> str:
    """Somebody has it."""
    rest = f" {called_off} waiting {'page was' if called_off == 1 else 'pages were'} called off." if called_off else ""
    return f"{person} acknowledged{f' {way}' if way else ''}.{rest}"


_ANSWERING = {"web": "on this site", "desk": "at the desk", "cli": "at a terminal", "api": "over the API", "loop": "", "sample": ""}
_LINK_IN = {EMAIL: "by the link in the mail", "ntfy": "by the link in the push"}


def answering_by(way: str, page_channel: str = "") -> str:
    """By what way somebody answered, in words; a link says in what it came."""
    if way == "link":
        return _LINK_IN.get(page_channel, "by the link")
    return _ANSWERING.get(way, f"by {way}" if way else "")


def called_off(cause: str) -> str:
    """A page's own line when it is cancelled."""
    return f"{CALLED_OFF}{after_colon(cause)}"


def was_not_paged(person: str, reason: str) -> str:
    """The answer to "why not me?"."""
    return f"{person} was not paged: {after_colon(reason.removeprefix(CALLED_OFF))}"
