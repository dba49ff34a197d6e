"""Pure libraries, importable alone: package readers and advisories, calendars, the transparency log, log matching. Never Django or network."""
