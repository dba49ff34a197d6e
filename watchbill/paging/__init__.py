"""The bell: alerts, escalation, notification rules, channels, delivery, acknowledgement; knows its subject only as text."""
