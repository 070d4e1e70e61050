"""Turns as ai.google.dev/gemini-api/docs/text-generation, …/function-calling and …/thought-signatures show them; field
names of google-genai 3.4's `Content` and `Part`."""

from typing import Any

import pytest

from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import (
    Audio,
    Declined,
    File,
    Image,
    Part,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.contents import Contents
from proxy.refusal import Refusal

PNG = Image(source=Source(data="aGk=", media_type="image/png"))
INLINE = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
USUAL = Quirks()


def written(*turns: Turn, model: str = "gemini-3-flash", quirks: Quirks = USUAL) -> Contents:
    contents = Contents(Destination(provider="google", model=model, quirks=quirks), Losses("google"), typed=False)
    contents.add(turns)
    return contents


def user(*parts: Part) -> Turn:
    return Turn(role="user", parts=list(parts))


def assistant(*parts: Part) -> Turn:
    return Turn(role="assistant", parts=list(parts))


def system(text: str, role: Any = "system") -> Turn:
    return Turn(role=role, parts=[Text(text=text)])


def call(id: str, name: str, arguments: str = '{"city":"Rome"}', **more: Any) -> ToolCall:
    return ToolCall(id=id, name=name, arguments=arguments, **more)


def test_instructions_stand_outside_and_later_ones_are_hoisted() -> None:
    said = written(system("Be kind."), user(Text(text="Hi")), system("Be brief.", "developer"))
    assert said.system == [{"text": "Be kind."}, {"text": "Be brief."}]
    assert said.contents == [{"role": "user", "parts": [{"text": "Hi"}]}]


def test_instructions_alone_are_asked_by_the_user() -> None:
    said = written(system("Tell a joke."))
    assert said.contents == [{"role": "user", "parts": [{"text": "Tell a joke."}]}]
    assert said.system == []


def test_neighbours_of_one_role_are_joined_and_empty_ones_left_out() -> None:
    said = written(user(Text(text="a")), user(Text(text="b")), assistant(Text(text="")), user(Text(text="c")))
    assert said.contents == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}]


def test_the_assistant_is_the_model() -> None:
    said = written(user(Text(text="a")), assistant(Declined(text="No.")))
    assert said.contents[1] == {"role": "model", "parts": [{"text": "No."}]}


def test_media_stand_among_the_text() -> None:
    said = written(user(Text(text="What is it?"), PNG, Audio(data="aGk=", format="wav")))
    assert said.contents[0]["parts"] == [
        {"text": "What is it?"},
        INLINE,
        {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}},
    ]


def test_a_file_is_preceded_by_what_it_is_called() -> None:
    file = File(source=Source(data="aGk=", media_type="application/pdf"), name="a.pdf", context="Of 2026.")
    assert written(user(file)).contents[0]["parts"] == [
        {"text": "a.pdf"},
        {"text": "Of 2026."},
        {"inlineData": {"mimeType": "application/pdf", "data": "aGk="}},
    ]
    assert written(user(File(source=Source(text="plain")))).contents[0]["parts"] == [{"text": "plain"}]


def test_calls_and_results_are_matched_by_id_and_name() -> None:
    said = written(
        user(Text(text="Weather?")),
        assistant(call("c1", "weather"), call("c2", "clock", "{}")),
        user(
            ToolResult(call_id="c1", parts=[Text(text="sunny"), Text(text="warm")]),
            ToolResult(call_id="c2", parts=[Text(text="broken")], is_error=True),
        ),
        model="gemini-2.5-flash",
    )
    assert said.contents[1] == {
        "role": "model",
        "parts": [
            {"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Rome"}}},
            {"functionCall": {"id": "c2", "name": "clock", "args": {}}},
        ],
    }
    assert said.contents[2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "c1", "name": "weather", "response": {"output": "sunny\nwarm"}}},
            {"functionResponse": {"id": "c2", "name": "clock", "response": {"error": "broken"}}},
        ],
    }


def test_arguments_are_always_an_object() -> None:
    said = written(assistant(call("a", "f", "not json"), call("b", "f", "[1]"), call("c", "f", "")))
    arguments = [part["functionCall"]["args"] for part in said.contents[0]["parts"]]
    assert arguments == [{"input": "not json"}, {"input": "[1]"}, {}]


def test_images_in_results_stand_inside_for_gemini_3_and_behind_for_older_models() -> None:
    turns = [
        assistant(call("a", "look")),
        user(ToolResult(call_id="a", parts=[Text(text="here"), PNG]), ToolResult(call_id="b", name="other")),
    ]
    newest = written(*turns).contents[1]["parts"]
    response = {"id": "a", "name": "look", "response": {"output": "here"}}
    other = {"functionResponse": {"id": "b", "name": "other", "response": {"output": ""}}}
    assert newest == [{"functionResponse": {**response, "parts": [INLINE]}}, other]
    older = written(*turns, model="gemini-2.5-pro").contents[1]["parts"]
    assert older == [{"functionResponse": response}, other, INLINE]


def test_googles_own_signature_comes_back_where_it_stood() -> None:
    said = written(
        assistant(
            Reasoning(text="hm", signature="s1", origin="gemini"),
            Text(text="So"),
            Reasoning(signature="s2", redacted=True, origin="gemini"),
            call("a", "f", "{}", signature="s3", origin="gemini"),
            call("b", "f", "{}"),
        )
    )
    assert said.contents[0]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "s1"},
        {"text": "So"},
        {"text": "", "thoughtSignature": "s2"},
        {"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": "s3"},
        {"functionCall": {"id": "b", "name": "f", "args": {}}},
    ]


def test_anothers_calls_are_marked_once_per_step_for_gemini_3() -> None:
    turns = [
        assistant(
            Text(text="ok"), call("a", "f", "{}", signature="x", origin="anthropic-messages"), call("b", "f", "{}")
        ),
        user(ToolResult(call_id="a"), ToolResult(call_id="b")),
        assistant(call("c", "f", "{}")),
    ]
    signatures = [
        part.get("thoughtSignature")
        for content in written(*turns).contents
        for part in content["parts"]
        if "functionCall" in part
    ]
    assert signatures == ["skip_thought_signature_validator", None, "skip_thought_signature_validator"]
    older = written(*turns, model="gemini-2.5-flash").contents
    assert not any("thoughtSignature" in part for content in older for part in content["parts"])


def test_anothers_thoughts_are_left_out() -> None:
    said = written(
        assistant(
            Reasoning(text="hm", signature="x", origin="anthropic-messages"),
            Reasoning(text="unsigned"),
            Text(text="So"),
        )
    )
    assert said.contents[0]["parts"] == [{"text": "So"}]


@pytest.mark.parametrize(
    ("turn", "param"),
    [
        (Turn(role="user", name="ann", parts=[Text(text="a")]), "name"),
        (Turn(role="system", parts=[PNG]), "turns"),
        (user(File(source=Source(text="a"), cite=True)), "citations"),
    ],
)
def test_what_google_cannot_be_told_is_lost(turn: Turn, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        written(turn)
    assert refused.value.param == param


def test_a_provider_without_images_is_not_asked_without_them() -> None:
    with pytest.raises(Refusal, match="images"):
        written(user(PNG), quirks=Quirks(images=False))


def test_the_assistants_own_name_is_left_out() -> None:
    said = written(user(Text(text="a")), Turn(role="assistant", name="bot", parts=[Text(text="b")]))
    assert said.contents[1] == {"role": "model", "parts": [{"text": "b"}]}
