"""How the fields of a journal record become columns of the ledger.

Keeps true: a default that the journal leaves out is filled in here; money goes from the integer of the journal to
DECIMAL by an exact multiplication, never through a float; what is unknown stays NULL.
"""

from collections.abc import Callable

import msgspec

from gatewatch.call import Attempt, Call, Rejected, Tokens

USD_PER_PICO = "0.000000000001::DECIMAL(12, 12)"
INPUT_CLASSES = tuple(f"{name}_tokens" for name in Tokens.__struct_fields__ if name.startswith("input_"))
UNMEASURED = ("latency_us", "upstream_us", "overhead_us")
"""Times that an interrupted call does not have."""

AS_JSON = ("checked", "passed_over")
"""Lists that are kept as JSON text; NULL: an empty one."""

JSON_TYPES: dict[object, str] = {
    int: "BIGINT",
    bool: "BOOLEAN",
    str: "VARCHAR",
    int | None: "BIGINT",
    list[str]: "VARCHAR[]",
}


def json_columns(record: type[msgspec.Struct]) -> str:
    """The `columns=` argument of `read_json`: every field of the record, after the segment and offset of its line."""
    types = {"segment": "VARCHAR", "at": "BIGINT"}
    for field in msgspec.structs.fields(record):
        types[field.name] = {"call_id": "UUID", "tags": "MAP(VARCHAR, VARCHAR)"}.get(
            field.name, JSON_TYPES.get(field.type, "VARCHAR")
        )
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in types.items()) + "}"


def ledger_columns(record: type[msgspec.Struct]) -> str:
    """The SELECT list that turns those into ledger columns."""
    columns = ["segment", "make_timestamp(started_at) AS started_at", "make_timestamp(started_at)::DATE AS day"]
    columns += [] if record is Rejected else ['"at" AS segment_offset']
    columns += [_column(field) for field in msgspec.structs.fields(record) if field.name != "started_at"]
    return ", ".join(columns + _DERIVED[record]())


def _column(field: msgspec.structs.FieldInfo) -> str:
    name = f'"{field.name}"'
    if field.name == "cost_picos":
        return (
            "CASE WHEN cost_basis IS DISTINCT FROM 'unpriced'"
            f" THEN (coalesce(cost_picos, 0)::DECIMAL(18, 0) * {USD_PER_PICO})::DECIMAL(18, 12) END AS cost"
        )
    if field.name in ("reserved_picos", "avoided_picos", "lost_picos"):
        return f"({field.name}::DECIMAL(18, 0) * {USD_PER_PICO})::DECIMAL(18, 12) AS {field.name[:-6]}"
    if field.name in AS_JSON:
        return f"CASE WHEN {name} <> '[]' THEN {name} END AS {name}"
    if field.name == "tags":
        return "map(map_keys(tags), map_values(tags)) AS tags"  # refuses a key that stands twice; `read_json` does not
    if field.type == list[str]:
        return f"coalesce({name}, []) AS {name}"
    if field.name in UNMEASURED:
        return f"CASE WHEN status = 'interrupted' THEN {name} ELSE coalesce({name}, 0) END AS {name}"
    if isinstance(field.default, bool | int | str):
        default = f"'{field.default}'" if isinstance(field.default, str) else str(field.default).lower()
        return f"coalesce({name}, {default}) AS {name}"
    return name


def _of_call() -> list[str]:
    return [
        "make_timestamp(started_at + CASE WHEN status = 'interrupted' THEN latency_us ELSE coalesce(latency_us, 0) END)"
        " AS ended_at",
        " + ".join(f"coalesce({name}, 0)" for name in INPUT_CLASSES) + " AS input_tokens",
        "1::BIGINT AS weight",
        "TRUE AS is_call",
    ]


def _of_rejected() -> list[str]:
    return ["'blocked' AS status", "count AS weight", "FALSE AS is_call"]


_DERIVED: dict[type[msgspec.Struct], Callable[[], list[str]]] = {
    Call: _of_call,
    Attempt: list,
    Rejected: _of_rejected,
}
