"""Textual bindings of the action registry: every key goes through `app.do`, so that a refusal is always explained."""

from textual.binding import Binding

from app.console.actions import of_place


def bindings_of(place: str) -> list[Binding]:
    """The bindings of one place."""
    return [
        Binding(",".join(action.keys), f"app.do('{action.id}')", action.name, show=False, id=action.id)
        for action in of_place(place)
    ]
