"""How a request proves who sends it where a fixed key does not: AWS's SigV4, Google's access tokens.

Both come from the vendors' own libraries, installed by the extras `bedrock` and `vertex`, and imported when a provider
asks for them. What blocks (files, metadata servers, token refreshes) runs in a thread.
"""

import asyncio
import time
from typing import Any, Protocol

from proxy.settings import Provider

_BEDROCK = "bedrock"
"""The service name that Bedrock's signatures are made for."""
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_REFRESH_BEFORE = 300.0
"""Seconds before its end that a token is replaced."""


class CannotSign(Exception):
    """There are no credentials, or they cannot be renewed. The message holds no secret."""


class Signer(Protocol):
    """Makes the headers of one request."""

    async def headers(self, url: str, body: bytes) -> dict[str, str]:
        """Names in lower case. `url` is whole, its path as it is sent. Raises CannotSign."""


def signer_for(provider: Provider) -> Signer | None:
    """None for providers whose key stands in a fixed header. Raises ImportError where the extra is not installed."""
    secret = provider.keys[0].secret if provider.keys else None
    if provider.auth == "sigv4":
        return SigV4(provider.region or "us-east-1", secret)
    if provider.auth == "google":
        return GoogleToken(secret)
    return None


class SigV4:
    """`secret` is `ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]`; None: AWS's chain (environment, profile, role)."""

    def __init__(self, region: str, secret: str | None) -> None:
        from botocore.credentials import Credentials

        self._region = region
        self._credentials: Any = None
        if secret:
            parts = secret.split(":", 2)
            if len(parts) < 2:
                raise ValueError("an AWS key is ACCESS_KEY_ID:SECRET_ACCESS_KEY, and a session token behind them")
            self._credentials = Credentials(*parts)

    async def headers(self, url: str, body: bytes) -> dict[str, str]:
        if self._credentials is None:
            self._credentials = await asyncio.to_thread(_aws_chain)
        frozen = await asyncio.to_thread(self._credentials.get_frozen_credentials)
        return _signed(frozen, self._region, url, body)


def _aws_chain() -> Any:
    from botocore.session import get_session

    credentials = get_session().get_credentials()
    if credentials is None:
        raise CannotSign("AWS's usual chain found no credentials (environment, profile, role)")
    return credentials


def _signed(credentials: Any, region: str, url: str, body: bytes) -> dict[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method="POST", url=url, data=body, headers={"content-type": "application/json"})
    SigV4Auth(credentials, _BEDROCK, region).add_auth(request)
    wanted = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")
    return {name.lower(): value for name, value in request.headers.items() if name.lower() in wanted}


class GoogleToken:
    """`secret` is the JSON of a service account; None: application default credentials."""

    def __init__(self, secret: str | None) -> None:
        import google.auth  # noqa: F401 - fails here, at the start, where the extra is missing

        self._secret = secret
        self._credentials: Any = None
        self._token = ""
        self._until = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def headers(self, url: str, body: bytes) -> dict[str, str]:
        del url, body
        now = time.time()
        if now >= self._until - _REFRESH_BEFORE:
            if self._renewing is None or self._renewing.done():
                self._renewing = asyncio.ensure_future(self._renew())
            if now >= self._until:
                await asyncio.shield(self._renewing)
        return {"authorization": f"Bearer {self._token}"}

    async def _renew(self) -> None:
        self._token, self._until = await asyncio.to_thread(self._new_token)

    def _new_token(self) -> tuple[str, float]:
        import json

        import google.auth
        import google.auth.exceptions
        from google.auth.transport.requests import Request
        from google.oauth2 import service_account

        try:
            if self._credentials is None and self._secret:
                described = json.loads(self._secret)
                account: Any = service_account.Credentials
                self._credentials = account.from_service_account_info(described, scopes=[_SCOPE])
            elif self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[_SCOPE])
            self._credentials.refresh(Request())
        except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
            raise CannotSign(f"Google gave no access token: {type(error).__name__}") from None
        expiry = self._credentials.expiry
        return self._credentials.token, expiry.timestamp() if expiry.tzinfo else _utc(expiry)


def _utc(naive: Any) -> float:
    from datetime import UTC

    return float(naive.replace(tzinfo=UTC).timestamp())
