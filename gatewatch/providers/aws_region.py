"""Which region an address of AWS is in: requests are signed for it."""

import re
from urllib.parse import urlsplit

_REGION = r"(?P<region>[a-z]{2,3}(?:-[a-z]+)+-\d{1,2})"
_HOST = re.compile(
    rf"(?:[a-z0-9-]+\.)*[a-z0-9-]+\.{_REGION}(?:\.vpce)?\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)", re.IGNORECASE
)


def region_of(base_url: str) -> str | None:
    """`https://bedrock-runtime.eu-west-1.amazonaws.com` → `eu-west-1`; None where the host does not say it."""
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return None
    found = _HOST.fullmatch(host)
    return found["region"].lower() if found else None
