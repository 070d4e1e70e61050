"""Messages as chat takes them, held against the SDK's `ChatCompletionMessageParam`."""

from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessageParam

from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, CacheMark, Declined, File, Image, Reasoning, Source, Text, ToolCall, ToolResult
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_chat.messages_write import write_messages
from proxy.refusal import Refusal
from tests.kit.strict_types import assert_fits

NO_QUIRKS = Quirks()
EXTENSIONS = ("reasoning_content", "reasoning_details")
PICTURE = Image(source=Source(data="iVBO", media_type="image/png"))
CALLS: list[Any] = [
    ToolCall(id="a", name="f", arguments="{}"),
    ToolCall(id="b", name="g", arguments='{"x":1}', signature="s", origin="gemini"),
]


def messages(*turns: Turn, quirks: Quirks = NO_QUIRKS, drop: bool = False) -> list[dict[str, Any]]:
    losses = Losses("p", drop=drop, names={"turns": "messages"})
    written = write_messages(list(turns), Destination(provider="p", model="m", quirks=quirks), losses)
    for message in written:
        assert_fits({key: each for key, each in message.items() if key not in EXTENSIONS}, ChatCompletionMessageParam)
    return written


def user(*parts: Any) -> Turn:
    return Turn(role="user", parts=list(parts))


def assistant(*parts: Any) -> Turn:
    return Turn(role="assistant", parts=list(parts))


def test_plain_turns_are_plain_messages() -> None:
    assert messages(
        Turn(role="system", parts=[Text(text="Be brief.", cache=CacheMark()), Text(text="Be kind.")]),
        Turn(role="user", parts=[Text(text="Hi")], name="ann"),
        assistant(Text(text="Hel"), Text(text="lo.")),
    ) == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "Hi", "name": "ann"},
        {"role": "assistant", "content": "Hello."},
    ]


def test_instructions_are_called_what_the_provider_calls_them() -> None:
    said = Turn(role="system", parts=[Text(text="x")]), Turn(role="developer", parts=[Text(text="y")])
    assert [message["role"] for message in messages(*said)] == ["system", "system"]
    assert [message["role"] for message in messages(*said, quirks=Quirks(system_role="developer"))] == ["developer"] * 2


def test_users_parts_are_all_carried() -> None:
    (message,) = messages(
        user(
            Text(text="See:"),
            Image(source=Source(url="https://e.com/a.png"), detail="low"),
            PICTURE,
            Audio(data="UklG", format="wav"),
            File(source=Source(data="JVBE", media_type="application/pdf"), name="a.pdf"),
        )
    )
    assert message["content"] == [
        {"type": "text", "text": "See:"},
        {"type": "image_url", "image_url": {"url": "https://e.com/a.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source(text="Dear all"), "notes.txt\n\nDear all"),
        (Source(data="RGVhciBhbGw=", media_type="text/plain"), "notes.txt\n\nDear all"),
    ],
)
def test_a_document_of_plain_text_is_text(source: Source, expected: str) -> None:
    assert messages(user(File(source=source, name="notes.txt"))) == [{"role": "user", "content": expected}]


def test_a_document_that_is_no_base64_goes_as_it_came() -> None:
    (message,) = messages(user(File(source=Source(data="é", media_type="text/plain"), name="notes.txt")))
    assert message["content"][0]["file"]["file_data"] == "data:text/plain;base64,é"


def test_a_documents_context_goes_before_it() -> None:
    (message,) = messages(user(File(source=Source(data="JVBE", media_type="application/pdf"), context="From Ann.")))
    assert message["content"][0] == {"type": "text", "text": "From Ann."}
    assert message["content"][1]["file"]["filename"] == "document.pdf"


def test_calls_and_results_of_one_round_stand_together_and_their_images_follow() -> None:
    asked, first, second, shown = messages(
        assistant(*CALLS),
        user(ToolResult(call_id="a", parts=[Text(text="one"), PICTURE])),
        user(ToolResult(call_id="b", parts=[Text(text="two")], is_error=True), Text(text="Go on.")),
    )
    assert asked["content"] is None
    assert [call["id"] for call in asked["tool_calls"]] == ["a", "b"]
    assert first == {"role": "tool", "tool_call_id": "a", "content": "one"}
    assert second == {"role": "tool", "tool_call_id": "b", "content": "Error: two"}
    assert shown == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Result of the tool call a:"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
            {"type": "text", "text": "Go on."},
        ],
    }


