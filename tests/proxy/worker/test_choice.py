"""A try's place: what the row is told of it, and what is given back."""

from collections.abc import Callable

from proxy.settings import ProviderKey, Target
from proxy.worker.choice import Choice
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.turns import Turns
from proxy.worker.passage import passage_to
from proxy.worker.quarantine import KeyTry, Quarantine
from tests.kit.scripted_upstream import answers, scripted_upstream
from tests.proxy.worker.test_attempt import ROUTE, an_upstream


async def test_the_row_says_where_the_call_went_and_the_turn_is_given_back_once(
    inbound: Callable[..., Inbound],
) -> None:
    made, target = inbound(), Target(provider="openai", model="gpt-4o")
    async with scripted_upstream(answers()) as scripted:
        upstream = an_upstream(scripted)
        channel = upstream.channels[0]
        turns = Turns(1, 10)
        turn = turns.begin(made.call)
        use = KeyTry(Quarantine(), "openai", ProviderKey(id="main", secret=None), "gpt-4o")
        choice = Choice(target, channel, passage_to(channel, target, ROUTE, made), use, turn)
        choice.take(made)
        assert (made.call.provider, made.call.model, made.call.dialect) == ("openai", "gpt-4o", "openai-chat")
        assert (made.channel, made.passage) == (channel, choice.passage)
        assert not turns.has_room
        choice.end()
        choice.end()
        assert turns.running == 0
        upstream.close()
