"""Incidents: people working together on something now. One sentence starts one; only its responders see it."""
