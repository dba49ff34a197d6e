"""The floor: ids, clock, Problem, settings, the writer, inbox, audit trail, news, jobs, limits, keys and the one door for outgoing
calls.
"""
