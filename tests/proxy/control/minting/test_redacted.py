import pytest

from proxy.control.minting.redacted import matches, the_one

SECRET = "sk-proj-AbCdEf0123456789-wxyz"


@pytest.mark.parametrize(
    "shown",
    [
        "sk-proj-AbC...wxyz",
        "sk-proj-********wxyz",
        "sk-...9-wxyz",
        "sk-proj-AbC…wxyz",
        " sk-proj-AbCdEf*****6789-wxyz ",
    ],
)
def test_the_ends_of_a_key_are_recognised(shown: str) -> None:
    assert matches(SECRET, shown)


@pytest.mark.parametrize(
    "shown",
    [
        "sk-proj-AbX...wxyz",
        "sk-proj-AbC...wxya",
        "sk-...xyz",
        "sk-proj-...yz",
        "sk-proj-AbC...",
        "...",
        "",
        SECRET,
        "sk-proj-AbC...0123...wxyz",
        "sk-proj-AbCdEf0123456789-w...wxyz",
    ],
)
def test_what_leaves_a_doubt_is_no_match(shown: str) -> None:
    assert not matches(SECRET, shown)


def test_only_one_key_can_be_the_one() -> None:
    assert the_one(SECRET, [("a", "sk-proj-AbC...wxyz"), ("b", "sk-proj-ZzZ...wxyz"), ("c", None)]) == "a"
    assert the_one(SECRET, [("a", "sk-proj-AbC...wxyz"), ("b", "sk-proj-...wxyz")]) is None
    assert the_one(SECRET, []) is None
