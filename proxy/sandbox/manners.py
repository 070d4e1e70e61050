"""How a vendor's API behaves whatever it is asked: its keys, its errors, its headers, the end of its streams.

One of these belongs to every endpoint; a dialect of the same vendor whose streams differ overrides what differs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.framing import SERVER_SENT_EVENTS, Framing

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request


class Refusal(NamedTuple):
    """One error reply by its fault's name, in the vendor's words. The text may name the `{model}`."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    retry_after: str = ""
    """Seconds; empty: nothing about when."""
    details: Any = None

    def error(self, model: str) -> ApiError:
        message = self.message.replace("{model}", model)
        return ApiError(self.status, message, type=self.type, param=self.param, code=self.code, details=self.details)


REFUSALS = ("400", "402", "403", "409", "413", "422", "429", "429-quota", "500", "503", "504", "529")
"""Faults that every vendor has words for."""


class Manners(ABC):
    """One vendor's."""

    refusals: ClassVar[Mapping[str, Refusal]]
    """By the names of `REFUSALS`."""
    bad_usage: str
    """A usage object that is nonsense, as JSON."""
    opening: int = 1
    """Frames of a stream before its first delta."""
    failing: str = "500"
    """Which of the refusals an error event says."""
    framing: Framing = SERVER_SENT_EVENTS

    # keys

    @abstractmethod
    def check_key(self, request: "Request") -> None:
        """Raises ApiError where no key came, or one that begins with `bad-`."""

    @abstractmethod
    def wrong_key(self, request: "Request") -> ApiError:
        """The key of this request is refused."""

    # errors

    @abstractmethod
    def error_body(self, error: ApiError, request_id: str) -> bytes:
        """An error reply."""

    def error_headers(self, _error: ApiError) -> str:
        """Header lines of an error reply, beside those of every reply."""
        return ""

    @abstractmethod
    def error_event(self, error: ApiError, request_id: str) -> bytes:
        """An error in a stream that had begun: a whole frame."""

    def error_in_a_good_reply(self, request_id: str) -> bytes:
        """The body of a reply with status 200 that is an error."""
        return self.error_body(self.refusals["500"].error(""), request_id)

    def not_json(self) -> ApiError:
        """The body is no JSON."""
        return ApiError(400, "The request body is not valid JSON.")

    @abstractmethod
    def does_not_fit(self, error: msgspec.ValidationError, body: bytes) -> ApiError:
        """The body is JSON, but not what the endpoint takes."""

    @abstractmethod
    def unknown_parameter(self, name: str) -> ApiError:
        """A field at the top of the body that nobody knows."""

    def unknown_model(self, model: str) -> ApiError:
        return ApiError(404, f"The model `{model}` does not exist.")

    def unknown_path(self, method: str, path: str) -> ApiError:
        return ApiError(404, f"Not found: {method} {path}")

    def wrong_method(self, method: str, path: str, allowed: str) -> ApiError:
        return ApiError(405, f"Method not allowed: {method} {path}", headers=f"Allow: {allowed}\r\n")

    # headers

    @abstractmethod
    def headers(self, request_id: str, processing_ms: int) -> str:
        """Header lines of every reply, each with its CRLF."""

    def limits(self, _prompt_tokens: int) -> str:
        """Header lines of a reply that was within the limits."""
        return ""

    def come_back_after(self, error: ApiError, retry_after: str) -> None:
        """Puts into a refusal when to come back."""
        error.headers += f"Retry-After: {retry_after}\r\n"

    @abstractmethod
    def come_back_at_reset(self, error: ApiError, reset: str | None) -> None:
        """The same without Retry-After: only by when the limits are reset; word for word where it is dictated."""
