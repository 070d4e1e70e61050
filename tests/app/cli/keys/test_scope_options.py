"""The options of what a key may do, as fields of the actions."""

import argparse

from app.cli.keys.scope_options import add_limits, add_owner, scope_of


def fields(*argv: str, none_takes_away: bool = False) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_owner(parser)
    add_limits(parser)
    return scope_of(parser.parse_args(argv), none_takes_away=none_takes_away)


def test_what_is_left_out_is_not_a_field() -> None:
    assert fields() == {}


def test_every_option_has_its_field() -> None:
    given = fields(
        *("--project", "p", "--service", "s", "--models", "a,b", "--networks", "10.0.0.0/8", "--max-uses", "5"),
        *("--max-tokens", "7", "--max-usd", "0.5", "--ttl", "15m", "--routes", "r", "--dialects", "openai-chat"),
        *("--region", "eu", "--data-class", "confidential"),
    )
    assert given == {
        "project": "p", "service": "s", "models": ("a", "b"), "networks": ("10.0.0.0/8",), "max_uses": 5,
        "max_tokens": 7, "max_picos": 500_000_000_000, "ttl_us": 900_000_000, "routes": ("r",),
        "dialects": ("openai-chat",), "region": "eu", "data_class": "confidential",
    }  # fmt: skip


def test_none_is_a_name_when_a_key_is_made_and_takes_away_when_it_is_edited() -> None:
    assert fields("--user", "none") == {"user": "none"}
    edited = fields(
        "--user",
        "none",
        "--models",
        "any",
        "--expires",
        "never",
        "--max-usd",
        "none",
        "--region",
        "any",
        none_takes_away=True,
    )
    assert edited == {"user": None, "region": None, "models": None, "expires_at": None, "max_picos": None}


def test_a_time_is_a_time() -> None:
    assert fields("--expires", "2999-01-01T00:00:00Z") == {"expires_at": 32_472_144_000_000_000}
