"""The one thing that engine and sinks share."""

from proxy.control.alerting.firing import Firing, Sink


class Heard:
    def __init__(self) -> None:
        self.firings: list[Firing] = []

    def tell(self, firing: Firing) -> None:
        self.firings.append(firing)


def test_whatever_takes_a_firing_is_a_sink() -> None:
    heard = Heard()
    sink: Sink = heard
    firing = Firing(
        id="slow|team/search", alert="slow", subject="team/search", state="firing", severity="warning", value="2 s",
        threshold="1 s", since=1, at=1, text="slow",
    )  # fmt: skip
    sink.tell(firing)
    assert heard.firings == [firing]
    assert firing.actions == ()
