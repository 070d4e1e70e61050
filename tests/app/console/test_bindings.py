"""Keys come from the registry, and all of them go through `do`."""

from app.console.bindings import bindings_of


def test_a_binding_is_its_action() -> None:
    (bound,) = [binding for binding in bindings_of("everywhere") if binding.id == "app.quit"]
    assert bound.key == "q,ctrl+q,ctrl+c"
    assert bound.action == "app.do('app.quit')"


def test_a_place_without_actions_has_no_bindings() -> None:
    assert bindings_of("nowhere") == []
