"""A firing as a message for Slack's incoming webhooks.

Keeps true: what callers and names say is plain text there: no mention, no link, no markup, and nothing is fetched for a
preview.
"""

from proxy.control.alerting.firing import Firing
from proxy.control.alerting.sinks.told import told

_MARKS = {"info": "ℹ️", "warning": "⚠️", "critical": "🔴"}
_WORD_JOINER = "\u2060"
MOST_TEXT = 2500
"""Slack takes 3000 characters in a block, and escapes count."""


def slack_message(firing: Firing, gateway: str) -> dict[str, object]:
    """The JSON to post."""
    said = {name: slack_text(str(value)) for name, value in told(firing, gateway).items()}
    cleared = firing.state == "cleared"
    mark = "✅" if cleared else _MARKS[firing.severity]
    head = f"{mark} {said['alert']} {'is over' if cleared else 'fires'}: {said['subject']}"
    measured = f"measured {said['value']} · threshold {said['threshold']} · since {said['since']}"
    about = f"{said['severity']} · {said['gateway']} · {said['at']}"
    done = [slack_text(action) for action in told(firing, gateway)["actions"]]  # type: ignore[attr-defined]
    details = [measured, *([f"in force: {', '.join(done)}"] if done else []), about]
    return {
        "text": cut(f"{head}. {said['text']}"),
        "mrkdwn": False,
        "link_names": False,
        "parse": "none",
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "section", "text": _plain(head)},
            {"type": "section", "text": _plain(said["text"])},
            {"type": "context", "elements": [_plain(detail) for detail in details]},
        ],
    }


def slack_text(text: str) -> str:
    """Escaped as Slack asks for; `@` and `#` never begin a mention, nor `://` a link."""
    for letter, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, escaped)
    for letter in ("@", "#", "://"):
        text = text.replace(letter, f"{letter[0]}{_WORD_JOINER}{letter[1:]}")
    return text


def cut(text: str) -> str:
    """Never within an escape."""
    if len(text) <= MOST_TEXT:
        return text
    kept = text[: MOST_TEXT - 1]
    start = kept.rfind("&")
    return (kept[:start] if start >= 0 and ";" not in kept[start:] else kept) + "…"


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": cut(text), "emoji": False}
