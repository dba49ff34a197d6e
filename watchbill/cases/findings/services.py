"""The verbs of findings, gathered: everything that changes a finding goes through one of these. Each is one transaction with its audit
event and news, and each may be called inside or outside `write`. This module only names them; how they work stands in the modules
beside it.
"""

from watchbill.cases.findings.accepting import accept_risk, expire_due, not_affected, reject_acceptance, sign_acceptance
from watchbill.cases.findings.correcting import Corrected, Correction, OpenAdvice, open_advice, withdraw_corrected
from watchbill.cases.findings.hands import (
    assign,
    claim_fix,
    redecide,
    reopen,
    retire,
    take,
    triage,
    verification_began,
    withdraw_advisories,
)
from watchbill.cases.findings.recording import record_scan
from watchbill.cases.findings.rules import EpssFact, KevFact, ScanOutcome, ScanSummary, Scope, Sighting
from watchbill.cases.findings.scoring import rescore
from watchbill.cases.findings.settling import reject_held_scan, release_held_scan

__all__ = [
    "Corrected",
    "Correction",
    "EpssFact",
    "KevFact",
    "OpenAdvice",
    "ScanOutcome",
    "ScanSummary",
    "Scope",
    "Sighting",
    "accept_risk",
    "assign",
    "claim_fix",
    "expire_due",
    "not_affected",
    "open_advice",
    "record_scan",
    "redecide",
    "reject_acceptance",
    "reject_held_scan",
    "release_held_scan",
    "reopen",
    "rescore",
    "retire",
    "sign_acceptance",
    "take",
    "triage",
    "verification_began",
    "withdraw_advisories",
    "withdraw_corrected",
]
