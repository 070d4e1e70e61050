"""What people are told of a target that is shifted, or back."""

from gatewatch.routing.service_level import Level, Measured
from proxy.control.level_words import kept_text, measured_text

CHAT = Level(route="chat", targets=("a/m",), p95=2_500_000, errors=10_000)


def test_what_is_missed_is_told_beside_what_is_wanted() -> None:
    seen = Measured(timed=25, p95=4_100_000, tries=300, failures=12)
    assert measured_text(CHAT, seen, ("p95",)) == "p95 4.1 s of 25 calls, 2.5 s at most"
    assert measured_text(CHAT, seen, ("errors",)) == "12 of 300 tries failed in a day, 1 % at most"
    assert measured_text(CHAT, seen, ("p95", "errors")).count("; ") == 1
    assert measured_text(CHAT, Measured(), ("p95",)) == "too few calls to tell, 2.5 s at most"
    assert measured_text(CHAT, seen, ()) == ""


def test_why_it_comes_back_is_told() -> None:
    seen = Measured(timed=5, p95=900_000, tries=300, failures=1)
    assert kept_text(CHAT, seen) == "p95 900 ms of 5 calls, 2.5 s at most; 1 of 300 tries failed in a day"
    assert kept_text(CHAT, Measured()).startswith("too few calls to tell, so it is tried again")
