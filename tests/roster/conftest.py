"""What the roster's tests share: a small company. Alice owns, Bob is on call, Charlie is outside it."""

import pytest

from watchbill.base.acting import Actor
from watchbill.roster.services import apply_roster

BY_TEST = Actor("person", "dora@saltmarsh.example", "cli")

COMPANY = """
[company]
name = "Saltmarsh"
security_team = "security"
security_schedule = "security"

[[person]]
email = "alice@saltmarsh.example"
name = "Alice"
zone = "Europe/Amsterdam"
handle = "@alice"

[[person]]
email = "bob@saltmarsh.example"
name = "Bob"
role = "security"
zone = "Europe/Amsterdam"

[[person]]
email = "dora@saltmarsh.example"
name = "Dora"
role = "admin"

[[person]]
email = "vera@saltmarsh.example"
name = "Vera"
role = "viewer"

[[team]]
slug = "security"
name = "Security"
members = ["bob@saltmarsh.example", "dora@saltmarsh.example"]
policy = "security"

[[team]]
slug = "berths"
name = "Berths"
zone = "Europe/Amsterdam"
members = ["alice@saltmarsh.example"]
policy = "berths-urgent"
handles = ["@saltmarsh/berths"]

[[team]]
slug = "platform"
name = "Platform"

[[policy]]
slug = "security"
step = [{ notify = ["schedule:security"], wait = "5m" }, { notify = ["team:security"] }]

[[policy]]
slug = "berths-urgent"
name = "Berths, urgent"
repeat = 2
step = [
    { notify = ["schedule:berths"], wait = "10m" },
    { notify = ["schedule:security", "person:dora@saltmarsh.example"], wait = "30s" },
]

[[repo]]
name = "saltmarsh/berth-board"
codeowners = '''
*             @saltmarsh/platform
/apps/**      @saltmarsh/berths
/odd/**       @saltmarsh/nobody-knows
/free/**
/mine.txt     alice@saltmarsh.example
'''

[[schedule]]
slug = "security"
team = "security"
layer = [{ name = "Always", people = ["bob@saltmarsh.example", "dora@saltmarsh.example"], every = "1 week", starts = 2026-01-05T09:00:00 }]

[[schedule]]
slug = "berths"
name = "Berths"
team = "berths"
zone = "Europe/Amsterdam"

[[schedule.layer]]
name = "Hours"
people = ["alice@saltmarsh.example"]
every = "1 week"
starts = 2026-01-05T08:00:00
only = ["mon-fri 08:00-18:00"]

[[service]]
slug = "berth-board"
team = "berths"
tier = 1
exposure = "open"
data_class = "internal"
repos = ["saltmarsh/berth-board"]
purls = ["pkg:github/saltmarsh/berth-board"]
set_by = "alice@saltmarsh.example"
set_on = 2026-03-11

[[service]]
slug = "tide-feed"
team = "platform"

[[rule]]
path = "/.github/workflows/**"
team = "platform"
"""


@pytest.fixture
def company(db: None, clock: object) -> None:
    """The small company, in the tables."""
    apply_roster(COMPANY, by=BY_TEST)
