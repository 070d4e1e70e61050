"""A version of a route that was, as it is in force again.

Keeps true: what the configuration asks for the sake of privacy now (region, class of data, opt-out) holds for it too:
that is never rolled back.
"""

from typing import Any

import msgspec

from gatewatch.config.models import Model
from gatewatch.config.target_fit import kept
from proxy.settings import Route


def rolled_back(definition: dict[str, Any], model: Model, id: str) -> Route:
    """`definition`: as it was noted; what a newer Gatewatch knows beside it is as usual. `model`: as configured now.

    Raises msgspec.ValidationError for what is no route.
    """
    old = msgspec.convert(definition, Route)
    keeps = kept(model, definition)
    return msgspec.structs.replace(
        old,
        region=keeps.region,
        data_class=keeps.data_class,
        opt_out=old.opt_out or model.privacy is not None,
        zero_retention=old.zero_retention or model.privacy == "zero_retention",
        rolled_back=id,
    )
