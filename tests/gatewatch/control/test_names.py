"""Names of teams, projects, keys and models."""

import pytest

from gatewatch.control.names import checked_models, checked_name
from gatewatch.errors import UsageError
from gatewatch.keys.token import mint


@pytest.mark.parametrize("name", ["a", "7", "search", "Data Platform", "a.b_c-d@e+f", "x" * 64, "alice@example.org"])
def test_sane_names_are_taken_as_they_are(name: str) -> None:
    assert checked_name("team", name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " a",
        "a ",
        "a  b",
        "x" * 65,
        "a\n",
        "a\tb",
        "\x1b]52;c;aGk=\x07",
        "[@click=app.bell]x",
        "'; DROP TABLE teams; --",
        "=cmd|' /C calc'!A0",
        "+1",
        "-rf",
        "@x",
        "../../etc/passwd",
        "a/b",
        "a%2fb",
        "\u202egnp.exe",
        "ｆｕｌｌｗｉｄｔｈ",
        "tеаm",  # Cyrillic е and а
        "a\x00b",
        "🙂",
    ],
)
def test_hostile_names_are_refused_and_shown_harmless(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked_name("team", name)
    assert str(refused.value).replace("\n", "").isprintable()


def test_a_key_given_as_a_name_is_refused_and_not_repeated() -> None:
    for secret in (mint("client", "live"), "sk-" + "k" * 30):
        with pytest.raises(UsageError) as refused:
            checked_name("key", secret)
        assert secret not in str(refused.value)


def test_an_allow_list_keeps_its_order_and_loses_repetitions() -> None:
    names = (
        "openai/gpt-4o-mini",
        "support-bot",
        "openai/gpt-4o-mini",
        "accounts/fireworks/models/x",
        "anthropic.c-3:0",
    )
    assert checked_models(names) == (
        "openai/gpt-4o-mini", "support-bot", "accounts/fireworks/models/x", "anthropic.c-3:0",
    )  # fmt: skip


@pytest.mark.parametrize("models", [(), ("",), ("*",), ("a b",), ("gpt-4o", "\x1b[2J"), ("x" * 201,), ("a,b",)])
def test_an_allow_list_that_would_not_mean_what_it_says_is_refused(models: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        checked_models(models)
