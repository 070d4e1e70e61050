"""The values that the file is written in: durations, sizes, shares, money, addresses, references to secrets.

Each reads text as it is typed, keeps one exact type (microseconds, bytes, Decimal), and writes itself back. A
ValueError says what is allowed; the value itself is shown by whoever reports it, where it may be shown.
"""

import ipaddress
import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from gatewatch.control.names import checked_models, checked_name
from gatewatch.errors import UsageError
from gatewatch.keys.secret_shapes import is_known_secret
from gatewatch.limits.counters import LONGEST_CALL_SECONDS
from gatewatch.money import picos_from_usd
from gatewatch.providers.catalogue import presets
from gatewatch.timespan import duration_text, parse_duration
from gatewatch.vault.kinds import is_kind, kinds

_SIZE = re.compile(r"([0-9]{1,12})(B|kB|KB|MB|GB|KiB|MiB|GiB)?")
_SIZE_UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_REFERENCE = re.compile(
    r"none|vault:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^\x00-\x1f]+"
)
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_PROVIDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

REFERENCE_FORMS = "vault:NAME, env:NAME, file:PATH or none"


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        duration = parse_duration(value)
    except ValueError:
        raise ValueError("a number and a unit, as in 500ms, 5s, 10m, 24h, 400d") from None
    if not duration:
        raise ValueError("longer than nothing")
    return duration


