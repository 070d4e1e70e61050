"""What limits and budgets cost: `python -m benchmarks.limits [--against CHECKOUT] [--rounds N]`.

Worker CPU per plain call and per burst stream, interleaved: no rules; the rules that a usual gateway has (a tier for
each key, tokens a minute of each key, a team's month, the gateway's month); a rule in every scope; and another checkout
of this project (the commit before a change).
"""

import sys

from benchmarks import worker_cost
from benchmarks.worker_cost import with_rules

USUAL = """\
limits:
  each-key: {scope: key, requests: 1000000, tokens: 1000000000}
budgets:
  company: {scope: gateway, usd: 1000000}
  teams: {scope: team, usd: 100000}
"""
EVERYWHERE = """\
limits:
  all: {scope: gateway, requests: 100000000, concurrent: 10000}
  keys: {scope: key, requests: 1000000, tokens: 1000000000, windows: [{per: 1h, requests: 100000000}]}
  models: {scope: model, concurrent: 10000, requests: 1000000}
  provider-keys: {scope: provider_key, requests: 1000000, tokens: 1000000000}
budgets:
  company: {scope: gateway, usd: 1000000, zone: Europe/Berlin}
  teams: {scope: team, usd: 100000, tokens: 1000000000000}
  keys: {scope: key, usd: 100000, rolling: 7d}
  routes: {scope: route, usd: 100000, period: day}
  environments: {scope: environment, usd: 100000}
"""


def main(argv: list[str]) -> int:
    """Returns the exit code."""
    candidates = {
        "none": ("no rules", with_rules("")),
        "usual": ("4 rules: a usual gateway", with_rules(USUAL)),
        "everywhere": ("15 rules: every scope", with_rules(EVERYWHERE)),
    }
    return worker_cost.main(argv, "limits", __doc__ or "", candidates)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
