from proxy.sandbox.logprobs import chosen, likeliest


def test_a_token_has_its_logprob_by_its_place() -> None:
    assert chosen("a", 0) == chosen("a", 0) != chosen("a", 1)
    assert all(-0.5 <= chosen("a", place).logprob <= 0 for place in range(100))
    assert chosen("é", 0).bytes == [0xC3, 0xA9]


def test_the_likeliest_is_the_one_that_was_taken() -> None:
    first, *others = likeliest("a", 3, 4)
    assert first == chosen("a", 3)
    assert len({first.token, *(each.token for each in others)}) == 4
    assert all(each.logprob < first.logprob for each in others)
    assert likeliest("a", 3, 0) == []
