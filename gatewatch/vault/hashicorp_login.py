"""Who we are for a HashiCorp Vault or OpenBao server: a token, or a role that gets one, and a new one in time."""

from typing import Any

from gatewatch.vault.hashicorp_options import Options
from gatewatch.vault.hashicorp_server import NotLetIn, Server
from gatewatch.vault.interface import VaultError
from gatewatch.vault.references import resolve


class Login:
    """Asks a server as ourselves. The token is read or got when it is first needed, and again when it is refused."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._server = Server(options)
        self._token: str | None = None

    @property
    def address(self) -> str:
        return self._server.address

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """As `Server.ask`. A token that is refused is got anew, once. Raises VaultError, SecretError."""
        if self._token is not None:
            try:
                return self._server.ask(method, path, self._token, body)
            except NotLetIn:
                self._token = None
        self._token = self._fresh_token()
        return self._server.ask(method, path, self._token, body)

    def _fresh_token(self) -> str:
        options = self._options
        if not options.role_id:
            return _secret(options.token, "token")
        asked = {"role_id": options.role_id, "secret_id": _secret(options.secret_id, "secret_id")}
        answer = self._server.ask("POST", f"/v1/auth/{options.role_mount}/login", None, asked)
        auth = answer.get("auth") if isinstance(answer, dict) else None
        token = auth.get("client_token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            raise VaultError(
                f"the vault at {self.address} gives no token for the role",
                f"is AppRole enabled at auth/{options.role_mount}?",
            )
        return token


def _secret(reference: str, option: str) -> str:
    secret = resolve(reference, None)
    if secret is None:
        raise VaultError(f"vault_options: {option} is none", "env:NAME or file:PATH")
    return secret
