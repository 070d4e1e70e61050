import json

from proxy.sandbox.models import listing, one


def test_the_list_has_good_names_and_every_fault() -> None:
    listed = json.loads(listing(("fault-429",)))
    names = [model["id"] for model in listed["data"]]
    assert listed["object"] == "list"
    assert "gpt-4o-mini" in names
    assert names[-1] == "fault-429"


def test_any_model_exists() -> None:
    model = json.loads(one("acme/model-9"))
    assert (model["id"], model["object"]) == ("acme/model-9", "model")
