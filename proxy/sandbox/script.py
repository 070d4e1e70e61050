"""Which fault befalls a request: by a script and how far its session is, by a header, by the model's name, by chance.

Chance follows from the request: `fault-429@0.1` befalls the same tenth of all requests every time.
"""

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.faults import NAMES, PREFIX
from proxy.sandbox.prose import Dice

SESSIONS_KEPT = 10_000


class Scripts:
    """How far every session is; the oldest are forgotten beyond ten thousand."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = {}

    def clear(self) -> None:
        self._steps.clear()

    def fault(self, demands: Demands, model: str, key: bytes) -> str | None:
        """The name of a fault without its prefix, or None. Raises ApiError for a fault that does not exist."""
        if demands.script is not None:
            wanted = self._step(demands.script, demands.session)
        elif demands.fault is not None:
            wanted = demands.fault
        elif model.startswith(PREFIX):
            wanted = model
        else:
            return None
        if wanted.strip() == "ok":
            return None
        return befalls(wanted, key)

    def _step(self, script: str, session: str | None) -> str:
        if session is None:
            raise ApiError(400, "x-sandbox-script needs x-sandbox-session: whose script is it?")
        step = self._steps.pop(session, 0)
        self._steps[session] = step + 1
        if len(self._steps) > SESSIONS_KEPT:
            del self._steps[next(iter(self._steps))]
        entries = script.split(",")
        return entries[min(step, len(entries) - 1)]


def befalls(wanted: str, key: bytes) -> str | None:
    """`fault-NAME`, `NAME` or either with `@RATE`, and the request's key → the fault's name, if this one is in it."""
    name, at, rate = wanted.strip().removeprefix(PREFIX).partition("@")
    if PREFIX + name not in NAMES:
        message = f"The sandbox has no fault '{PREFIX}{name}'; it has {', '.join(NAMES)}."
        raise ApiError(404, message, code="model_not_found")
    if not at:
        return name
    try:
        share = float(rate)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ApiError(400, f"'{wanted}': what follows the @ is a share from 0 to 1.", code="invalid_value")
    return name if Dice(key, name).share() < share else None
