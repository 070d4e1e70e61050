"""How calls wait for a turn, by the configuration → what workers are told."""

from gatewatch.config import Config
from gatewatch.config.provider_limit_rules import provider_caps
from proxy.settings import KeyCap, Pacing

_SECOND = 1_000_000


def compile_pacing(config: Config) -> Pacing:
    """Caps are those of the whole gateway."""
    written = config.pacing
    return Pacing(
        queue=written.queue,
        wait=written.wait / _SECOND,
        batch_wait=written.batch_wait / _SECOND,
        urgent_teams=written.urgent_teams,
        from_headers=written.from_headers,
        keys=tuple(
            KeyCap(provider=cap.provider, key=cap.key, model=cap.model, most=cap.most) for cap in provider_caps(config)
        ),
        routes={name: model.concurrent for name, model in config.models.items() if model.concurrent},
    )
