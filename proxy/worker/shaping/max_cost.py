"""A call's ceiling on cost before anything is sent: the route's `max_cost`, or the caller's own, whichever is lower.

Keeps true: no target is asked that cannot read the call within its ceiling, or whose model has no price; a plain reply,
which nothing can end on its way, is asked to be no longer than the ceiling affords at the dearest target.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from gatewatch.money import picos_from_usd
from proxy import estimate
from proxy.refusal import bad_request, no_price
from proxy.settings import Provider, Route
from proxy.worker.endpoints import GENERATING
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter
from proxy.worker.shaping.default_length import LENGTH_BY
from proxy.worker.streaming.ceiling import CODE, NOT_SENT, Ceiling

HEADER = b"x-gatewatch-max-cost-usd"
_LONGEST_HEADER = 40
_MOST_USD = Decimal(10) ** 9


def most_picos(headers: Mapping[bytes, bytes], route: Route) -> int | None:
    """Picodollars that the call may cost; None: there is no ceiling. Raises Refusal for what is no amount."""
    said = headers.get(HEADER)
    if said is None:
        return route.max_cost_picos
    try:
        if len(said) > _LONGEST_HEADER or not 0 < (usd := Decimal(said.decode("ascii").strip())) <= _MOST_USD:
            raise ValueError
        picos = picos_from_usd(usd)
    except (ValueError, InvalidOperation):
        raise bad_request(
            "invalid_max_cost",
            f"The header {HEADER.decode()} holds no amount of USD; as in: 0.05.",
            param=HEADER.decode(),
        ) from None
    return picos if route.max_cost_picos is None else min(picos, route.max_cost_picos)


def affordable(inbound: Inbound, route: Route, providers: Mapping[str, Provider], meter: Meter) -> Route:
    """The route with the targets that the call can afford; from here on it has its ceiling.

    Notes in the call's row which were passed over. Raises Refusal where none is left.
    """
    call, body = inbound.call, inbound.body
    picos = most_picos(inbound.headers, route)
    if picos is None or call.endpoint == "count_tokens":
        return route
    call.route = route.name
    ceiling, size = Ceiling(picos, meter), estimate.size(body)
    left, passed, affords = [], [], []
    for target in route.targets:
        rates = ceiling.before(call, providers[target.provider], target.model, size, body.get("service_tier"))
        tokens = -1 if rates is None else rates.tokens_within(picos)
        if tokens > 0:
            left.append(target)
            affords.append(tokens)
        else:
            passed.append([target.name, "model_without_price" if rates is None else CODE])
    if not left:
        if all(why != CODE for _, why in passed):
            raise no_price(call.requested_model or "", capped="This call")
        raise ceiling.refusal(NOT_SENT)
    inbound.ceiling = ceiling
    if passed:
        call.passed_over = [*(call.passed_over or ()), *passed]
        route = msgspec.structs.replace(route, targets=tuple(left))
    if call.endpoint in GENERATING and body.get("stream") is not True:
        _shorten(inbound, min(affords), route, providers, ceiling)
    return route


def _shorten(inbound: Inbound, tokens: int, route: Route, providers: Mapping[str, Provider], ceiling: Ceiling) -> None:
    """`tokens`: of output, all choices together."""
    body, endpoint = inbound.body, inbound.call.endpoint
    names = estimate.LIMITS[endpoint]
    own = [name for name in names if body.get(name) is not None]
    if own and estimate.output_tokens(endpoint, body) <= tokens:
        return
    refused = {name for target in route.targets for name in providers[target.provider].quirks.refuses}
    name = own or [next((name for name in names if name not in refused), names[0])]
    choices = estimate.output_tokens(endpoint, {key: body[key] for key in ("n", "best_of", "prompt") if key in body}, 1)
    most = tokens // choices
    if most < 1 or estimate.thinking_tokens(body) >= most:
        raise ceiling.refusal("The call was not sent: no reply to it can be had for")
    for each in name:
        said = body.get(each)
        body[each] = min(said, most) if type(said) is int else most
    inbound.call.params = {**inbound.call.params, **{each: body[each] for each in name}, LENGTH_BY: "max_cost"}
