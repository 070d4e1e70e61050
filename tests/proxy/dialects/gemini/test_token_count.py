"""`countTokens` of ai.google.dev/api/tokens; Vertex's fields: google-genai's
`_CountTokensConfig_to_vertex`."""

from typing import Any

import msgspec
import pytest

from proxy.canonical.ask import Ask, Tool, ToolChoice, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.token_count import read_count, write_count
from proxy.dialects.provider_error import NotThisDialect, ProviderError

ASK = Ask(
    turns=[Turn(role="system", parts=[Text(text="Be kind.")]), Turn(role="user", parts=[Text(text="Hi")])],
    tools=[Tool(name="now")],
    tool_choice=ToolChoice(mode="auto"),
)
CONTENTS: dict[str, Any] = {
    "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    "systemInstruction": {"parts": [{"text": "Be kind."}]},
    "tools": [{"functionDeclarations": [{"name": "now"}]}],
}


def written(*, vertex: bool) -> Any:
    to = Destination(provider="google", model="gemini-3-flash")
    return msgspec.json.decode(write_count(ASK, to, Losses("google"), vertex=vertex))


def test_the_gemini_api_counts_a_whole_request() -> None:
    config = {"toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}}
    assert written(vertex=False) == {"generateContentRequest": {"model": "models/gemini-3-flash", **CONTENTS, **config}}


def test_vertex_takes_its_fields() -> None:
    assert written(vertex=True) == CONTENTS


def test_the_count_is_read() -> None:
    assert read_count(b'{"totalTokens":31,"totalBillableCharacters":96}') == 31


def test_an_error_is_raised() -> None:
    with pytest.raises(ProviderError):
        read_count(b'[{"error":{"code":404,"message":"no such model"}}]')


@pytest.mark.parametrize("reply", [b"", b"7", b"{}", b'{"totalTokens":"31"}', b'{"totalTokens":true}', b"[]", b"\xff"])
def test_another_reply_is_none_of_this_dialect(reply: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read_count(reply)
