"""Counters with something in each of them."""

from gatewatch.ledger.batch_counts import (
    LATENCY_US,
    OVERHEAD_US,
    TOKEN_CLASSES,
    TOKENS,
    TTFT_US,
    AgainCount,
    BatchCounts,
    Bins,
    CallCount,
    RefusalCount,
    Times,
    TryCount,
    Usage,
)
from proxy.control.metrics.counters import Counters


def full_counters(models: int, most: int = 10_000) -> Counters:
    """Of so many models, each called by one team."""
    made = Counters(most=most, provider_name=str)
    for n in range(models):
        model, team = f"model-{n}", f"team-{n}"
        bins = [Bins((*[1] * len(bounds), 2), 12_345) for bounds in (LATENCY_US, TTFT_US, OVERHEAD_US, TOKENS, TOKENS)]
        used = [
            Usage(team, "bot", "openai", model, basis, 3, 1_234_567, tuple([7] * len(TOKEN_CLASSES)))
            for basis in ("computed", "unpriced")
        ]
        made.take(
            BatchCounts(
                [CallCount("chat", "bot", "openai", model, team, "ok", None, None, 3)],
                used,
                [Times("chat", "openai", model, None, *bins)],
                [TryCount("openai", model, "ok", None, 3)],
                [AgainCount("openai", model, is_elsewhere, 1) for is_elsewhere in (False, True)],
                [RefusalCount("limits.x", team, 1)],
            )
        )
    return made
