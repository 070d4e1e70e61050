"""What two sources know of one model is put together; what the nearer one says is not changed."""

from gatewatch.models.facts import NOTHING, ModelFacts, filled

NEAR = ModelFacts(context_window=131_072, input=("text",))
FAR = ModelFacts(
    context_window=200_000, max_output=64_000, input=("text", "image"), output=("text",), thinking="budget"
)


def test_what_is_missing_is_filled_in_and_what_is_known_stays() -> None:
    assert filled(NEAR, FAR) == ModelFacts(
        context_window=131_072, max_output=64_000, input=("text",), output=("text",), thinking="budget"
    )


def test_nothing_known_adds_nothing() -> None:
    assert filled(NEAR, NOTHING) is NEAR
    assert filled(NOTHING, NEAR) is NEAR
