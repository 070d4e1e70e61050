"""The one thing that engine and sinks share."""

from collections.abc import Collection

from proxy.control.alerting.firing import Firing, Hear, Sink


class Keeps:
    on_heard: Hear

    def __init__(self) -> None:
        self.firings: list[Firing] = []

    def tell(self, firing: Firing, told: Collection[str]) -> None:
        self.firings += [] if "keeps" in told else [firing]
        self.on_heard("keeps", firing)


def test_whatever_takes_a_firing_is_a_sink() -> None:
    keeps, heard = Keeps(), []
    sink: Sink = keeps
    sink.on_heard = lambda *told: heard.append(told)
    firing = Firing(
        id="slow|team/search", alert="slow", subject="team/search", state="firing", severity="warning", value="2 s",
        threshold="1 s", since=1, at=1, text="slow",
    )  # fmt: skip
    sink.tell(firing, ())
    sink.tell(firing, {"keeps"})
    assert keeps.firings == [firing]
    assert heard == [("keeps", firing)] * 2
    assert firing.actions == ()
