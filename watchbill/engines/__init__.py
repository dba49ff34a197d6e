"""Pure libraries, each importable alone: package readers and advisories, calendars, the transparency log, log matching."""
