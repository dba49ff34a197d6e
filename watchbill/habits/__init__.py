"""Staged programmes for people: the two-factor roll-out and the academy, ring by ring, by measured failure and feedback."""