def _size(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if not match or not int(match[1]):
        raise ValueError("a number of bytes, or with a unit: 64KiB, 32MiB, 1GiB, 10MB")
    return int(match[1]) * _SIZE_UNITS[match[2] or "B"]


def _size_text(value: int) -> str:
    for unit in ("GiB", "MiB", "KiB"):
        if value % _SIZE_UNITS[unit] == 0:
            return f"{value // _SIZE_UNITS[unit]}{unit}"
    return str(value)


def _percent(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%", value)
    if not match or not 0 < Decimal(match[1]) <= 100:
        raise ValueError("a share above 0% and up to 100%, as in 80%")
    return Decimal(match[1]) / 100


def _percent_text(value: Decimal) -> str:
    return f"{(value * 100).normalize():f}%"


def _usd(value: Any) -> Any:
    allowed = "an amount in USD above 0, as in 500 or 0.25"
    if isinstance(value, float | bool) or value is None:
        raise ValueError(allowed)
    try:
        amount = Decimal(value)
        if not 0 < amount < 10**12 or not picos_from_usd(amount):
            raise ValueError(allowed)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError(allowed) from None
    return amount


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise ValueError("true or false")
        return value == "true"
    return value


def _reference(value: Any) -> Any:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value) or is_known_secret(value):
        raise ValueError(f"{REFERENCE_FORMS}; a key itself never stands in this file (gatewatch providers set-key)")
    return value


def _host(value: str) -> str:
    host = value.lower()
    if host.startswith("[") and host.endswith("]"):
        return f"[{_ip(host[1:-1], 6)}]"
    if ":" in host:
        return f"[{_ip(host, 6)}]"
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError("a host name or address without scheme, port and wildcard, as in gateway.example.com")
    return host


def _ip(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("an IP address or a host name") from None
    if address.version != version:
        raise ValueError("an IPv6 address in the brackets")
    return str(address)


def _network(value: str) -> str:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("an address or a network, as in 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise ValueError("the networks of your proxies; this one is the whole internet")
    return str(network)


def _provider_name(value: str) -> str:
    if not _PROVIDER.fullmatch(value) or is_known_secret(value):
        raise ValueError("1 to 64 letters, digits and . _ -, starting with a letter or digit")
    return value


def _key_name(value: str) -> str:
    if value == "none":
        raise ValueError("another name: this one stands for no key")
    return _provider_name(value)


def _model_name(value: str) -> str:
    try:
        checked_models((value,))
    except UsageError:
        raise ValueError("1 to 200 letters, digits and . _ : / @ + -, starting with a letter, digit or @") from None
    return value


_NAMED_ELSEWHERE = {
    "gemini": "google",
    "claude": "anthropic",
    "vertex_ai": "vertex",
    "aws": "bedrock",
    "dashscope": "qwen",
    "azure-openai": "azure",
    "azure_openai": "azure",
    "azure_ai": "azure",
    "hosted_vllm": "vllm",
}
"""What LiteLLM and people call a preset."""


def _preset_name(value: str) -> str:
    names = list(presets())
    if value not in names:
        near = get_close_matches(_NAMED_ELSEWHERE.get(value.lower(), value), names, n=1, cutoff=0.6)
        raise ValueError(", ".join(names) + (f" (did you mean {near[0]}?)" if near else ""))
    return value


def _vault_kind(value: str) -> str:
    if value != "auto" and not is_kind(value):
        names = ("auto", *kinds())
        near = get_close_matches(value, names, n=1, cutoff=0.6)
        raise ValueError(", ".join(names) + (f" (did you mean {near[0]}?)" if near else ""))
    return value


def _json(value: Any) -> Any:
    """A tree of texts → JSON values: what JSON reads as a number, true or false is one, the rest stays a text."""
    if isinstance(value, dict):
        return {name: _json(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_json(inside) for inside in value]
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value, parse_constant=str)
    except ValueError:
        return value
    return read if isinstance(read, bool | int) or (isinstance(read, float) and isfinite(read)) else value


def _json_mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("a mapping of request parameters, as in {store: false}")
    return _json(value)


def _team_name(value: str) -> str:
    try:
        return checked_name("team", value)
    except UsageError as error:
        raise ValueError(error.next_step) from None


@dataclass(frozen=True)
class Address:
    """Where to listen: host (IPv6 without brackets) and port."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Reached from this machine only, whoever else is on its networks."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_wildcard(self) -> bool:
        return self.host in ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to

    @property
    def host_header(self) -> str:
        """The host as it stands in a URL or a Host header."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def with_port(self, port: int) -> "Address":
        return Address(self.host, port)

    def __str__(self) -> str:
        return f"{self.host_header}:{self.port}"


def read_address(value: Any) -> Address:
    """`127.0.0.1:4000`, `[::1]:4000`, `localhost:0` → address. Raises ValueError."""
    if isinstance(value, Address):
        return value
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("HOST:PORT, as in 127.0.0.1:4000 or [::1]:4000")
    if ":" in host and not host.startswith("["):
        raise ValueError("an IPv6 address in brackets, as in [::1]:4000")
    return Address(_host(host).strip("[]"), int(port))


def _schema(text: str, *examples: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "title": text, "examples": list(examples), **more})


def _of_a_call(value: int) -> int:
    if value > LONGEST_CALL_SECONDS * 1_000_000:
        raise ValueError(f"a duration up to {duration_text(LONGEST_CALL_SECONDS * 1_000_000)}")
    return value


Duration = Annotated[
    int, BeforeValidator(_duration), PlainSerializer(duration_text, str), _schema("duration", "5s", "10m", "400d")
]
"""Microseconds."""
CallDuration = Annotated[Duration, AfterValidator(_of_a_call)]
"""Of a whole call: what it holds of limits and budgets expires behind the longest."""
Size = Annotated[
    int,
    BeforeValidator(_size),
    PlainSerializer(_size_text, str),
    WithJsonSchema({"type": ["string", "integer"], "title": "size", "examples": ["32MiB", "64KiB"]}),
]
"""Bytes."""
Percent = Annotated[
    Decimal, BeforeValidator(_percent), PlainSerializer(_percent_text, str), _schema("percentage", "80%")
]
"""A share of one: 80% is Decimal("0.8")."""
Usd = Annotated[
    Decimal,
    BeforeValidator(_usd),
    PlainSerializer(lambda amount: f"{amount:f}", str),
    WithJsonSchema({"type": ["string", "number"], "title": "USD", "examples": ["500", "0.25"]}),
]
"""A whole number of picodollars."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Count = Annotated[int, Field(ge=1, le=10**12)]
Reference = Annotated[
    str, BeforeValidator(_reference), _schema(REFERENCE_FORMS, "vault:openai", "env:OPENAI_API_KEY", "none")
]
"""Where a secret is; never the secret."""
HostName = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network), _schema("network", "10.0.0.0/8")]
ListenAddress = Annotated[
    Address, PlainValidator(read_address), PlainSerializer(str, str), _schema("HOST:PORT", "127.0.0.1:4000")
]
ProviderName = Annotated[str, AfterValidator(_provider_name)]
KeyName = Annotated[str, AfterValidator(_key_name)]
ModelName = Annotated[str, AfterValidator(_model_name)]
TeamName = Annotated[str, AfterValidator(_team_name)]
PresetName = Annotated[str, AfterValidator(_preset_name), WithJsonSchema({"type": "string", "enum": list(presets())})]
VaultKind = Annotated[
    str, AfterValidator(_vault_kind), _schema("`auto` or a kind of vault", "auto", "file", "keyring", "systemd", "env")
]
JsonMapping = Annotated[
    dict[str, Any], PlainValidator(_json_mapping), WithJsonSchema({"type": "object", "title": "request parameters"})
]
"""Request parameters as they are sent."""
