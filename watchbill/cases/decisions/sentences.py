"""A decision in words: why, what would make it less urgent, what happens if nobody acts. Pure; every sentence can be shown to anybody.

A sentence ends in a full stop. A line for a list or a log (`short_why`, `decided_line`) has none.
"""

from collections.abc import Iterable

from watchbill.cases.decisions.forecast import lifts, short_score
from watchbill.cases.decisions.rules import (
    DECISION,
    FORECAST,
    RANK,
    SCALES,
    Decided,
    Decision,
    DecisionInput,
    answers_of,
    decide_ssvc,
    is_lifted,
)

_REACH = {
    "now": "may wake people at any hour",
    "hours": "pages in working hours, with a due date",
    "digest": "goes into the digest and wakes nobody",
    "silent": "is kept and wakes nobody",
}
_SHORT = {
    ("exploitation", "active"): "exploited in the wild",
    ("exploitation", "public_poc"): "exploit code is public",
    ("exploitation", "none"): "no exploit known",
    ("exposure", "open"): "open to the internet",
    ("exposure", "controlled"): "reachable only from some places",
    ("exposure", "small"): "out of reach from outside",
    ("automatable", "yes"): "can be automated",
    ("automatable", "no"): "takes work for each target",
    ("human_impact", "very_high"): "very high harm to people",
    ("human_impact", "high"): "high harm to people",
    ("human_impact", "medium"): "medium harm to people",
    ("human_impact", "low"): "low harm to people",
}
_WERE_IT = {
    "exposure": "Were it out of reach from outside",
    "exploitation": "Were it not exploited",
    "human_impact": "Were less harm possible",
    "automatable": "Could it not be automated",
}
_QUESTION = {"exposure": "who can reach it", "automatable": "whether it can be automated", "human_impact": "what harm it could do"}
# What a weakness lets somebody do, in words that end "On this service, a stranger could ...". Names: MITRE CWE.
_WEAKNESS: dict[str, str] = {
    "CWE-20": "send input the code does not expect, and make it misbehave",
    "CWE-22": "read or write files outside the folder that was meant",
    "CWE-77": "run commands of their own",
    "CWE-78": "run commands of their own",
    "CWE-79": "act in the name of whoever opens a page",
    "CWE-88": "change what a command does by what they send",
    "CWE-89": "read and change what is in the database",
    "CWE-94": "run code of their own",
    "CWE-113": "change what other visitors are answered",
    "CWE-125": "read memory that was not meant for them",
    "CWE-190": "make the program miscount and go wrong",
    "CWE-200": "read what was not meant for them",
    "CWE-287": "get in without proving who they are",
    "CWE-295": "pose as a server we trust and read what we send",
    "CWE-306": "use what should need a sign-in",
    "CWE-327": "break the encryption that protects the data",
    "CWE-345": "pass forged data off as real",
    "CWE-347": "pass forged data off as signed",
    "CWE-352": "act in the name of somebody who is signed in",
    "CWE-384": "take over somebody's session",
    "CWE-400": "make it stop answering",
    "CWE-416": "crash it, or run code of their own",
    "CWE-434": "put a file of their own on it and run it",
    "CWE-444": "slip requests past the proxy in front of it",
    "CWE-502": "run code of their own",
    "CWE-601": "send our visitors to a page of theirs",
    "CWE-611": "read its files and reach machines behind it",
    "CWE-674": "make it stop answering",
    "CWE-770": "make it stop answering",
    "CWE-787": "crash it, or run code of their own",
    "CWE-798": "sign in with a password that everybody knows",
    "CWE-862": "do what they have no right to",
    "CWE-863": "do what they have no right to",
    "CWE-915": "change settings they should not reach",
    "CWE-918": "make it call machines behind it in their place",
    "CWE-1321": "change how the program behaves by what they send",
    "CWE-1333": "make it stop answering",
}
_ORDER = ("CWE-502", "CWE-94", "CWE-78", "CWE-77", "CWE-787", "CWE-416", "CWE-89", "CWE-434")


