"""Decisions: how urgent a problem is, by a stated table, with every input's source and date; and when a risk may be accepted. It pages
nobody.
"""
