"""What the world is told of an alert."""

from proxy.control.alerting.sinks.told import message_id, told
from tests.kit.firings import a_firing
from tests.kit.journals import MINUTE, T0


def test_all_of_it_with_times_in_words() -> None:
    assert told(a_firing(actions=("pause key/k1",)), "gw-1:4000") == {
        "id": "slow|team/search",
        "alert": "slow",
        "subject": "team/search",
        "state": "firing",
        "severity": "warning",
        "value": "1.4 s",
        "threshold": "1 s",
        "since": "2026-11-20T10:00:00.000000Z",
        "at": "2026-11-20T10:01:00.000000Z",
        "text": "p95 of team/search is 1.4 s, above 1 s; nothing is done about it",
        "actions": ["pause key/k1"],
        "gateway": "gw-1:4000",
    }


def test_hostile_texts_are_harmless_and_bounded() -> None:
    said = told(a_firing(text="\x1b[2J\u202e\r\n" + "x" * 100_000, subject="team/\x00" + "y" * 5000), "gw")
    text, subject = str(said["text"]), str(said["subject"])
    assert text.isprintable()
    assert subject.isprintable()
    assert (len(text), len(subject)) == (2000, 300)


def test_a_message_has_one_id_however_often_it_is_sent_and_no_other_has_it() -> None:
    firing = a_firing()
    assert message_id(firing, "gw") == message_id(a_firing(), "gw")
    others = [
        message_id(a_firing(state="cleared"), "gw"),
        message_id(a_firing(since=T0 + 1), "gw"),
        message_id(a_firing(at=T0 + 2 * MINUTE), "gw"),
        message_id(a_firing(id="slow|team/other"), "gw"),
        message_id(firing, "gw-2"),
    ]
    assert len({message_id(firing, "gw"), *others}) == 6
    assert "." not in message_id(firing, "gw")
