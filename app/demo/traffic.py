"""Generated traffic: four teams with their models and habits, and the faults of real providers.

Runs in its own process. What it asks follows from a seed; when it asks is a Poisson process, with a busy spell every
two minutes. Bounded: never more than `MOST_AT_ONCE` calls are under way.
"""

import asyncio
import contextlib
import json
import random
import time
from typing import Any, NamedTuple

import httpx

CALLS_PER_SECOND = 9.0
MOST_AT_ONCE = 60
BUSY_EVERY_SECONDS = 120.0


class Habit(NamedTuple):
    """What a team asks of one model: how often, and of what shape."""

    model: str
    weight: float
    feature: str
    stream: bool
    prompt_words: int
    shared_prefix_words: int = 0
    """Words at the beginning that every call of this habit shares: what a provider's cache lives on."""
    path: str = "/v1/chat/completions"
    """What it is asked: the API that the team's app speaks."""


TEAMS: dict[str, tuple[Habit, ...]] = {
    "search": (
        Habit("text-embedding-3-small", 5, "indexing", False, 300, path="/v1/embeddings"),
        Habit("gpt-4o-mini", 4, "query-rewrite", False, 60, 1200),
    ),
    "support": (
        Habit("claude-sonnet-4-5", 3, "agent", True, 200, 2200, path="/v1/messages"),
        Habit("gpt-4o", 2, "triage", True, 120, 1400),
    ),
    "growth": (
        Habit("gemini-2.5-pro", 1, "campaigns", True, 400),
        Habit("gpt-5-mini", 2, "ad-copy", True, 150, path="/v1/responses"),
    ),
    "research": (
        Habit("gpt-5", 1, "analysis", True, 500, 1100),
        Habit("gemini-2.5-pro", 1, "reading", False, 600, path="/v1/messages"),
        Habit("house-llama-70b", 1, "experiments", True, 250),
    ),
}
CUSTOMERS = ("acme", "globex", "initech", "umbrella", "hooli")
FAULTS = (
    ("429", 0.020),
    ("500", 0.006),
    ("cut-stream", 0.004),
    ("no-done", 0.002),
    ("503", 0.004),
    ("401", 0.001),
    ("no-usage", 0.005),
)
_WORDS = ("river", "window", "ledger", "copper", "signal", "garden", "puzzle", "harbor", "engine", "orbit", "maple")


async def generate(base_url: str, keys: dict[str, str], seconds: float | None, seed: int = 1) -> None:
    """Call the gateway until cancelled, or for so many seconds."""
    dice = random.Random(seed)  # noqa: S311 - traffic, not secrets
    ends = None if seconds is None else time.monotonic() + seconds
    limits = httpx.Limits(max_connections=MOST_AT_ONCE)
    running: set[asyncio.Task[None]] = set()
    async with httpx.AsyncClient(base_url=base_url, timeout=30, limits=limits, trust_env=False) as client:
        try:
            while ends is None or time.monotonic() < ends:
                await asyncio.sleep(dice.expovariate(_rate()))
                if len(running) < MOST_AT_ONCE:
                    task = asyncio.create_task(_call(client, keys, random.Random(dice.random())))  # noqa: S311
                    running.add(task)
                    task.add_done_callback(running.discard)
        except asyncio.CancelledError:
            for task in running:
                task.cancel()
            raise
        finally:
            await asyncio.gather(*running, return_exceptions=True)


def _rate() -> float:
    busy = time.time() % BUSY_EVERY_SECONDS < BUSY_EVERY_SECONDS / 4
    return CALLS_PER_SECOND * (2.0 if busy else 1.0)


async def _call(client: httpx.AsyncClient, keys: dict[str, str], dice: random.Random) -> None:
    team = dice.choices(list(TEAMS), weights=(6, 4, 2, 1))[0]
    habit = dice.choices(TEAMS[team], weights=[habit.weight for habit in TEAMS[team]])[0]
    headers = {"authorization": f"Bearer {keys[team]}", "x-gatewatch-tags": _tags(habit, dice)}
    model = habit.model
    if (strange := dice.random()) < 0.004:
        headers["authorization"] = "Bearer gwk_sk_live_this-key-was-revoked-long-ago"
    elif strange < 0.008:
        model = "gpt-4-legacy"
    elif fault := _fault(dice):
        headers["x-sandbox-fault"] = fault
    path, body = _request(habit, model, dice)
    leaves_early = habit.stream and dice.random() < 0.01
    with contextlib.suppress(httpx.HTTPError):
        async with client.stream("POST", path, json=body, headers=headers) as response:
            async for _ in response.aiter_bytes():
                if leaves_early:
                    return


def _request(habit: Habit, model: str, dice: random.Random) -> tuple[str, dict[str, Any]]:
    words = " ".join(dice.choices(_WORDS, k=dice.randint(habit.prompt_words // 2, habit.prompt_words)))
    if habit.path == "/v1/embeddings":
        return habit.path, {"model": model, "input": words}
    prefix = " ".join(_WORDS[i % len(_WORDS)] for i in range(habit.shared_prefix_words))
    instructions, longest = f"You work for {habit.feature}. {prefix}", dice.choice((60, 120, 250))
    said = {"role": "user", "content": words}
    body: dict[str, Any] = {"model": model, "stream": habit.stream}
    if habit.path == "/v1/responses":
        return habit.path, body | {"instructions": instructions, "input": words, "max_output_tokens": longest}
    if habit.path == "/v1/messages":
        system = [{"type": "text", "text": instructions, "cache_control": {"type": "ephemeral"}}]
        earlier = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "What is it?"}]
        turns = [*earlier, said] if dice.random() < 0.9 else [said]  # what was said before is read from the cache
        return habit.path, body | {"system": system, "messages": turns, "max_tokens": longest}
    messages = [{"role": "system", "content": instructions}, said]
    return habit.path, body | {"messages": messages, "max_tokens": longest, "temperature": 0.2}


def _tags(habit: Habit, dice: random.Random) -> str:
    return json.dumps({"feature": habit.feature, "customer": dice.choice(CUSTOMERS)})


def _fault(dice: random.Random) -> str | None:
    drawn = dice.random()
    for fault, share in FAULTS:
        if drawn < share:
            return fault
        drawn -= share
    return None
