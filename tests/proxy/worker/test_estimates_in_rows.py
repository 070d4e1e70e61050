"""A call's row says what it was reckoned with, by what the ledger had taught; its tokens are those that it used."""

import msgspec

from proxy.settings import Limiting, Settings
from tests.kit.scripted_upstream import answers, chat_reply, http, scripted_upstream
from tests.proxy.worker.conftest import ESTIMATED_INPUT, LIMIT
from tests.proxy.worker.test_gateway_defects import Running, running

__all__ = ["running"]

OK = http(200, chat_reply({"prompt_tokens": 100, "completion_tokens": 20}))


def taught(percent: int, usual: int):
    def change(settings: Settings) -> Settings:
        (target,) = settings.routes["chat"].targets
        name = f"{target.provider}/{target.model}"
        limiting = Limiting(estimate_percents={name: percent}, usual_outputs={name: usual})
        return msgspec.structs.replace(settings, limiting=limiting)

    return change


async def test_open_and_close_say_what_was_reckoned_and_close_what_was_used(running: Running) -> None:
    async with scripted_upstream(answers(OK, OK)) as upstream:
        await running.start(upstream.url, taught(200, 3000))
        assert (await running.chat()).status == 200
        assert (await running.chat(max_tokens=None)).status == 200
        opened = [record for record in running.records() if record["k"] == "open"]
        closed = running.closed()
    for records in (opened, closed):
        assert [each["estimated_input_tokens"] for each in records] == [2 * ESTIMATED_INPUT] * 2
        assert [each["estimated_output_tokens"] for each in records] == [LIMIT, 3000]
        assert [each["estimate_percent"] for each in records] == [200, 200]
    assert [each["input_uncached_tokens"] for each in opened] == [2 * ESTIMATED_INPUT] * 2
    assert [(each["input_uncached_tokens"], each["output_tokens"]) for each in closed] == [(100, 20)] * 2
