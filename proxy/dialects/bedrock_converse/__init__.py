"""AWS Bedrock's Converse: what providers speak; no endpoint of ours speaks it. Streams are AWS event streams."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.bedrock_converse import errors, reply_read, request_write
from proxy.dialects.bedrock_converse.messages_write import NAME
from proxy.dialects.bedrock_converse.stream_read import Reader
from proxy.dialects.dialect import Destination, Framing
from proxy.dialects.provider_error import ProviderError


class BedrockConverse:
    """Keys are Bedrock API keys, which are bearer tokens."""

    name = NAME
    endpoints: frozenset[str] = frozenset()
    headers: Mapping[str, str] = {}
    key_header = "authorization"
    framing: Framing = "aws"
    passed_headers: tuple[bytes, ...] = ()

    def path(self, endpoint: str, model: str, stream: bool) -> str:
        """A model may be an ARN, with colons and slashes; it is one segment of the path."""
        method = "count-tokens" if endpoint == "count_tokens" else "converse-stream" if stream else "converse"
        return f"/model/{quote(unquote(model), safe='')}/{method}"

    def forward(self, body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
        """As it is: the path names the model and says whether it streams."""
        del to, stream, losses
        return msgspec.json.encode(body)

    def write(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return request_write.write(ask, to, losses)

    def read(self, body: bytes) -> Answer:
        return reply_read.read(body)

    def reader(self) -> Reader:
        return Reader()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)

    def write_count(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return request_write.write_count(ask, to, losses)

    def read_count(self, reply: bytes) -> int:
        return reply_read.read_count(reply)


PROVIDER = BedrockConverse()
