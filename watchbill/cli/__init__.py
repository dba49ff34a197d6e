"""A door: the server commands behind `watchbill`, each with one example, JSON output and exit codes that mean something."""