def test_images_of_results_at_the_end_are_not_forgotten() -> None:
    result, shown = messages(user(ToolResult(call_id="a", parts=[PICTURE])))
    assert result["content"]
    assert shown["content"][1]["type"] == "image_url"
    _, shown, _ = messages(user(ToolResult(call_id="a", parts=[PICTURE])), assistant(Text(text="I see.")))
    assert shown["role"] == "user"


def test_custom_calls_and_refusals_are_written() -> None:
    call = ToolCall(id="a", name="sh", arguments="ls", free=True)
    assert messages(assistant(Declined(text="No."), call)) == [
        {
            "role": "assistant",
            "content": None,
            "refusal": "No.",
            "tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}],
        }
    ]


def test_only_its_own_signatures_go_to_a_provider() -> None:
    own = ToolCall(id="a", name="f", arguments="{}", signature="s", origin="openai-chat")
    losses = Losses("p")
    foreign = write_messages([assistant(*CALLS)], Destination(provider="p", model="m"), losses)
    written = write_messages([assistant(own)], Destination(provider="p", model="m"), losses)
    assert all("extra_content" not in call for call in foreign[0]["tool_calls"])
    assert written[0]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}


THOUGHTS: list[Any] = [
    Reasoning(text="Hm. ", signature="s", origin="anthropic-messages"),
    Reasoning(text="So.", signature="own", origin="openai-chat"),
]


def test_earlier_thoughts_are_left_out_and_a_turn_of_nothing_else_too() -> None:
    assert messages(assistant(*THOUGHTS, Text(text="Yes."))) == [{"role": "assistant", "content": "Yes."}]
    assert messages(user(Text(text="a")), assistant(*THOUGHTS)) == [{"role": "user", "content": "a"}]


def test_earlier_thoughts_go_back_where_the_provider_takes_them() -> None:
    (message,) = messages(assistant(*THOUGHTS, Text(text="Yes.")), quirks=Quirks(reasoning_field="reasoning_content"))
    assert message["reasoning_content"] == "Hm. So."
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "So.", "signature": "own", "index": 1},
    ]


def test_a_provider_of_text_alone_gets_strings() -> None:
    quirks = Quirks(images=False)
    assert messages(user(Text(text="a"), Text(text="b")), quirks=quirks) == [{"role": "user", "content": "a\n\nb"}]


@pytest.mark.parametrize(
    ("part", "quirks"),
    [
        pytest.param(Image(source=Source(file_id="file_1")), Quirks(), id="an image by another provider's id"),
        pytest.param(File(source=Source(file_id="file_1")), Quirks(), id="a file by another provider's id"),
        pytest.param(File(source=Source(url="https://e.com/a.pdf")), Quirks(), id="a document by address"),
        pytest.param(PICTURE, Quirks(images=False), id="an image for who takes none"),
    ],
)
def test_what_would_be_another_request_without_it_is_refused_even_where_the_route_drops(
    part: Any, quirks: Quirks
) -> None:
    with pytest.raises(Refusal) as refused:
        messages(user(part), quirks=quirks, drop=True)
    assert (refused.value.status, refused.value.param) == (400, "messages")


def test_a_wish_for_citations_is_a_loss() -> None:
    with pytest.raises(Refusal) as refused:
        messages(user(File(source=Source(text="x"), cite=True)))
    assert refused.value.param == "citations"
