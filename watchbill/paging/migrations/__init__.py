"""The tables of the bell, one step a file."""
