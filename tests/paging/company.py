"""The company of the bell's tests: Alice owns berths by day, Bob has the security watch, Mira follows him, Charlie is outside."""

ROSTER = """
[company]
name = "Saltmarsh Terminals"
security_team = "security"
security_schedule = "security"

[[person]]
email = "alice@saltmarsh.example"
name = "Alice Duarte"
zone = "Europe/Amsterdam"

[[person]]
email = "bob@saltmarsh.example"
name = "Bob Lindqvist"
role = "security"

[[person]]
email = "mira@saltmarsh.example"
name = "Mira Solberg"
role = "security"

[[person]]
email = "noor@saltmarsh.example"
name = "Noor Haddad"
role = "admin"

[[person]]
email = "charlie@saltmarsh.example"
name = "Charlie Outside"

[[team]]
slug = "berths"
name = "Berths"
zone = "Europe/Amsterdam"
members = ["alice@saltmarsh.example"]
policy = "berths"
workdays = "1-5"
opens = "09:00"
closes = "17:00"

[[team]]
slug = "security"
name = "Security"
zone = "Europe/Amsterdam"
members = ["bob@saltmarsh.example", "mira@saltmarsh.example"]
policy = "security"

[[schedule]]
slug = "berths"
name = "Berths"
team = "berths"
zone = "Europe/Amsterdam"

[[schedule.layer]]
name = "days"
people = ["alice@saltmarsh.example"]
every = "1 week"
starts = 2026-01-05T08:00:00
only = ["tue-fri 08:00-18:00"]

[[schedule]]
slug = "security"
name = "Security"
team = "security"
zone = "Europe/Amsterdam"

[[schedule.layer]]
name = "weeks"
people = ["bob@saltmarsh.example"]
every = "1 week"
starts = 2026-01-05T08:00:00

[[policy]]
slug = "berths"
name = "Berths, urgent"

[[policy.step]]
notify = ["schedule:berths"]
wait = "5m"

[[policy.step]]
notify = ["schedule:security"]
wait = "5m"

[[policy.step]]
notify = ["person:mira@saltmarsh.example"]
wait = "10m"

[[policy]]
slug = "security"
name = "Security"

[[policy.step]]
notify = ["schedule:security"]
wait = "5m"

[[policy.step]]
notify = ["team:security"]
wait = "10m"
"""

ALICE, BOB, MIRA, NOOR, CHARLIE = (f"{name}@saltmarsh.example" for name in ("alice", "bob", "mira", "noor", "charlie"))
