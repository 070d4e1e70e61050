"""What may stand in the trail: no secret of any shape, nothing that a terminal would obey."""

import json

import pytest

from gatewatch.audit.configuration import note_configuration, note_refused
from gatewatch.audit.export import Form, page
from gatewatch.audit.links import snapshot
from gatewatch.audit.told import told, told_as_json
from gatewatch.authority.actor import Actor
from gatewatch.control.audit import EVERYTHING
from gatewatch.control.store import ControlStore
from tests.kit.audit_stage import Stage

FORMS: tuple[Form, ...] = ("jsonl", "cef", "ocsf")

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


def test_no_table_no_file_and_no_export_holds_a_secret_wherever_it_was_put(stage: Stage) -> None:
    """The last line of defence: whoever writes an entry has forgotten to leave the secret out."""
    named = {"password": "plain-canary-1", "x": {"client_secret": "plain-canary-2"}}
    with ControlStore.open(stage.home.control, actor="alice") as store:
        for n, secret in enumerate(SHAPES):
            store.become(Actor(id=secret, source=f"from {secret}", request_id=secret))
            side = {
                secret: secret,
                f"name {secret}": [secret, {"deep": f"Bearer {secret}"}],
                "url": f"https://u:{secret}@h/",
            }
            store.audit(f"key.create {secret}", f"team/{secret}", result=secret, before=side, **side, **named)
            tree = {"providers": {"p": {"headers": {"x": secret}, "api_key": f"env:{secret}"}}, secret: 1}
            note_configuration(store, "config.reload", secret, str(n), tree)
            note_refused(store, "file", f"line 1: {secret}: no")
    stage.seal()
    exports = []
    with snapshot(stage.home.control) as connection:
        for form in FORMS:
            exports += page(connection, form, EVERYTHING, 0, 1000).lines
        exports += ["".join(connection.iterdump())]
    places = [
        *exports,
        stage.home.audit_file.read_text(),
        *(path.read_bytes().decode("latin-1") for path in stage.home.root.glob("control.db*")),
    ]
    assert len(exports) == 3 * 3 * len(SHAPES) + 1
    canaries = {*SHAPES, *(json.dumps(shape)[1:-1] for shape in SHAPES), "plain-canary", "MIIEvQIBADANBg"}
    assert not [canary for canary in canaries for place in places if canary in place]
