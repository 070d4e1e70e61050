"""What a call may cost at most where it goes next: so much a key with caps must have left for it.

Keeps true: under a cap on money, nothing is asked for that has no price. Of the models that a body names for when its
own fails, the provider may choose the dearest; those that work for its tools come on top.
"""

from itertools import islice

from gatewatch.call import Call, Tokens
from gatewatch.control.allowance import Amount
from proxy import estimate
from proxy.refusal import bad_request, no_price
from proxy.settings import Provider
from proxy.worker.further_models import TOOLS, named_models
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter

MOST_NAMED = 20
"""Models beside `model` in a body: each takes a search for its price."""


def at_most(meter: Meter, inbound: Inbound, reckoned: Call, provider: Provider) -> Amount:
    """`reckoned`: the call with the estimate for its next try, at `provider`. Raises Refusal where the key has a cap on
    money, and a model no price."""
    assert inbound.known
    tokens = reckoned.tokens()
    total = tokens.input + tokens.output
    if inbound.known.key.max_picos is None:
        return Amount(total, reckoned.cost_picos or 0)
    return Amount(total, most_picos(meter, inbound, reckoned, provider))


def most_picos(meter: Meter, inbound: Inbound, reckoned: Call, provider: Provider) -> int:
    """What the next try of the call costs at most. Raises Refusal where that cannot be known."""
    if reckoned.cost_picos is None:
        raise no_price(reckoned.model or "")
    named = list(islice(named_models(inbound.body), MOST_NAMED + 1))
    if not named:
        return reckoned.cost_picos
    if len(named) > MOST_NAMED:
        raise bad_request("too_many_models", "The request names more models than a cap on money allows.")
    dearest, tools = reckoned.cost_picos, 0
    size = estimate.size(inbound.body)
    for param, name in named:
        asked = Tokens(input_uncached=meter.tokens_of(provider, name, size), output=reckoned.tokens().output)
        cost = meter.cost_of(reckoned, provider, name, asked, inbound.body.get("service_tier"))
        if cost is None:
            raise no_price(name[:256], param)
        if param in TOOLS:
            tools += cost
        else:
            dearest = max(dearest, cost)
    return dearest + tools
