"""The errors that clients see, in their dialect. Every code is the `error_kind` of the call's row."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from gatewatch.known_secret import without_known
from gatewatch.redact import redact


class Refusal(Exception):
    """A call ends here with an error reply. Raised by any stage; `message` is safe to show to the caller."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        close: bool = False,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.type = type
        self.param = param
        self.headers = headers
        self.close = close
        """Whether the client's connection must end with this reply."""
        self.reason = reason
        """What only the operator may know: stands in the call's row, never in the reply."""
        self.details: dict[str, object] = {}
        """More fields of the error, for programs."""
        self.rule: str | None = None
        """The limit or budget that was in the way."""
        self.rule_scope: str | None = None
        self.said: Exception | None = None
        """What a provider said that led to it."""

    def hide(self, secret: str | None) -> None:
        """Takes a secret out of it that a provider may have repeated."""
        self.message = without_known(self.message, secret)
        self.type = without_known(self.type, secret)
        self.param = self.param and without_known(self.param, secret)
        self.code = self.code if without_known(self.code, secret) == self.code else "upstream_error"

    def openai_body(self) -> bytes:
        return error_body(self.message, self.type, self.param, self.code, self.details)


_LEAKED = {
    "browser": "This key is a server's and is not served to browsers.",
    "new_network": "This key is not served in this network, where it was never used before.",
    "in_prompt": "An API key of this gateway stands in the request's body.",
}

DO_NOT_RETRY = ((b"x-should-retry", b"false"),)


def error_body(
    message: str, type: str, param: str | None, code: str, details: Mapping[str, object] = MappingProxyType({})
) -> bytes:
    """OpenAI's four-field error object, and what more there is to say."""
    return msgspec.json.encode({"error": {"message": message, "type": type, "param": param, "code": code, **details}})


def bad_key(reason: str | None = None) -> Refusal:
    """Unknown, malformed, expired and revoked keys look alike to the caller."""
    return Refusal(401, "invalid_api_key", "The API key is not valid here.", reason=reason)


def no_key() -> Refusal:
    message = "No API key was sent. Use the header 'Authorization: Bearer KEY' or 'x-api-key: KEY'."
    return Refusal(401, "invalid_api_key", message)


def key_revoked(reason: str | None = None) -> Refusal:
    """A call that was under way when its key was revoked."""
    return Refusal(401, "key_revoked", "The API key was revoked while the call ran.", reason=reason)


def _not_allowed(code: str, message: str, param: str | None = None, reason: str | None = None) -> Refusal:
    return Refusal(403, code, message, type="permission_error", param=param, reason=reason)


def network_not_allowed(reason: str) -> Refusal:
    return _not_allowed("network_not_allowed", "This key may not be used from this address.", reason=reason)


def key_leaked(mark: str) -> Refusal:
    """`mark`: what shows that the key is no secret any more."""
    message = _LEAKED[mark] + " Ask whoever runs this gateway."
    return _not_allowed("key_leaked", message, reason=mark)


def dialect_not_allowed(dialect: str) -> Refusal:
    return _not_allowed("dialect_not_allowed", f"This key may not be used with the API {dialect!r}.")


def route_not_allowed(route: str, param: str = "model") -> Refusal:
    return _not_allowed("route_not_allowed", f"This key may not use the route {route!r}.", param)


def budget_exceeded(what: str) -> Refusal:
    """For good, or until somebody raises the cap: told so that no SDK waits for better times."""
    message = f"This key's allowance of {what} is spent, or what is left of it is too little for this call."
    return Refusal(429, "budget_exceeded", message, type="insufficient_quota", headers=DO_NOT_RETRY)


def no_price(model: str, param: str = "model", capped: str = "This key or its team") -> Refusal:
    """A cap on money cannot be kept where nobody knows what a call costs."""
    message = f"{capped} has a cap on money, and the model {redact(model)!r} has no price here."
    return _not_allowed("model_without_price", message, param)


def allowance_unavailable(reason: str) -> Refusal:
    return Refusal(
        503,
        "allowance_unavailable",
        "The gateway cannot count this key's calls at the moment.",
        type="server_error",
        headers=((b"retry-after", b"1"),),
        reason=reason,
    )


def key_paused(because: str) -> Refusal:
    """It is served again when whatever paused it is over; nobody can tell when."""
    refusal = _not_allowed("key_paused", "Calls of this key are paused by the gateway's operator.", reason=because)
    refusal.headers = DO_NOT_RETRY
    return refusal


def limits_away(reason: str) -> Refusal:
    """Limits are kept in a store that cannot be reached, and the configuration says that nothing passes unseen."""
    return Refusal(
        503,
        "limits_unavailable",
        "The gateway cannot count calls at the moment.",
        type="server_error",
        headers=((b"retry-after", b"1"),),
        reason=reason,
    )


def bad_request(code: str, message: str, *, param: str | None = None, close: bool = False) -> Refusal:
    return Refusal(400, code, message, param=param, close=close)


def model_not_found(model: str) -> Refusal:
    return Refusal(404, "model_not_found", f"The model {redact(model)!r} does not exist here.", param="model")


def model_not_allowed(model: str, param: str = "model") -> Refusal:
    return _not_allowed("model_not_allowed", f"This key may not use the model {redact(model)!r}.", param)


def too_large(limit: int) -> Refusal:
    return Refusal(413, "request_too_large", f"The request body exceeds {limit} bytes.", close=True)


def ledger_full() -> Refusal:
    return Refusal(
        503,
        "ledger_full",
        "The gateway cannot record calls at the moment.",
        type="server_error",
        headers=((b"retry-after", b"1"),),
    )


def overloaded(message: str) -> Refusal:
    return Refusal(503, "overloaded", message, type="server_error", headers=((b"retry-after", b"1"),), close=True)


def internal_error() -> Refusal:
    return Refusal(500, "internal_error", "The gateway failed.", type="server_error", close=True)


def upstream(status: int, code: str, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Refusal:
    """An upstream is at fault."""
    kind = "rate_limit_error" if status == 429 else "server_error"
    return Refusal(status, code, message, type=kind, headers=headers)
