"""Base's tables, step by step."""