def decision_why(decided: Decided) -> str:
    """Why this is now, hours, digest or silent: the answers that weigh, what that allows, and what was assumed. The table's own word
    stands beside it.
    """
    text = f"{_started(_known_answers(decided.inputs))}. It {_REACH[decided.decision]}."
    if is_lifted(decided):
        words = next(item.label for item in decided.inputs if item.name == FORECAST)
        text = f"{text} The table alone would say silent; {words}, so it is not left there. A forecast is no sign that it is exploited."
    open_questions = [_QUESTION[item.name] for item in decided.inputs if item.assumed]
    if decided.capped:
        return f"{text} The table alone would say now; it is held at hours, because nobody has said {_joined(open_questions)}."
    if open_questions:
        return f"{text} Nobody has said {_joined(open_questions)}: that is assumed, and security is asked."
    return text


def short_why(inputs: Iterable[DecisionInput]) -> str:
    """One line for a list: the two or three answers that weigh most, the surest first, then what nobody has said."""
    listed = tuple(inputs)
    unsaid = [_QUESTION[item.name] for item in listed if item.assumed and item.name in _WEIGHING]
    parts = [_known_answers(listed), *_high_forecast(listed), *([f"nobody has said {_joined(unsaid)}"] if unsaid else [])]
    return _started("; ".join(parts))


def _high_forecast(inputs: tuple[DecisionInput, ...]) -> list[str]:
    return [f"EPSS {short_score(float(item.value))}" for item in inputs if item.name == FORECAST and lifts(float(item.value))]


def decided_line(decision: str, short: str) -> str:
    """The decision as a line of a log: "decided now: exploited in the wild, open to the internet"."""
    return f"decided {decision}: {after_colon(short)}"


def after_colon(line: str) -> str:
    """A line of ours as it stands after a colon: it begins small, unless it begins with a name (of a file, of a person)."""
    return line[:1].lower() + line[1:] if line.split(" ", 1)[0].rstrip(",;") in _OPENINGS else line


_OPENINGS = frozenset({"A", "Nobody", "The", "No", *(words.split(" ", 1)[0].capitalize() for words in _SHORT.values())})
_WEIGHING = ("exploitation", "exposure", "human_impact")


def _known_answers(inputs: Iterable[DecisionInput]) -> str:
    """The answers that weigh and that somebody gave, in the order in which they are asked."""
    known = {item.name: item for item in inputs}
    return ", ".join(_SHORT[(name, known[name].value)] for name in _WEIGHING if not known[name].assumed)


def _started(text: str) -> str:
    return text[:1].upper() + text[1:]


def reach_words(exposure: str) -> str:
    """Who can reach a service, in words; empty where nobody has said."""
    return _SHORT.get(("exposure", exposure), "")


def counterfactual(decided: Decided) -> str:
    """What one lowered answer would change: "Were it out of reach from outside, it would be hours." Empty when no single one would."""
    if is_lifted(decided):
        return "Did EPSS forecast less, it would be silent."
    values = answers_of(decided.inputs)
    for name in ("exposure", "exploitation", "human_impact", "automatable"):
        lowest = SCALES[name][0]
        if values[name] == lowest:
            continue
        other = DECISION[decide_ssvc(**{**values, name: lowest})]
        if RANK[other] > RANK[decided.decision]:
            return f"{_WERE_IT[name]}, it would be {other}."
    return ""


def weakness_allows(cwes: Iterable[str]) -> str:
    """What the weakness lets somebody do, the worst first; general words for a class we have none for."""
    present = set(cwes)
    ordered = [cwe for cwe in (*_ORDER, *_WEAKNESS) if cwe in present]
    return _WEAKNESS[ordered[0]] if ordered else "use the weakness against us"


def if_not_done(cwes: Iterable[str], decided: Decided, service: str) -> str:
    """What happens if nobody acts, in plain words, naming the asset and the threat that the control is for."""
    where = service or "this place"
    exploitation = next(item.value for item in decided.inputs if item.name == "exploitation")
    happens = {
        "active": "Others are attacked this way today, so expect it to be tried here.",
        "public_poc": "Anybody can copy the published exploit.",
        "none": "Nobody is known to do it yet.",
    }[exploitation]
    return f"Somebody who reaches {where} could {weakness_allows(cwes)}. {happens} {_patience(decided.decision)}"


def _patience(decision: Decision) -> str:
    return {
        "now": "Each hour it stays, the odds get worse.",
        "hours": "It can wait for working hours, not for next month.",
        "digest": "It can wait for the next planned update.",
        "silent": "Nothing much: it goes away with an ordinary update.",
    }[decision]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]
