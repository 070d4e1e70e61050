"""AWS's own description of a service, as the oracle of what it may be told and says.

botocore skips what it does not know; here an unknown member, a missing one and a value of another type all fail.
"""

import base64
from functools import cache
from typing import Any

from botocore import model as described
from botocore.session import Session


@cache
def service(name: str) -> described.ServiceModel:
    return Session().get_service_model(name)


def assert_fits(value: Any, shape: described.Shape, at: str = "$", *, besides: frozenset[str] = frozenset()) -> None:
    """`besides` are members that are known to come though the model does not have them."""
    if getattr(shape, "is_document_type", False):
        return
    match shape.type_name:
        case "structure":
            assert isinstance(value, dict), at
            unknown = value.keys() - shape.members.keys() - besides
            assert not unknown, f"{at}: {unknown}"
            missing = set(shape.required_members) - value.keys()
            assert not missing, f"{at}: {missing}"
            if shape.is_tagged_union:
                assert len(value) == 1, f"{at}: {set(value)}"
            for name in value.keys() & shape.members.keys():
                assert_fits(value[name], shape.members[name], f"{at}.{name}")
        case "list":
            assert isinstance(value, list), at
            for index, each in enumerate(value):
                assert_fits(each, shape.member, f"{at}[{index}]")
        case "map":
            assert isinstance(value, dict), at
            for name, each in value.items():
                assert_fits(each, shape.value, f"{at}.{name}")
        case "string":
            assert isinstance(value, str), at
            assert not shape.enum or value in shape.enum, f"{at}: {value}"
        case "integer" | "long":
            assert type(value) is int, at
            assert value >= shape.metadata.get("min", value), f"{at}: {value}"
        case "boolean":
            assert type(value) is bool, at
        case "blob":
            base64.b64decode(value, validate=True)
        case other:
            raise AssertionError(f"{at}: {other} is not looked at yet")
