"""The people: who owns it and who is awake? Persons, teams, services, repositories, ownership rules, schedules."""
