from proxy.dialects.gemini.call_ids import CallIds


def test_ids_are_unique_within_a_reply_and_stable() -> None:
    ids = CallIds()
    made = [ids.made("r1", choice, tool) for choice in range(2) for tool in range(3)]
    assert len(set(made)) == 6
    assert CallIds().made("r1", 0, 0) == made[0]
    assert all(each.startswith("call_") for each in made)


def test_replies_differ_even_where_they_have_no_id() -> None:
    assert CallIds().made(None, 0, 0) != CallIds().made(None, 0, 0)
    ids = CallIds()
    assert ids.made(None, 0, 0) == ids.made(None, 0, 0)
