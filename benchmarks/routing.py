"""What routing costs: `python -m benchmarks.routing [--against CHECKOUT] [--rounds N]`.

Worker CPU per plain call and per burst stream, interleaved: one target; three targets by each strategy; three with a
region, a data class and a service level to keep to; and another checkout of this project (the commit before a change).
"""

import sys

from benchmarks import worker_cost
from benchmarks.candidates import Upstreams, gatewatch_config
from benchmarks.worker_cost import Config, with_rules

STRATEGIES = ("order", "weight", "latency", "cost", "headroom")
STRICT = "region: eu, data_class: internal, slo: {p95: 2500ms, errors: 1%}, next_after: 30s"


def main(argv: list[str]) -> int:
    """Returns the exit code."""
    candidates: dict[str, tuple[str, Config]] = {"one": ("one target", with_rules(""))}
    for strategy in STRATEGIES:
        candidates[strategy] = (f"three targets by {strategy}", three(f"strategy: {strategy}"))
    candidates["strict"] = ("three targets with region, data class, SLO, next_after", three(STRICT))
    return worker_cost.main(argv, "routing", __doc__ or "", candidates)


def three(keys: str) -> Config:
    """Each model has three targets, all of them at its own mock, and these keys."""

    def config(upstreams: Upstreams) -> str:
        providers, _, _ = gatewatch_config(upstreams).partition("models:\n")
        lines = [line for line in providers.splitlines() if line.startswith("  ")]
        more = [line.replace(": {", f"{number}: {{", 1) for line in lines for number in (2, 3)]
        placed = [line.replace("{", "{region: eu, data_class: restricted, ", 1) for line in (*lines, *more)]
        names = [line.strip().partition(":")[0] for line in lines]
        routes = []
        for name in names:
            where = [f"{name}{number or ''}/gpt-4o" for number in (0, 2, 3)]
            routes.append(f"  {name}: {{targets: [{', '.join(where)}], {keys}}}")
        return "\n".join(["providers:", *placed, "models:", *routes, ""])

    return config


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
