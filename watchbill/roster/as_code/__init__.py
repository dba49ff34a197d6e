"""The roster as code: a roster.toml read, checked, compared with what stands, and applied all or nothing."""
