"""What went wrong at a provider: as it says so itself, or because nothing that it says can be read."""

import msgspec

from proxy.dialects.key_words import OfKey


class ProviderError(Exception):
    """An error reply, an error event of a stream, or an error in a reply with status 200.

    Nothing in it is safe to show before it was redacted and cut.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        type: str | None = None,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
        of_key: OfKey | None = None,
        daily: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        """The HTTP status that it was sent with, or that its own words stand for; None: they stand for none."""
        self.type = type
        self.code = code
        """OpenAI's code where the meaning is the same (`context_length_exceeded`, …), else the provider's own."""
        self.param = param
        self.retry_after = retry_after
        """Seconds to wait that stand in the body, not in a header."""
        self.of_key = of_key
        """What it says of the gateway's key; None: nothing."""
        self.daily = daily
        """A quota of the day is used up: that of the model, for `retry_after`."""

    @property
    def quota(self) -> bool:
        """The account has no money or quota left: waiting does not help."""
        return self.of_key is not None and self.of_key.kind == "exhausted"

    @property
    def key(self) -> bool:
        """The provider refused the gateway's key."""
        return self.of_key is not None and self.of_key.kind == "refused"


class NotThisDialect(ValueError):
    """Bytes that are not what this dialect says: malformed JSON, or no reply of this API at all."""


UNREADABLE = (NotThisDialect, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading such bytes raises. Decoders pass over what they do not need, so that a defect may show later than it is
looked for, as the decoder's own exception."""
