"""The public API under /api/v1: one module a resource, one shape of error."""
