"""What the bell decides: pure values and functions (planning, escalation, delivery, wording); they are told the time, they ask nobody."""
