"""The order of Anthropic's conversations: who speaks when, which call each result belongs to, whose thoughts these are.

Consecutive messages of one role are one turn, as the API takes them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.claude_generation import Generation
from proxy.sandbox.messages_blocks import AnyBlock, Message, RedactedThinking, Thinking, ToolResult, ToolUse
from proxy.sandbox.signed_thinking import is_ours, signs

_OF_THE_USER = frozenset({"document", "image", "search_result", "tool_result", "container_upload"})
_OF_THE_ASSISTANT = frozenset({"thinking", "redacted_thinking", "tool_use", "server_tool_use"})


class Placed(NamedTuple):
    """A block and where it came."""

    message: int
    at: int
    block: AnyBlock

    @property
    def place(self) -> str:
        return f"messages.{self.message}.content.{self.at}"


class Turn(NamedTuple):
    """What one side says at once."""

    role: str
    blocks: list[Placed]

    @property
    def calls(self) -> list[str]:
        return [each.block.id for each in self.blocks if isinstance(each.block, ToolUse)]


def check_turns(messages: Sequence[Message], generation: Generation, *, thinks: bool, with_budget: bool) -> None:
    """Raises ApiError with the first complaint."""
    if not messages:
        raise ApiError(400, "messages: at least one message is required")
    _check_roles(messages, generation)
    for number, message in enumerate(messages):
        _check_blocks(number, message)
    turns = _turns(messages)
    _check_calls(turns)
    if messages[-1].role == "assistant":
        _check_prefill(messages[-1], generation, thinks=thinks)
    if with_budget:
        _check_thoughts_before_calls(turns)


def _check_roles(messages: Sequence[Message], generation: Generation) -> None:
    if messages[0].role == "assistant":
        raise ApiError(400, 'messages: first message must use the "user" role')
    for number, message in enumerate(messages):
        if message.role == "system":
            if not generation.takes_system_turns:
                raise ApiError(400, f"messages.{number}: role 'system' is not supported on this model")
            if number == 0 or messages[number - 1].role != "user":
                raise ApiError(400, f"messages.{number}: a `system` message must come immediately after a user turn")
        if not message.content:
            if message.role == "user":
                raise ApiError(400, f"messages.{number}: user messages must have non-empty content")
            if number < len(messages) - 1 or message.role == "system":
                raise ApiError(
                    400,
                    f"messages.{number}: all messages must have non-empty content except for the optional final "
                    "assistant message",
                )


def _check_blocks(number: int, message: Message) -> None:
    foreign, owner = (_OF_THE_USER, "user") if message.role == "assistant" else (_OF_THE_ASSISTANT, "assistant")
    if message.role == "system":
        foreign = _OF_THE_ASSISTANT | _OF_THE_USER
    for at, block in enumerate(message.blocks):
        kind = str(block.__struct_config__.tag)
        if kind in foreign:
            raise ApiError(400, f"messages.{number}: `{kind}` blocks can only be in `{owner}` messages")
        if isinstance(block, Thinking) and not signs(block.signature, block.thinking):
            raise ApiError(400, f"messages.{number}.content.{at}: Invalid `signature` in `thinking` block")
        if isinstance(block, RedactedThinking) and not is_ours(block.data):
            raise ApiError(400, f"messages.{number}.content.{at}: Invalid `data` in `redacted_thinking` block")


def _turns(messages: Sequence[Message]) -> list[Turn]:
    """Without system messages: they stand between turns."""
    turns: list[Turn] = []
    for number, message in enumerate(messages):
        if message.role == "system":
            continue
        if not turns or turns[-1].role != message.role:
            turns.append(Turn(message.role, []))
        turns[-1].blocks.extend(Placed(number, at, block) for at, block in enumerate(message.blocks))
    return turns


def _check_calls(turns: list[Turn]) -> None:
    seen: set[str] = set()
    for before, turn, after in zip([None, *turns], turns, [*turns[1:], None], strict=False):
        for call in turn.calls:
            if call in seen:
                raise ApiError(400, "messages: `tool_use` ids must be unique")
            seen.add(call)
        if turn.role == "user":
            _check_results(before.calls if before else [], turn)
        elif turn.calls:
            answered = _leading_results(after) if after else []
            if missing := [call for call in turn.calls if call not in answered]:
                raise ApiError(
                    400,
                    f"messages.{turn.blocks[-1].message}: `tool_use` ids were found without `tool_result` blocks "
                    f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a corresponding "
                    "`tool_result` block in the next message.",
                )


def _leading_results(turn: Turn) -> list[str]:
    """The calls that a turn answers before it says anything else."""
    answered: list[str] = []
    for each in turn.blocks:
        if not isinstance(each.block, ToolResult):
            break
        answered.append(each.block.tool_use_id)
    return answered


def _check_results(calls: list[str], turn: Turn) -> None:
    answered: set[str] = set()
    for each in turn.blocks:
        if not isinstance(each.block, ToolResult):
            continue
        call = each.block.tool_use_id
        if call not in calls:
            raise ApiError(
                400,
                f"{each.place}: unexpected `tool_use_id` found in `tool_result` blocks: {call}. Each `tool_result` "
                "block must have a corresponding `tool_use` block in the previous message.",
            )
        if call in answered:
            raise ApiError(
                400,
                f"{each.place}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: "
                f"{call}",
            )
        answered.add(call)


def _check_prefill(last: Message, generation: Generation, *, thinks: bool) -> None:
    if not generation.takes_prefill:
        raise ApiError(
            400, "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    if thinks:
        raise ApiError(400, "When `thinking` is enabled, the conversation must end with a user message.")
    text = getattr(last.blocks[-1], "text", "") if last.blocks else ""
    if text != text.rstrip():
        raise ApiError(400, "messages: final assistant content cannot end with trailing whitespace")


def _check_thoughts_before_calls(turns: list[Turn]) -> None:
    """With manual thinking the turn that called the tools whose results come last must begin with its thoughts."""
    if len(turns) < 2 or not _leading_results(turns[-1]):
        return
    at = len(turns) - 2
    while at >= 2 and _leading_results(turns[at - 1]):
        at -= 2
    first = turns[at].blocks[0]
    if not isinstance(first.block, Thinking | RedactedThinking):
        raise ApiError(
            400,
            f"{first.place}.type: Expected `thinking` or `redacted_thinking`, but found "
            f"`{first.block.__struct_config__.tag}`. When `thinking` is enabled, a final `assistant` message must "
            "start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We "
            "recommend you include thinking blocks from previous turns. To avoid this requirement, disable `thinking`. "
            "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking",
        )
