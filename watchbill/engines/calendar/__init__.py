"""Rotations, overrides and working time on the calendars people live by; a pure library that knows nothing of the rest of Watchbill."""
