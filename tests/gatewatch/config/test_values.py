from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gatewatch.config import values
from gatewatch.config.values import Address, read_address


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def written(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).dump_python(value, mode="json")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (values.Duration, "5s", 5_000_000),
        (values.Duration, "500ms", 500_000),
        (values.Duration, "400d", 34_560_000_000_000),
        (values.Size, "32MiB", 33_554_432),
        (values.Size, "10MB", 10_000_000),
        (values.Size, "1024", 1024),
        (values.Percent, "80%", Decimal("0.8")),
        (values.Percent, "12.5%", Decimal("0.125")),
        (values.Usd, "500", Decimal(500)),
        (values.Usd, "0.1", Decimal("0.1")),
        (values.Usd, "0.000000000001", Decimal("1e-12")),
        (values.Flag, "true", True),
        (values.Flag, "false", False),
        (values.Count, "2000000", 2_000_000),
        (values.HostName, "Gateway.Example.COM", "gateway.example.com"),
        (values.HostName, "::1", "[::1]"),
        (values.HostName, "[2001:DB8::1]", "[2001:db8::1]"),
        (values.Network, "10.0.0.0/8", "10.0.0.0/8"),
        (values.Network, "192.168.1.1", "192.168.1.1/32"),
        (values.Reference, "vault:openai", "vault:openai"),
        (values.Reference, "env:OPENAI_API_KEY", "env:OPENAI_API_KEY"),
        (values.Reference, "file:/run/secrets/openai key", "file:/run/secrets/openai key"),
        (values.Reference, "none", "none"),
    ],
)
def test_values_are_read_exactly(kind: Any, text: str, value: object) -> None:
    found = read(kind, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (values.Duration, "5"), (values.Duration, "0s"), (values.Duration, "5 s"), (values.Duration, "-5s"),
        (values.Size, "32 MB"), (values.Size, "0"), (values.Size, "-1"), (values.Size, "1.5MiB"), (values.Size, "32mb"),
        (values.Percent, "80"), (values.Percent, "0%"), (values.Percent, "101%"), (values.Percent, "80 %"),
        (values.Usd, "0"), (values.Usd, "-5"), (values.Usd, "NaN"), (values.Usd, "Infinity"), (values.Usd, "1e30"),
        (values.Usd, "0.0000000000001"), (values.Usd, "five"), (values.Usd, 0.1), (values.Usd, True),
        (values.Flag, "yes"), (values.Flag, "on"), (values.Flag, "off"), (values.Flag, "1"), (values.Flag, "True"),
        (values.Count, "0"), (values.Count, "1.5"), (values.Count, "many"),
        (values.HostName, "http://a"), (values.HostName, "a:4000"), (values.HostName, "*.a"), (values.HostName, "-a"),
        (values.HostName, "a..b"), (values.HostName, ""), (values.HostName, "[127.0.0.1]"),
        (values.HostName, "bücher.de"),
        (values.Network, "0.0.0.0/0"), (values.Network, "::/0"), (values.Network, "10.0.0.1/8"), (values.Network, "x"),
        (values.Reference, ""), (values.Reference, "openai"), (values.Reference, "vault:"),
        (values.Reference, "env:A-B"),
        (values.Reference, "sk-proj-0123456789abcdefghij"), (values.Reference, "vault:sk-proj-0123456789abcdefghij"),
        (values.Reference, "env:AIzaSyA1234567890abcdefghijklmnopqrstu"), (values.Reference, "file:a\nb"),
        (values.Reference, "None"), (values.Reference, 5),
    ],
)  # fmt: skip
def test_what_is_none_of_them_is_refused(kind: Any, text: object) -> None:
    with pytest.raises(ValidationError):
        read(kind, text)


def test_that_a_share_is_more_than_nothing_is_said() -> None:
    with pytest.raises(ValidationError, match="a share above 0% and up to 100%"):
        read(values.Percent, "0%")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (values.Duration, "10m"),
        (values.Duration, "1500ms"),
        (values.Size, "32MiB"),
        (values.Size, "1000"),
        (values.Percent, "80%"),
        (values.Percent, "12.5%"),
        (values.Usd, "500"),
        (values.Usd, "0.000000000001"),
        (values.ListenAddress, "[::1]:4000"),
    ],
)
def test_values_are_written_as_they_were_typed(kind: Any, text: str) -> None:
    assert written(kind, read(kind, text)) == text


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:4000", Address("127.0.0.1", 4000), True),
        ("127.8.8.8:1", Address("127.8.8.8", 1), True),
        ("[::1]:0", Address("::1", 0), True),
        ("localhost:65535", Address("localhost", 65535), True),
        ("0.0.0.0:4000", Address("0.0.0.0", 4000), False),
        ("[::]:4000", Address("::", 4000), False),
        ("10.0.0.5:4000", Address("10.0.0.5", 4000), False),
        ("gateway.internal:80", Address("gateway.internal", 80), False),
        ("localhost.example.com:80", Address("localhost.example.com", 80), False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(text: str, address: Address, loopback: bool) -> None:
    assert read_address(text) == address
    assert address.is_loopback is loopback
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["4000", ":4000", "127.0.0.1", "127.0.0.1:", "::1:4000", "a:99999", "a:-1", "http://a:1", "a:٣", None]
)
def test_anything_else_is_no_address(text: object) -> None:
    with pytest.raises(ValueError):
        read_address(text)


def test_another_port_keeps_the_host() -> None:
    assert str(Address("::1", 4000).with_port(5000)) == "[::1]:5000"
