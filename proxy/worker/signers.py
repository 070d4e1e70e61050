"""How a request proves who sends it where a fixed key does not: AWS's SigV4, Google's access tokens.

Both come from the vendors' own libraries, installed by the extras `bedrock` and `vertex`, and imported when a provider
asks for them. What blocks (files, metadata servers, token refreshes) runs in a thread, and only where something has to
be fetched.
"""

from typing import Protocol

from proxy.settings import Provider, ProviderKey
from proxy.worker.renewal import CannotSign

__all__ = ["CannotSign", "Signer", "signer_for"]


class Signer(Protocol):
    """Makes the headers of one request."""

    async def headers(self, url: str, body: bytes, /) -> dict[str, str]:
        """Names in lower case. `url` is whole, its path as it is sent. Raises CannotSign."""


def signer_for(provider: Provider, key: ProviderKey | None = None) -> Signer | None:
    """Of one key of the provider, else of its first. None for providers whose key stands in a fixed header.

    Raises ImportError where the extra is not installed, ValueError for a secret of another form.
    """
    if key is None and provider.keys:
        key = provider.keys[0]
    secret = key.secret if key else None
    if provider.auth == "sigv4":
        from proxy.worker.sigv4 import SigV4

        return SigV4(provider.region or "us-east-1", secret)
    if provider.auth == "google":
        from proxy.worker.google_token import GoogleToken

        return GoogleToken(secret)
    return None
