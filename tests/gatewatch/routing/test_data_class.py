"""How sensitive calls are, and who may see them."""

from itertools import product

from gatewatch.routing.data_class import DATA_CLASSES, may_see, most_sensitive


def test_the_most_sensitive_of_several_holds() -> None:
    assert most_sensitive("internal", None, "confidential", "public") == "confidential"
    assert most_sensitive("restricted", "public") == "restricted"
    assert most_sensitive(None, None) is None
    assert most_sensitive() is None


def test_a_provider_sees_what_is_no_more_sensitive_than_it_may() -> None:
    allowed = {
        ("public", "public"),
        ("internal", "public"), ("internal", "internal"),
        ("confidential", "public"), ("confidential", "internal"), ("confidential", "confidential"),
        ("restricted", "public"), ("restricted", "internal"), ("restricted", "confidential"),
        ("restricted", "restricted"),
    }  # fmt: skip
    assert {(one, other) for one, other in product(DATA_CLASSES, DATA_CLASSES) if may_see(one, other)} == allowed


def test_where_nothing_is_stated() -> None:
    assert may_see(None, None), "calls of no class go anywhere"
    assert may_see("public", None)
    assert may_see(None, "public"), "a provider of which nothing is said sees what is public"
    assert not may_see(None, "internal")
