"""Signs messages by the Standard Webhooks scheme (standardwebhooks.com), which receivers have libraries for.

webhook-id: msg_…                   the same when a message is sent again
webhook-timestamp: 1795168800       seconds; of this try
webhook-signature: v1,BASE64        HMAC-SHA256 of "ID.TIMESTAMP.BODY" under the secret
"""

import base64
import binascii
import hashlib
import hmac

from gatewatch.vault.references import SecretError

PREFIX = "whsec_"
LEAST_BYTES = 24


def signing_key(secret: str) -> bytes:
    """The bytes to sign with: those behind `whsec_` in base64, else the text's own. Raises SecretError."""
    try:
        coded = secret.startswith(PREFIX)
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if coded else secret.encode()
    except (binascii.Error, ValueError):
        raise SecretError("its secret begins with whsec_, but no base64 follows") from None
    if len(key) < LEAST_BYTES:
        raise SecretError(
            f"its secret has {len(key)} bytes, which is too few to sign with",
            f"at least {LEAST_BYTES}, as `openssl rand -base64 32` makes them",
        )
    return key


def signature_headers(key: bytes | None, id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Without a key, only what tells messages apart."""
    headers = {"webhook-id": id, "webhook-timestamp": str(seconds)}
    if key is not None:
        digest = hmac.digest(key, b"%s.%d.%s" % (id.encode(), seconds, body), hashlib.sha256)
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers
