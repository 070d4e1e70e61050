import pytest

from proxy.sandbox.prose import Dice, count_tokens, key_of, pieces_of, prose, prose_of


def test_a_key_does_not_depend_on_the_order_of_an_objects_keys() -> None:
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of({"a": 1}) != key_of({"a": 2})
    assert len(key_of("x")) == 64


def test_a_key_is_the_same_in_every_process_and_version() -> None:
    assert key_of("gatewatch").hex().startswith("5cbca2fa")  # printf '["gatewatch"]' | b2sum


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("héé", 2), ("\ud800", 1), ("🙂🙂", 2)]
)
def test_four_bytes_are_a_token(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_pieces_are_the_text() -> None:
    assert pieces_of("abcdefghi") == ["abcd", "efgh", "i"]
    assert pieces_of("") == []


def test_a_text_says_where_it_comes_from_and_has_two_to_eleven_sentences() -> None:
    for number in range(200):
        tokens = prose(key_of(number))
        assert "".join(tokens).startswith("This is the sandbox. The ")
        assert tokens[-1] == "."
        assert (len(tokens) - 5) % 8 == 0
        assert 2 <= (len(tokens) - 5) // 8 <= 11


@pytest.mark.parametrize("length", [1, 5, 6, 97, 5_000])
def test_a_text_can_have_any_length(length: int) -> None:
    assert len(prose_of(key_of("x"), length)) == length


def test_the_dice_fall_alike_for_the_same_key_and_purpose() -> None:
    first, again, other = Dice(b"k", "a"), Dice(b"k", "a"), Dice(b"k", "b")
    rolls = [first.number(1000) for _ in range(50)]
    assert rolls == [again.number(1000) for _ in range(50)]
    assert rolls != [other.number(1000) for _ in range(50)]
    assert all(0 <= roll < 1000 for roll in rolls)


def test_the_dice_are_fair_enough() -> None:
    dice = Dice(b"fair")
    shares = [dice.share() for _ in range(4000)]
    assert all(0 <= share < 1 for share in shares)
    assert 0.48 < sum(shares) / 4000 < 0.52
    normal = [dice.normal() for _ in range(4000)]
    assert -0.06 < sum(normal) / 4000 < 0.06
    assert 0.94 < sum(number * number for number in normal) / 4000 < 1.06
