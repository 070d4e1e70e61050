"""How an exchange with an upstream can fail. `kind` is the `error_kind` of rows and the `code` of error bodies."""

from typing import Literal

Kind = Literal[
    "upstream_unreachable",
    "upstream_tls",
    "upstream_timeout",
    "upstream_truncated",
    "upstream_invalid",
    "client_closed",
    "gateway_stopping",
    "hedged",  # another target was faster
]


class UpstreamFailed(Exception):
    """The exchange ended without a whole reply. `sent` tells whether the request may have reached the upstream."""

    def __init__(self, kind: Kind, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.sent = sent
