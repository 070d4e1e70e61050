"""An answer survives its way over the wire."""

import msgspec

from gatewatch.ledger.answer import Answer, Checked, window_texts
from gatewatch.timespan import Window
from tests.kit.journals import NOW, T0


def test_an_answer_is_the_same_after_json() -> None:
    answer = Answer(
        rows=[{"cost_usd": "0.1", "at": None, "n": 3}],
        window=window_texts(Window(T0, NOW)),
        fresh={"loaded_until": None, "behind_bytes": 0, "alarms": ["x"]},
        source="calls",
    )
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
    assert answer.window == {"since": "2026-11-20T10:00:00.000000Z", "until": "2026-11-20T11:00:00.000000Z"}


def test_no_window_has_no_bounds() -> None:
    assert window_texts(None) == {"since": None, "until": None}


def test_a_check_is_the_same_after_json() -> None:
    checked = Checked(ok=False, problems=["x"], calls=1, segments=2, gone=3)
    assert msgspec.json.decode(msgspec.json.encode(checked), type=Checked) == checked
