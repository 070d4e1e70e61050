"""What holds for every vendor's manners."""

import json

import pytest

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.azure_manners import AZURE
from proxy.sandbox.google_manners import GOOGLE
from proxy.sandbox.manners import REFUSALS, Manners, Refusal
from proxy.sandbox.openai_manners import OPENAI

ALL = [OPENAI, AZURE, ANTHROPIC, GOOGLE]


@pytest.mark.parametrize("manners", ALL)
def test_every_vendor_has_words_for_every_refusal(manners: Manners) -> None:
    assert set(manners.refusals) == set(REFUSALS)
    for name, refusal in manners.refusals.items():
        error = refusal.error("some-model")
        assert error.status == int(name.partition("-")[0])
        assert "{" not in str(error)
        assert json.loads(manners.error_body(error, "1"))["error"]["message"] == str(error)


@pytest.mark.parametrize("manners", ALL)
def test_usage_that_is_nonsense_is_json_all_the_same(manners: Manners) -> None:
    counts = json.loads(manners.bad_usage)
    assert any(not isinstance(count, int) or count < 0 for count in counts.values())


@pytest.mark.parametrize("manners", ALL)
def test_every_complaint_is_an_error_of_the_vendors_shape(manners: Manners) -> None:
    for error in (
        manners.not_json(),
        manners.unknown_parameter("x"),
        manners.unknown_model("m"),
        manners.unknown_path("GET", "/"),
        manners.wrong_method("GET", "/", "POST"),
    ):
        assert 400 <= error.status < 500
        assert json.loads(manners.error_body(error, "1"))["error"]["message"]


def test_a_refusal_names_the_model() -> None:
    assert str(Refusal(429, "Too much of {model}.").error("m-1")) == "Too much of m-1."


def test_an_error_in_the_middle_is_a_whole_frame() -> None:
    for manners in ALL:
        frame = manners.error_event(ApiError(500, "No."), "1")
        assert frame.replace(b"\r\n", b"\n").endswith(b"}\n\n")
