"""Google's access tokens for Vertex AI, by Google's own library; installed by the extra `vertex`."""

import json
import logging
import time
from datetime import UTC
from functools import partial
from typing import Any

import google.auth
import google.auth.exceptions
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from proxy.worker.renewal import CannotSign, Lent, Renewed, reason

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
BEFORE = 300.0
"""Seconds before its end that a token is renewed."""
ANSWER_SECONDS = 10.0
"""For each request to a token endpoint."""
USUAL_LIFETIME = 3600.0
"""Where Google does not say: that of its access tokens."""

logging.getLogger("google.auth").setLevel(logging.INFO)  # below that it logs requests for tokens


class GoogleToken:
    """`secret` is the JSON of a service account; None: application default credentials."""

    def __init__(self, secret: str | None) -> None:
        self._secret = secret
        self._credentials: Any = None
        self._headers = Renewed(self._fetch, BEFORE)

    async def headers(self, _url: str, _body: bytes) -> dict[str, str]:
        """As `Signer` promises."""
        return await self._headers.get()

    def _fetch(self) -> Lent[dict[str, str]]:
        transport = Request()
        try:
            if self._credentials is None:
                self._credentials = self._found()
            self._credentials.refresh(partial(transport, timeout=ANSWER_SECONDS))
        except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
            raise CannotSign(reason("no token came from Google", error)) from None
        finally:
            transport.session.close()
        made: dict[str, str] = {}
        self._credentials.apply(made)
        ends_at = _ends_at(self._credentials.expiry)
        return Lent(
            {name.lower(): value for name, value in made.items()},
            lambda seconds: time.time() + seconds >= ends_at,
        )

    def _found(self) -> Any:
        if self._secret is None:
            return google.auth.default(scopes=[SCOPE])[0]
        account: Any = service_account.Credentials
        return account.from_service_account_info(json.loads(self._secret), scopes=[SCOPE])


def _ends_at(expiry: Any) -> float:
    """Google's times are UTC without saying so."""
    if expiry is None:
        return time.time() + USUAL_LIFETIME
    return float((expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)).timestamp())
