"""What `/v1/responses/input_tokens` is asked (openai 3.52: types/responses/input_token_count_params.py)."""

import msgspec
import pytest

from proxy.canonical.ask import Ask, Tool, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_responses import PROVIDER
from proxy.dialects.provider_error import NotThisDialect
from proxy.sandbox.responses_request import CountAsked

TO = Destination(provider="o", model="gpt-5")


def test_all_that_counts_is_asked_for_and_nothing_that_the_endpoint_does_not_know() -> None:
    ask = Ask(
        turns=[Turn(role="system", parts=[Text(text="Be brief.")]), Turn(role="user", parts=[Text(text="Hello")])],
        tools=[Tool(name="look", schema={"type": "object", "properties": {}})],
        max_output=1000,
        temperature=0.5,
    )
    request = PROVIDER.write_count(ask, TO, Losses("o"))
    said = msgspec.json.decode(request)
    assert said.keys() == {"model", "input", "instructions", "tools"}
    assert (said["model"], said["instructions"]) == ("gpt-5", "Be brief.")
    msgspec.json.decode(request, type=CountAsked)
    assert PROVIDER.path("count_tokens", "gpt-5", False) == "/responses/input_tokens"


def test_the_count_is_read() -> None:
    assert PROVIDER.read_count(b'{"object":"response.input_tokens","input_tokens":11}') == 11


@pytest.mark.parametrize("reply", [b"", b"{}", b'{"input_tokens":"11"}', b"[1]", b'{"input_tokens":null}'])
def test_what_is_no_count_is_told(reply: bytes) -> None:
    with pytest.raises(NotThisDialect):
        PROVIDER.read_count(reply)
