"""Where a call could have gone: what it had to keep to, which targets were passed over, what decided."""

from collections.abc import Iterator

from app.cli.explaining.lines import Row
from gatewatch.safe_text import safe

_DECIDED = {
    "canary": "it belonged to a canary",
    "rollback": "an operator had put an earlier version of the route in force",
    "drain": "a target, or a provider, was being drained",
    "shift": "traffic was being shifted away from a target that did not keep to its service level",
}
_WHY = {
    "breaker_open": "calls had failed there, so that others came first",
    "context_window": "the call is too long for it",
    "upstream_auth": "none of its keys was there for the call",
    "rate_limit_exceeded": "a limit had no room for it there",
    "provider_limit": "it was left alone, as the provider had said 429 or its limits were reached",
    "queue_full": "too many calls waited there already",
    "queue_timeout": "the call had waited for it as long as it may",
}
_DEGRADED = {
    "short_answer": "no target answered: a small model was asked for a short answer",
    "stored_reply": "no target answered: the caller got the route's stored text",
}


def routed(call: Row) -> Iterator[str]:
    """Lines that go before what it waited for. Rows from before such things were kept have none."""
    if region := call.get("region"):
        yield f"  had to be answered in the region {safe(region, 80).replace('+', ' and in ')}"
    if data_class := call.get("data_class"):
        yield f"  of the data class {safe(data_class, 40)}, as its route, its key or its caller says"
    if by := call.get("routed_by"):
        words = _DECIDED.get(str(by).partition(":")[0], "that decided over the order of its route")
        yield f"  {safe(by, 120)}: {words}"
    for each in call.get("passed_over") or ():
        why = _WHY.get(each["why"], each["why"])
        yield f"  passed over {safe(each['target'], 200)}: {safe(why, 200)}"
    for each in call.get("attempts_detail") or ():
        if each["error_kind"] == "hedged":
            slow = safe(f"{each['provider']}/{each['model']}", 200)
            yield f"  hedged: two targets were asked, and {slow} was left, as the other was the first to answer"
    if retries := call.get("retries"):
        times = "once" if retries == 1 else f"{retries} times"
        yield f"  asked again {times} at a target that had failed"
    if degraded := call.get("degraded"):
        yield f"  {_DEGRADED.get(degraded, safe(degraded, 80))}"
