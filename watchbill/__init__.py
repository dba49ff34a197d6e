"""Watchbill: every security signal finds its owner, wakes somebody only for a reason, and stays until newer evidence proves it fixed."""
