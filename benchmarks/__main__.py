"""`python -m benchmarks [NAME] …`: runs one benchmark, the gateway's by default. The names stand below."""

import importlib
import sys

BENCHMARKS = (
    *("gateway", "dialects", "ledger", "limits", "limits_store", "cache", "last_cent", "routing", "storms"),
    "failoverbench",
)


def main(argv: list[str]) -> int:
    """Returns the benchmark's exit code."""
    name, rest = (argv[0], argv[1:]) if argv and argv[0] in BENCHMARKS else (BENCHMARKS[0], argv)
    return int(importlib.import_module(f"benchmarks.{name}").main(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
