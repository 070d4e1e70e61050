"""No target that a model names is left out of what is checked."""

from gatewatch.config.models import Model
from gatewatch.config.named_targets import named_targets, own_targets
from gatewatch.config.problems import key_text

MODEL = Model.model_validate(
    {
        "targets": ["a/1", "a/2"],
        "classes": {"code": ["a/3", "a/1"]},
        "context_window": ["a/4"],
        "last_resort": {"short_answer": {"target": "a/5"}, "reply": "Later."},
    }
)


def test_each_stands_where_the_file_has_it() -> None:
    assert {key_text(path): target for path, target in named_targets("m", MODEL)} == {
        "models.m.targets[0]": "a/1",
        "models.m.targets[1]": "a/2",
        "models.m.classes.code[0]": "a/3",
        "models.m.classes.code[1]": "a/1",
        "models.m.context_window[0]": "a/4",
        "models.m.last_resort.short_answer.target": "a/5",
    }
    assert own_targets(MODEL) == ["a/1", "a/2", "a/3"]


def test_every_key_of_a_model_that_holds_targets_is_known() -> None:
    """A new one has to be added here and there."""
    texts = {name for name, field in Model.model_fields.items() if "provider/model" in (field.description or "")}
    assert texts <= {"targets", "weights"}
    assert {"targets", "classes", "context_window", "last_resort", "weights"} <= set(Model.model_fields)


def test_a_model_of_nothing_but_targets() -> None:
    plain = Model.model_validate({"targets": ["a/1"]})
    assert [target for _, target in named_targets("m", plain)] == ["a/1"]
