"""What the ledger teaches of estimates, handed to the workers each minute.

Keeps true: nothing is learnt from few calls, and nothing beyond a quarter or the fourfold of the estimate from a text's
size; while the ledger cannot be read, what was learnt stays. What changes little is not told again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from gatewatch.errors import GatewatchError
from gatewatch.ledger.answer import Answer, Row
from gatewatch.ledger.queries.estimates import LEAST, MOST
from proxy.estimate import DEFAULT_OUTPUT_TOKENS

LOOK_SECONDS = 60.0
LOOK_BACK = "24h"
FEWEST = 30
"""Calls of a model that teach anything."""
STEADY_PERCENT, STEADY_OUTPUT = 2, 0.1
"""Points, and share of the output, by which something may change untold."""
MODELS = 2_000

log = logging.getLogger("gatewatch.control")

Ask = Callable[..., Answer]
Told = Callable[[dict[str, int], dict[str, int]], object]


class Estimating:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, ask: Ask, told: Told) -> None:
        """`ask` asks the ledger, in a thread; `told` hands on percents and usual outputs, by `PROVIDER/MODEL`."""
        self._ask = ask
        self._told = told
        self._percents: dict[str, int] = {}
        self._outputs: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Learn, and tell what is new."""
        try:
            answer = await asyncio.to_thread(self._ask, "estimates", since=LOOK_BACK, limit=MODELS)
        except GatewatchError as error:
            log.warning("estimates stay as they were learnt: %s", error.title)
            return
        rows = {str(row["group"]): row for row in answer.rows if row["group"]}
        percents, outputs = learnt_percents(rows, self._percents), usual_outputs(rows, self._outputs)
        if (percents, outputs) != (self._percents, self._outputs):
            self._percents, self._outputs = percents, outputs
            self._told(percents, outputs)


def learnt_percents(rows: Mapping[str, Row], known: Mapping[str, int]) -> dict[str, int]:
    """What estimates from a text's size are to be multiplied by; 100 where it is right, or too little was seen."""
    found: dict[str, int] = {}
    for model, row in rows.items():
        if row["lessons"] >= FEWEST and row["learnt_percent"] is not None:
            percent = min(MOST, max(LEAST, row["learnt_percent"]))
            before = known.get(model, 100)
            found[model] = before if abs(percent - before) <= STEADY_PERCENT else percent
    return {model: percent for model, percent in found.items() if percent != 100}


def usual_outputs(rows: Mapping[str, Row], known: Mapping[str, int]) -> dict[str, int]:
    """Where 19 of 20 calls without a limit stay within."""
    found: dict[str, int] = {}
    for model, row in rows.items():
        if row["free_calls"] >= FEWEST and row["output_p95"] is not None:
            usual = max(DEFAULT_OUTPUT_TOKENS, row["output_p95"])
            before = known.get(model, DEFAULT_OUTPUT_TOKENS)
            found[model] = before if abs(usual - before) <= STEADY_OUTPUT * before else usual
    return {model: usual for model, usual in found.items() if usual != DEFAULT_OUTPUT_TOKENS}
