"""Our table of structures against AWS's own, the service model that botocore carries."""

from typing import Any

import pytest

from proxy.sandbox.bedrock_shapes import (
    STRUCTURES,
    Blob,
    Choice,
    Document,
    Flag,
    Items,
    Kind,
    Named,
    Number,
    Text,
)
from tests.kit.service_model import service


def differences(kind: Kind, shape: Any, at: str, seen: set[tuple[str, str]]) -> list[str]:
    """Where the table says something else than the model."""
    described = shape.type_name
    if isinstance(kind, Document):
        return [] if described in ("structure", "list", "map") else [f"{at}: {described}"]
    if isinstance(kind, str):
        return of_structure(kind, shape, at, seen)
    if isinstance(kind, Items):
        bounds = [] if bounded(kind, shape) else [f"{at}: bounds"]
        return bounds + (
            differences(kind.of, shape.member, f"{at}[]", seen) if described == "list" else [f"{at}: list"]
        )
    if isinstance(kind, Named):
        return [] if described == "map" and bounded(kind, shape) else [f"{at}: map"]
    return [] if same_scalar(kind, shape) else [f"{at}: {kind} is {described} {shape.metadata}"]


def bounded(kind: Items | Named | Text, shape: Any) -> bool:
    return (kind.least or 0, kind.most) == (shape.metadata.get("min", 0), shape.metadata.get("max"))


def same_scalar(kind: Kind, shape: Any) -> bool:
    match kind:
        case Text():
            known = shape.metadata.get("pattern")
            return shape.type_name == "string" and bounded(kind, shape) and (kind.pattern is None) == (known is None)
        case Choice():
            return sorted(kind.values) == sorted(shape.enum)
        case Number():
            whole = shape.type_name in ("integer", "long")
            return kind.whole == whole and (kind.least, kind.most) == (
                shape.metadata.get("min"),
                shape.metadata.get("max"),
            )
        case Flag():
            return bool(shape.type_name == "boolean")
        case Blob():
            return bool(shape.type_name == "blob" and kind.least == shape.metadata.get("min", 0))
    return False


def of_structure(name: str, shape: Any, at: str, seen: set[tuple[str, str]]) -> list[str]:
    if (name, shape.name) in seen:
        return []
    seen.add((name, shape.name))
    known = STRUCTURES[name]
    members = {key: each for key, each in shape.members.items() if key != "modelId"}
    found = []
    if known.members.keys() - {"error"} != members.keys() - {
        "error"
    }:  # what a reply says of a medium it could not make
        found.append(f"{at}: {known.members.keys() ^ members.keys()}")
    if set(known.required) != set(shape.required_members) - {"modelId"}:
        found.append(f"{at}: required {known.required}")
    if known.union != bool(shape.is_tagged_union):
        found.append(f"{at}: union")
    for key, kind in known.members.items():
        if key in members:
            found += differences(kind, members[key], f"{at}.{key}", seen)
    return found


@pytest.mark.parametrize(
    ("operation", "structure"),
    [
        ("Converse", "ConverseRequest"),
        ("ConverseStream", "ConverseRequest"),
        ("CountTokens", "CountTokensRequest"),
    ],
)
def test_the_table_says_what_aws_says(operation: str, structure: str) -> None:
    shape = service("bedrock-runtime").operation_model(operation).input_shape
    assert of_structure(structure, shape, operation, set()) == []
