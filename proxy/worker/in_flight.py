"""The calls that run in one worker, counted by what others have to know of them."""

from collections import Counter

from proxy.worker.inbound import Inbound


class InFlight(set[Inbound]):
    """Those that were received and have not ended."""

    def epochs(self) -> dict[int, int]:
        """Epoch of settings → calls whose way was chosen under it."""
        return dict(Counter(inbound.epoch for inbound in self if inbound.epoch is not None))

    def keys(self) -> dict[str, int]:
        """Id of a key → its calls."""
        return dict(Counter(inbound.known.key.id for inbound in self if inbound.known))

    def provider_keys(self) -> dict[str, dict[str, int]]:
        """Provider → key → calls that were sent with it."""
        calls: dict[str, dict[str, int]] = {}
        for inbound in self:
            if inbound.channel:
                of_provider = calls.setdefault(inbound.channel.provider.name, {})
                of_provider[inbound.channel.key.id] = of_provider.get(inbound.channel.key.id, 0) + 1
        return calls

    def targets(self) -> dict[str, dict[str, int]]:
        """Route, empty for calls without one → `provider/model` → calls that were sent there."""
        calls: dict[str, dict[str, int]] = {}
        for inbound in self:
            if inbound.channel:
                of_route = calls.setdefault(inbound.call.route or "", {})
                both = inbound.attempts[-2:] if inbound.beside is not None else (inbound.call,)
                for target in {f"{each.provider}/{each.model}" for each in both}:
                    of_route[target] = of_route.get(target, 0) + 1
        return calls
