"""Findings: the problem behind signals, from first sight to proof that it is gone."""
