"""Ways to get checkpoints of the audit trail out of the administrator's reach: one module each, which describes itself."""
