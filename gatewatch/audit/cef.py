"""An audit entry as one line of ArcSight's Common Event Format (CEF:0)."""

import re

import msgspec

from gatewatch import __version__
from gatewatch.audit.deeds import address_in
from gatewatch.audit.record import Record
from gatewatch.audit.times import with_times
from gatewatch.safe_text import safe

LONGEST_VALUE = 4_000

_SEVERITY = {"ok": 3}
_BAD = 7
_BREAKS = re.compile(r"\r|\n")


def cef(record: Record, hash: str | None, seal: str | None) -> str:
    """The line, without an end. Text from outside can neither end a field nor the line."""
    address = address_in(record.source)
    fields: dict[str, object] = {
        "rt": record.at // 1000,
        "externalId": record.seq,
        "act": record.action,
        "outcome": record.result,
        "suser": record.actor,
        "spriv": record.role,
        ("src" if address else "sourceServiceName"): address or record.source,
        "duser": record.target,
        **_custom(1, "before", _side(record.before)),
        **_custom(2, "after", _side(record.after)),
        **_custom(3, "request", record.request_id),
        **_custom(4, "hash", hash),
        **_custom(5, "seal", seal),
    }
    header = ("CEF:0", "Gatewatch", "Gatewatch", __version__, record.action, _name(record))
    severity = _SEVERITY.get(record.result, _BAD)
    extension = " ".join(f"{name}={in_extension(str(value))}" for name, value in fields.items() if value is not None)
    return "|".join((header[0], *map(in_header, header[1:]), str(severity), extension))


def in_header(text: str) -> str:
    """Backslashes and pipes escaped; a header has no line breaks."""
    return safe(_BREAKS.sub(" ", text[:200]), 200).replace("\\", "\\\\").replace("|", "\\|")


def in_extension(text: str) -> str:
    """Backslashes and equal signs escaped, line breaks written as such."""
    parts = _BREAKS.split(text[:LONGEST_VALUE])
    breaks = [{"\r": "\\r", "\n": "\\n"}[found] for found in _BREAKS.findall(text[:LONGEST_VALUE])]
    escaped = [safe(part, LONGEST_VALUE).replace("\\", "\\\\").replace("=", "\\=") for part in parts]
    return "".join(part + end for part, end in zip(escaped, [*breaks, ""], strict=True))


def _name(record: Record) -> str:
    return record.action.replace(".", " ").replace("_", " ") + ("" if record.result == "ok" else f" {record.result}")


def _custom(number: int, label: str, value: str | None) -> dict[str, object]:
    return {} if value is None else {f"cs{number}Label": label, f"cs{number}": value}


def _side(side: msgspec.Raw) -> str | None:
    """The JSON text, with times that can be read."""
    value = msgspec.json.decode(side)
    return None if value is None else msgspec.json.encode(with_times(value)).decode()
