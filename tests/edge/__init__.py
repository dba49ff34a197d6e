"""Fakes of the world outside, on loopback: what a story's people would be reached by. They check what they are sent as the real ones do."""
