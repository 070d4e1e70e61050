"""What Slack is posted: readable, and nothing in it is a mention, a link or markup."""

import json
import re

import pytest

from proxy.control.alerting.sinks.slack import MOST_TEXT, slack_message
from tests.kit.firings import a_firing


def texts(message: dict[str, object]) -> list[str]:
    """Every text of a message, wherever it stands."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                found.append(value["text"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(json.loads(json.dumps(message)))
    return found


def test_what_happened_and_where_stands_in_it() -> None:
    message = slack_message(a_firing(actions=("throttle key/k1",)), "gw-1:4000")
    joined = "\n".join(texts(message))
    for part in (
        "slow fires: team/search",
        "p95 of team/search is 1.4 s",
        "threshold 1 s",
        "throttle key/k1",
        "gw-1:4000",
    ):
        assert part in joined
    assert "is over" in "\n".join(texts(slack_message(a_firing(state="cleared"), "gw")))


@pytest.mark.parametrize(
    "hostile",
    [
        "<!channel> <!here> <@U12345>",
        "@channel @here @everyone #general",
        "<https://evil.example|your bill>",
        "https://evil.example/x",
        "*bold* `code` &lt;!channel&gt;",
        "\x1b[31m\n\n*Gateway*: all is well\u202e",
    ],
)
def test_hostile_text_is_plain(hostile: str) -> None:
    message = slack_message(
        a_firing(text=hostile, alert=hostile, subject=hostile, value=hostile, actions=(hostile,)), hostile
    )
    for text in texts(message):
        assert "<" not in text
        assert ">" not in text
        assert not re.search(r"[@#]\w", text)
        assert "://" not in text
        assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", text, re.DOTALL)
        assert "\n" not in text
    assert message["link_names"] is False
    assert message["parse"] == "none"
    kinds = set(re.findall(r'"type": "(\w+)"', json.dumps(message)))
    assert kinds == {"section", "context", "plain_text"}


def test_endless_text_fits_and_no_escape_is_cut_in_two() -> None:
    for size in range(4000, 4008):
        for text in texts(slack_message(a_firing(text="&" * size), "gw")):
            assert len(text) <= MOST_TEXT
            assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", text)
