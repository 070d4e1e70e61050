"""Paths of the API reference; keys are Bedrock API keys (docs.aws.amazon.com/bedrock, "API keys")."""

import msgspec
import pytest

from proxy.canonical.ask import Ask, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.bedrock_converse import PROVIDER
from proxy.dialects.dialect import Destination, ProviderDialect, TokenCounter

TO = Destination(provider="aws", model="amazon.nova-pro-v1:0")


@pytest.mark.parametrize(
    ("endpoint", "model", "stream", "path"),
    [
        ("chat", "amazon.nova-pro-v1:0", False, "/model/amazon.nova-pro-v1%3A0/converse"),
        ("messages", "amazon.nova-pro-v1%3A0", True, "/model/amazon.nova-pro-v1%3A0/converse-stream"),
        ("count_tokens", "m", False, "/model/m/count-tokens"),
        ("chat", "arn:aws:bedrock:x:1:y/z", False, "/model/arn%3Aaws%3Abedrock%3Ax%3A1%3Ay%2Fz/converse"),
    ],
)
def test_every_call_has_its_path(endpoint: str, model: str, stream: bool, path: str) -> None:
    assert PROVIDER.path(endpoint, model, stream) == path


def test_it_speaks_and_counts() -> None:
    dialect: ProviderDialect = PROVIDER
    assert (dialect.name, dialect.key_header) == ("bedrock-converse", "authorization")
    assert isinstance(dialect, TokenCounter)
    assert dialect.reader() is not dialect.reader()


def test_requests_and_replies_pass_through_it() -> None:
    ask = Ask(turns=[Turn(role="user", parts=[Text(text="Hi")])])
    said = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    assert msgspec.json.decode(PROVIDER.write(ask, TO, Losses("aws"))) == said
    assert msgspec.json.decode(PROVIDER.write_count(ask, TO, Losses("aws"))) == {"input": {"converse": said}}
    assert msgspec.json.decode(PROVIDER.forward(said, TO, True, Losses("aws"))) == said
    assert PROVIDER.read_count(b'{"inputTokens":3}') == 3
    assert PROVIDER.read_error(503, b"busy").status == 503
    reply = b'{"output":{"message":{"content":[{"text":"Hi"}]}},"stopReason":"end_turn"}'
    assert PROVIDER.read(reply).choices[0].parts == [Text(text="Hi")]
