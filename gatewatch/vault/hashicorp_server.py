"""One server of the HTTP API that HashiCorp Vault and OpenBao share: a request, and its answer or what went wrong.

Keeps true: TLS is verified, no redirect is followed, and an error holds nothing that the server sent but its own
messages, redacted.
"""

from typing import TYPE_CHECKING, Any

from gatewatch.redact import redact
from gatewatch.safe_text import safe
from gatewatch.vault.hashicorp_options import Options
from gatewatch.vault.interface import VaultError

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0


class NotLetIn(VaultError):
    """403: a policy forbids it, or the token is no more."""


class Server:
    """Makes a connection for each request: they are rare."""

    def __init__(self, options: Options) -> None:
        self.address = options.address
        self._namespace = options.namespace
        self._tls = options.tls()

    def ask(self, method: str, path: str, token: str | None, body: object = None) -> Any:
        """The JSON answer; None for 404, {} where there is no content. Raises NotLetIn, else VaultError."""
        import httpx

        headers = {"X-Vault-Request": "true"}
        if token is not None:
            headers["X-Vault-Token"] = token
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        try:
            with httpx.Client(verify=self._tls, timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
                answer = client.request(method, self.address + path, headers=headers, json=body)
        except (httpx.HTTPError, OSError) as error:
            raise VaultError(
                f"the vault at {self.address} does not answer: {safe(redact(str(error)), 200) or type(error).__name__}",
                "see that it runs, and `address` and `ca` in vault_options",
            ) from None
        return self._read(answer)

    def _read(self, answer: "httpx.Response") -> Any:
        match answer.status_code:
            case 200:
                try:
                    return answer.json()
                except ValueError:
                    raise VaultError(f"the vault at {self.address} answers with something that is not JSON") from None
            case 204:
                return {}
            case 404:
                return None
            case 403:
                raise NotLetIn(
                    f"the vault at {self.address} does not let us do this: {_messages(answer)}",
                    "the token must be alive, and its policy allow create, read, update, delete and list on the path",
                )
            case 503:
                raise VaultError(f"the vault at {self.address} is sealed: {_messages(answer)}", "unseal it")
            case status:
                raise VaultError(f"the vault at {self.address} answers {status}: {_messages(answer)}")


def _messages(answer: "httpx.Response") -> str:
    try:
        errors = answer.json()["errors"]
        told = "; ".join(error for error in errors if isinstance(error, str))
    except (ValueError, KeyError, TypeError):
        told = ""
    return safe(redact(told), 200) or "no reason given"
