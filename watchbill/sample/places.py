"""Where the sample company's own files are, in a clone and in an installed package alike."""

from __future__ import annotations

from pathlib import Path

import watchbill

_PACKAGE = Path(watchbill.__file__).parent


def advisories() -> Path:
    """The folder of starter advisories in OSV form."""
    return _PACKAGE / "sample_data" / "advisories"


def known_exploited() -> Path:
    """The starter catalogue of known exploited vulnerabilities, in CISA's shape."""
    return _PACKAGE / "sample_data" / "kev.json"


def roster() -> Path:
    """The sample company's roster."""
    return _PACKAGE / "sample" / "roster.toml"


def examples() -> Path:
    """The lockfiles of the sample company's services, one folder a service."""
    installed = _PACKAGE / "sample_data" / "examples" / "saltmarsh"
    return installed if installed.is_dir() else _PACKAGE.parent / "examples" / "saltmarsh"
