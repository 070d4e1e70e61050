"""Which way a deferred call goes follows from its route's first target, its deadline and what is known of prices."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.call import Call
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.providers.quirks import Quirks
from proxy.settings import Deadlines, Deferring, Provider, Route, Target, Way
from proxy.worker.deferred.ways import BATCH_FORMS, takes_batches, way_of
from proxy.worker.settle import Meter

HOUR = 3_600_000_000
PEAK = 1_795_305_600_000_000 // (24 * HOUR) * (24 * HOUR) + 2 * HOUR
"""02:00 UTC of some day: DeepSeek's dear hours, which end at 04:00."""


@pytest.fixture
def meter(tmp_path: Path) -> Meter:
    home = Home(tmp_path).make()
    ControlStore.open(home.control).close()
    return Meter(home.control)


def provider(batches: tuple[str, ...] = ("openai-chat",), prices: str = "openai", **fields: Any) -> Provider:
    given: dict[str, Any] = {"name": "p", "ways": (Way(dialect="openai-chat", base_url="http://x/v1"),), "keys": ()}
    return Provider(**given | {"price_provider": prices, "quirks": Quirks(batches=batches)} | fields)


def route(model: str = "gpt-4o-mini", **fields: Any) -> Route:
    return Route(name="chat", targets=(Target(provider="p", model=model),), deadlines=Deadlines(), **fields)


def way(
    meter: Meter, at: Provider, to: Route, hours: float = 24, started: int = PEAK, dialect: str = "openai-chat"
) -> tuple[str, float]:
    """And in how many hours it is open."""
    call = Call(call_id="c1", started_at=started, endpoint="chat")
    chosen = way_of(call, to, at, dialect, meter, Deferring(), started + int(hours * HOUR))
    return chosen.way, (chosen.next_at - started) / HOUR


def test_a_batch_api_is_taken_where_there_is_one_and_time_for_it(meter: Meter) -> None:
    assert way(meter, provider(), route()) == ("batch", 1 / 60)
    assert way(meter, provider(), route(), hours=1) == ("batch", 1 / 60)
    assert way(meter, provider(), route(), hours=0.9) == ("standard", 0)
    assert way(meter, provider(()), route()) == ("standard", 0)


def test_not_where_only_the_direct_price_is_known(meter: Meter) -> None:
    """What it costs could not be held to a budget."""
    assert way(meter, provider(prices="together"), route("meta-llama/Llama-3.3-70B-Instruct-Turbo"))[0] == "standard"
    assert way(meter, provider(prices="nobody"), route("anything"))[0] == "batch"


def test_not_where_nothing_may_be_kept_at_the_provider(meter: Meter) -> None:
    assert way(meter, provider(), route(zero_retention=True))[0] == "standard"


def test_hours_in_which_the_model_is_cheaper_are_waited_for_as_far_as_there_is_time(meter: Meter) -> None:
    deepseek, flash = provider((), "deepseek"), route("deepseek-flash")
    assert way(meter, deepseek, flash) == ("off_peak", 2)
    assert way(meter, deepseek, flash, started=PEAK + 3 * HOUR) == ("off_peak", 0)
    assert way(meter, deepseek, flash, hours=1)[1] == 0


def test_a_provider_takes_batches_in_dialects_that_it_has_them_for() -> None:
    both = provider(("openai-chat", "anthropic-messages"))
    assert takes_batches(both, "openai-chat", "chat")
    assert takes_batches(both, "anthropic-messages", "messages")
    assert not takes_batches(both, "openai-responses", "chat")
    assert not takes_batches(both, "anthropic-messages", "embeddings")
    assert not takes_batches(both, "openai-chat", "count_tokens")
    signed: Provider = msgspec.structs.replace(both, auth="sigv4")
    assert not takes_batches(signed, "openai-chat", "chat")


def test_no_form_is_known_for_other_dialects() -> None:
    assert BATCH_FORMS.keys() == {"openai-chat", "openai-responses", "anthropic-messages"}
