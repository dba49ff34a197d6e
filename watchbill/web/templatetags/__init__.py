"""The tags and filters our templates use: `{% load watchbill %}`."""
