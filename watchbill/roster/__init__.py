"""The people: who owns it, who is awake? Persons, teams, services, repositories, ownership rules, schedules, policies, tokens.

The whole roster can be kept as code. ``roster.toml`` has these parts, each optional; what a file doesn't mention is left alone, unless
it says ``prune = true`` at the top, which removes what it doesn't mention (people are deactivated, never deleted). A list inside a
mentioned thing (members, layers, steps, repos) is the whole list.

    [company]                       name, security_team, security_schedule
    [[person]]                      email, name, role (admin | security | engineer | viewer), zone, handle ("@alice"), active,
                                    catalog_names (["user:default/alice"], as a Backstage catalog names the person)
    [[team]]                        slug, name, zone, members = [e-mails], policy, workdays ("mon-fri"), opens, closes, holidays = [dates],
                                    handles (["@org/berths"], as CODEOWNERS names the team), catalog_names (["group:default/berths-crew"],
                                    as a Backstage catalog does; a group of the default namespace named like the team's slug needs none)
    [[policy]]                      slug, name, repeat;   [[policy.step]] notify = ["schedule:x", "team:x", "person:a@b"], wait ("10m": how
                                    long they have before the next step)
    [[repo]]                        name ("org/name"), codeowners (the text of the file)
    [[schedule]]                    slug, name, team, zone
    [[schedule.layer]]              name, people = [e-mails], every ("1 week"), starts (local date and time: its time is the hand-off),
                                    only (["mon-fri 08:00-18:00"]), zone; the last layer with somebody wins
    [[schedule.override]]           person, start, end, reason
    [[service]]                     slug, name, team, tier (1 to 4), exposure (small | controlled | open), data_class, policy, repos, purls,
                                    hosts, description, set_by, set_on (who answered for tier and exposure, and when)
    [[rule]]                        team and at least one pattern of service, repo, path; note. The last rule that matches wins
"""
