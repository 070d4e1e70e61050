"""What may stand in the trail: no secret of any shape, nothing that a terminal would obey."""

import json

import pytest

from gatewatch.audit.told import told, told_as_json

SHAPES = [
    "sk-proj-" + "a1B2c3D4" * 6,
    "sk-ant-api03-" + "Zx9_" * 20,
    "gwk_sk_live_Ab3dE5gH" + "q" * 43 + "123456",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AIzaSyD" + "4" * 32,
    "ghp_" + "k" * 36,
    "0123456789abcdef0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SHAPES)
def test_a_secret_is_left_out_wherever_it_stands(secret: str) -> None:
    assert secret not in told(secret)
    assert secret not in told(f"openai/{secret} and more")
    text = told_as_json({secret: "name", "value": secret, "list": [{"deep": f"x {secret}"}]})
    assert text is not None
    assert json.dumps(secret)[1:-1] not in text
    assert "[secret]" in text


@pytest.mark.parametrize("name", ["password", "providers.x.api_key", "client_secret", "Authorization", "access_token"])
@pytest.mark.parametrize("value", ["hunter2", 12345678, "two words"])
def test_a_credential_is_known_by_its_name_too(name: str, value: object) -> None:
    assert told_as_json({name: value}) == f'{{"{name}":"[secret]"}}'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", "vault:openai"),
        ("api_key", "env:OPENAI_API_KEY"),
        ("api_key", "none"),
        ("user", "alice@example.com"),
        ("max_tokens", 5000),
        ("version", 2),
        ("kid", "Ab3dE5gH"),
        ("models", ["fireworks/accounts/fireworks/models/llama4maverick"]),
        ("file", "/srv/gateways/number1/configuration/gatewatch.yaml"),
        ("enabled", True),
        ("rotation_id", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    ],
)
def test_what_is_no_secret_stays(name: str, value: object) -> None:
    assert told_as_json({name: value}) == json.dumps({name: value}, separators=(",", ":"))


def test_a_reference_that_holds_a_secret_does_not_stay() -> None:
    text = told_as_json({"api_key": f"env:{SHAPES[0]}"})
    assert text is not None
    assert SHAPES[0] not in text


def test_nothing_in_it_is_obeyed_by_a_terminal_and_all_of_it_is_bounded() -> None:
    assert told("a\x1b]0;x\x07\n\x9b\u202e\ud800b") == "a␛]0;x␇␊\ufffd\ufffd\ufffdb"
    assert len(told("x " * 100_000)) == 2000
    text = told_as_json({str(n): "x " * 900 for n in range(500)})
    assert text is not None
    assert len(text) < 200
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"a": deep}
    assert "[too deep]" in str(told_as_json(deep))
