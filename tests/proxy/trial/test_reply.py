from pathlib import Path

import msgspec
import pytest

from gatewatch.providers.quirks import Quirks
from proxy.dialects.dialect import Destination
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.dialects.registry import provider_dialect
from proxy.settings import Provider, Way
from proxy.trial.reply import Used, read_reply

WAY = Way(dialect="openai-chat", base_url="https://x.example/v1")
OPENAI = Provider(name="o", ways=(WAY,), keys=(), price_provider="openai")
USAGE = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}


def used(tmp_path: Path, reply: object, provider: Provider = OPENAI, *, embedding: bool = False) -> Used:
    to = Destination(provider="o", model="text-embedding-3-small" if embedding else "gpt-4o-mini")
    dialect = provider_dialect("openai-chat", WAY.base_url)
    body = msgspec.json.encode(reply)
    return read_reply(tmp_path / "control.db", provider, dialect, to, body, embedding=embedding)


def chat(**more: object) -> dict[str, object]:
    return {"id": "c", "object": "chat.completion", "model": "gpt-4o-mini-2024-07-18", "choices": [CHOICE], **more}


def test_what_a_call_cost_is_by_the_price_book(tmp_path: Path) -> None:
    """openai.com/api/pricing: 0.15 and 0.60 USD per million tokens: 10 × 0.15 + 2 × 0.60 = 2.7 µUSD."""
    found = used(tmp_path, chat(usage=USAGE))
    assert (found.served_model, found.cost_usd, found.cost_basis) == ("gpt-4o-mini-2024-07-18", "0.0000027", "computed")
    assert found.tokens == {"input_uncached": 10, "output": 2}


def test_what_the_provider_says_it_charges_stands(tmp_path: Path) -> None:
    router = msgspec.structs.replace(OPENAI, quirks=Quirks(reports_cost="cost"))
    found = used(tmp_path, chat(usage=USAGE | {"cost": 0.0005}), router)
    assert (found.cost_usd, found.cost_basis) == ("0.0005", "reported")


def test_without_a_price_or_usage_there_is_no_cost(tmp_path: Path) -> None:
    nobody = msgspec.structs.replace(OPENAI, price_provider="nobody")
    assert used(tmp_path, chat(usage=USAGE), nobody)[2:] == ("unpriced", "unpriced")
    assert used(tmp_path, chat())[1:] == (None, "unpriced", "unpriced")


def test_an_embedding_costs_its_input(tmp_path: Path) -> None:
    """0.02 USD per million tokens."""
    reply = {
        "object": "list",
        "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}],
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }
    assert used(tmp_path, reply, embedding=True).cost_usd == "0.0000001"


def test_an_error_in_a_good_status_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="no credits"):
        used(tmp_path, {"error": {"message": "no credits", "code": 402}})
    with pytest.raises(NotThisDialect):
        used(tmp_path, {"welcome": True}, embedding=True)
