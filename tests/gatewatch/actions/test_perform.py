"""Performing: the right is asked for first, and a refused change stands in the audit trail."""

import pytest

from gatewatch.actions.keys import ListKeys
from gatewatch.actions.perform import MOST_TRIES, perform
from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.keys import token
from tests.kit.acting import MINUTE, Stage

EVE = Actor(id="eve", role="none")


def test_the_right_is_asked_for_before_a_word_of_the_request_is_read(stage: Stage) -> None:
    with pytest.raises(NotAllowed, match=r"keys\.create"):
        stage.do("keys.create", EVE, nonsense=1)


def test_a_refused_change_is_noted_and_a_refused_look_is_left_to_the_way_in(stage: Stage) -> None:
    for deed, asked in (("keys.revoke", {"key": "app"}), ("keys.list", {}), ("teams.create", {"name": "search"})):
        with pytest.raises(NotAllowed):
            stage.do(deed, EVE, **asked)
    refused = [each for each in stage.deeds() if each[2] == "denied"]
    assert refused == [("keys.revoke", "app", "denied"), ("teams.create", "search", "denied")]


LEAD = Actor(id="key:lead", role="admin", team="search", key_id="lead")


def test_a_try_at_another_teams_key_is_noted_and_looks_like_one_at_none(stage: Stage) -> None:
    theirs = stage.key("theirs", team="sales")
    said = []
    for reference in (theirs["id"], "zzzzzzzz"):
        with pytest.raises(NotFound) as refused:
            stage.do("keys.revoke", LEAD, key=reference)
        said.append(refused.value.title.replace(reference, "KEY"))
    assert said[0] == said[1]
    assert stage.deeds()[-2:] == [("keys.revoke", theirs["id"], "denied"), ("keys.revoke", "zzzzzzzz", "denied")]
    own = stage.do("audit.list", LEAD, result="denied")
    assert [entry["after"]["reason"].replace(entry["target"], "KEY") for entry in own] == [
        "there is no key 'KEY', or it is not within reach"
    ] * 2


def test_who_reaches_everything_only_mistypes_and_a_look_is_not_noted(stage: Stage) -> None:
    stage.key("theirs", team="sales")
    with pytest.raises(NotFound):
        stage.do("keys.revoke", key="zzzzzzzz")
    with pytest.raises(NotFound):
        stage.do("keys.show", LEAD, key="theirs")
    assert [deed for deed in stage.deeds() if deed[2] == "denied"] == []


def test_who_guesses_does_not_fill_the_disk(stage: Stage) -> None:
    stage.key("theirs", team="sales")

    def guess() -> None:
        with pytest.raises(NotFound):
            stage.do("keys.revoke", LEAD, key="zzzzzzzz")

    for _ in range(MOST_TRIES + 5):
        guess()
    assert len([deed for deed in stage.deeds() if deed[2] == "denied"]) == MOST_TRIES
    stage.clock.now += 2 * MINUTE
    guess()
    assert len([deed for deed in stage.deeds() if deed[2] == "denied"]) == MOST_TRIES + 1


def test_a_secret_that_was_given_as_a_name_is_not_noted(stage: Stage) -> None:
    secret = token.mint("client", "live")
    with pytest.raises(NotAllowed):
        stage.do("keys.revoke", EVE, key=secret)
    assert secret not in str(stage.store(lambda store: store.audit_entries()))


def test_an_action_about_all_teams_is_not_for_a_key_of_one(stage: Stage) -> None:
    with pytest.raises(NotAllowed, match="of team search alone"):
        stage.do("roles.set", Actor(id="key:x", team="search"), name="eve", role="super-admin")
    assert stage.deeds()[-1] == ("roles.set", "eve", "denied")


def test_a_test_key_changes_test_keys_and_nothing_else(stage: Stage) -> None:
    live, test = stage.key("live"), stage.key("test", environment="test")
    own = stage.key("own", kind="admin", role="super-admin", all_teams=True, environment="test")
    actor = Actor(id=f"key:{own['id']}", key_id=own["id"], test_only=True)
    for deed, asked in (
        ("roles.set", {"name": "eve", "role": "super-admin"}),
        ("providers.set_key", {"name": "openai", "secret": "sk-x-0123456789"}),
        ("prices.set", {}),
        ("teams.create", {"name": "more"}),
    ):
        with pytest.raises(NotAllowed, match="is a test key"):
            stage.do(deed, actor, **asked)
    for deed in ("keys.revoke", "keys.rotate", "keys.end_grace", "keys.show"):
        with pytest.raises(NotFound):
            stage.do(deed, actor, key=live["id"])
    with pytest.raises(NotAllowed, match="environment"):
        stage.do("keys.create", actor, name="x", team="search")
    with pytest.raises(NotFound, match="no team"):
        stage.do("keys.create", actor, name="x", team="new", create_team=True, environment="test")
    assert [key["id"] for key in stage.do("keys.list", actor)] == [test["id"], own["id"]]
    assert stage.do("keys.revoke", actor, key="test")["state"] == "revoked"


def test_what_is_no_action_or_does_not_fit_is_said(stage: Stage) -> None:
    with pytest.raises(NotFound, match="no action"):
        stage.do("keys.grant")
    with pytest.raises(UsageError, match=r"keys\.list"):
        stage.do("keys.list", nonsense=1)


@pytest.mark.parametrize("text", ["\0", "/tmp/\0x", "\ud800", "x\udcff"])
def test_a_text_that_is_none_is_a_usage_error_wherever_it_stands(text: str, stage: Stage) -> None:
    key = {"id": "abcdefgh", "name": text, "team": "search"}
    for deed, asked in (
        ("audit.verify", {"file": text}),
        ("keys.show", {"key": text}),
        ("keys.affected", {"keys": ["app", text]}),
        ("keys.import", {"key": key}),
        ("providers.rotation", {"id": text}),
        ("roles.set", {"name": text, "role": "user"}),
    ):
        with pytest.raises(UsageError, match=deed):
            stage.do(deed, **asked)
    with pytest.raises(NotAllowed):
        stage.do("keys.revoke", EVE, key=text)
    assert stage.deeds()[-1][2] == "denied"


def test_struct_and_json_are_the_same_request(stage: Stage) -> None:
    stage.key("app")
    with stage.acting() as acting:
        assert perform(acting, "keys.list", ListKeys()) == perform(acting, "keys.list", {})


def test_a_failed_deed_leaves_nothing_but_the_word_of_it(stage: Stage) -> None:
    app = stage.key("app")
    stage.do("keys.revoke", key=app["id"])
    before = stage.store(lambda store: store.secrets(app["id"]))
    with pytest.raises(NotAllowed, match="revoked"):
        stage.do("keys.rotate", key=app["id"])
    assert stage.deeds()[-1] == ("keys.rotate", app["id"], "denied")
    assert stage.store(lambda store: store.secrets(app["id"])) == before
