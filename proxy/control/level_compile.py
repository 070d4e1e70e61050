"""The service levels of the configuration, with the targets that routes have now → what is judged."""

from collections.abc import Mapping

from gatewatch.config.models import Config
from gatewatch.routing.service_level import WHOLE, Level
from proxy.settings import Route


def levels_of(config: Config, routes: Mapping[str, Route]) -> tuple[Level, ...]:
    """Of the routes that have one. Targets of workload classes are judged, too."""
    found = []
    for name, model in config.models.items():
        if model.slo is None or (route := routes.get(name)) is None:
            continue
        targets = [*route.targets, *(target for targets in route.classes.values() for target in targets)]
        names = tuple(dict.fromkeys(target.name for target in targets))
        found.append(Level(route=name, targets=names, p95=model.slo.p95, errors=int(model.slo.errors * WHOLE)))
    return tuple(found)
