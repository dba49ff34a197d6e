"""Signing what a webhook carries, as the Standard Webhooks specification (1.0) has it: HMAC-SHA256 over id, timestamp and body.
It knows neither the network nor where secrets are kept."""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def key_bytes(secret: str) -> bytes:
    """The key in a secret: base64 after `whsec_` (Standard Webhooks), else the text's own bytes."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the Webhook-Signature header: `v1,` and the base64 of the MAC. `timestamp` is in whole seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_bytes(secret), signed, hashlib.sha256).digest()).decode()
