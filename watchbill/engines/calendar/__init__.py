"""Rotations and working time: who is on watch at an instant, when the next working day starts, in calendar units and zones."""
