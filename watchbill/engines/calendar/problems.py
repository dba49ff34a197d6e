"""What the calendar engine says to something that it can't lay out: the reason and the place. It never logs or guesses."""


class CalendarError(ValueError):
    """Something in a rotation, window or working week can't be used.

    ``place`` names the part ("rotation.zone"), ``reason`` says what is wrong with it in words that a person can act on.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class NeverOpen(CalendarError):
    """A working week that doesn't open again within ``limits.MAX_LOOK_AHEAD``."""
