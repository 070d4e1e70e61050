"""What Converse refuses though every member is well formed: turns out of order, results without calls, blank text.

docs.aws.amazon.com/bedrock, "API reference: Message, DocumentBlock, ToolConfiguration"; wording as in error replies
quoted in issues of aws-sdk, langchain-aws and litellm. What the model itself refuses comes behind `_MODEL`.
"""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.signed_thinking import is_ours, signs

if TYPE_CHECKING:
    from proxy.sandbox.bedrock_request import Block, ConverseAsked

_MODEL = "The model returned the following errors: "
_DOCUMENT_NAME = re.compile(r"[a-zA-Z0-9\s\-()\[\]]+")
_MOST_MARKS = 4
_MOST_IMAGES, _MOST_DOCUMENTS = 20, 5
_CACHING = ("claude", "amazon.nova")
_OF_THE_USER = ("image", "document", "video", "audio", "toolResult", "searchResult")
_OF_THE_ASSISTANT = ("toolUse", "reasoningContent", "citationsContent")
_LEAST_BUDGET = 1024


def check(asked: "ConverseAsked") -> None:
    """Raises ApiError with the first complaint."""
    _check_roles(asked.messages)
    for number, message in enumerate(asked.messages):
        _check_content(message, f"messages.{number}")
    _check_tools(asked)
    _check_calls(asked)
    _check_marks(asked)
    asked.schema()
    if asked.claude is not None:
        _check_claude(asked)


def _check_roles(messages: "list[Block]") -> None:
    if not messages or messages[0]["role"] != "user":
        start = "A conversation must start with a user message. Try again with a conversation that starts with a user "
        raise ApiError(400, f"{start}message.")
    for before, message in pairwise(messages):
        if message["role"] == "system":
            raise ApiError(400, "This model doesn't support the system role in messages.")
        if before["role"] == message["role"]:
            text = "A conversation must alternate between user and assistant roles. Make sure the conversation "
            raise ApiError(400, f"{text}alternates between user and assistant roles and try again.")


def _check_content(message: "Block", at: str) -> None:
    content = message["content"]
    if not content:
        text = f"The content field in the Message object at {at} is empty. Add a ContentBlock object to the content "
        raise ApiError(400, f"{text}field and try again.")
    foreign = _OF_THE_USER if message["role"] == "assistant" else _OF_THE_ASSISTANT
    for index, block in enumerate(content):
        place = f"{at}.content.{index}"
        for name in foreign:
            if name in block:
                raise ApiError(400, f"The {name} block at {place} can't be in a message of the role {message['role']}.")
        if "text" in block and not block["text"].strip():
            text = (
                f"The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try "
            )
            raise ApiError(400, f"{text}again.")
        if "reasoningContent" in block:
            _check_thought(block["reasoningContent"], place)
    documents = [block["document"] for block in content if "document" in block]
    if documents and not any("text" in block for block in content):
        raise ApiError(400, f"Add a text block to {at}: it is needed where a document is.")
    if len(documents) > _MOST_DOCUMENTS or sum("image" in block for block in content) > _MOST_IMAGES:
        raise ApiError(400, f"There are too many images or documents at {at}.")
    _check_names(documents)


def _check_thought(thought: "Block", place: str) -> None:
    if (words := thought.get("reasoningText")) is not None:
        if not signs(words.get("signature", ""), words["text"]):
            raise ApiError(400, f"{_MODEL}{place}: Invalid `signature` in `thinking` block")
    elif not is_ours(thought["redactedContent"]):
        raise ApiError(400, f"{_MODEL}{place}: Invalid `data` in `redacted_thinking` block")


def _check_names(documents: "list[Block]") -> None:
    names = [document["name"] for document in documents]
    for name in names:
        if not _DOCUMENT_NAME.fullmatch(name):
            text = "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, "
            raise ApiError(400, f"{text}parentheses, and square brackets.")
        if re.search(r"\s\s", name):
            raise ApiError(400, "The document file name can't contain more than one consecutive whitespace character.")
    if len(set(names)) < len(names):
        raise ApiError(400, "The document file names must be unique within a message.")


def _check_tools(asked: "ConverseAsked") -> None:
    names = [tool.name for tool in asked.offered()]
    if len(set(names)) < len(names):
        raise ApiError(400, "The tool names in toolConfig.tools must be unique.")
    for index, tool in enumerate(asked.tools):
        schema = tool["toolSpec"]["inputSchema"]["json"] if "toolSpec" in tool else {"type": "object"}
        if schema.get("type") != "object":
            place = f"toolConfig.tools.{index}.toolSpec.inputSchema.json.type"
            raise ApiError(400, f"The value at {place} must be one of the following: object.")
    wanted = asked.tool_choice.get("tool", {}).get("name")
    if wanted is not None and wanted not in names:
        raise ApiError(400, f"The tool '{wanted}' of toolConfig.toolChoice isn't in toolConfig.tools.")


def _check_calls(asked: "ConverseAsked") -> None:
    """As many results as calls, in the next message, and each for one of them."""
    waiting: list[str] = []
    for number, message in enumerate(asked.messages):
        calls = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
        results = [block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]
        if (calls or results) and not asked.tools:
            text = "The toolConfig field must be defined when using toolUse and toolResult content blocks."
            raise ApiError(400, text)
        place = f"messages.{number}.content"
        for kind, found in (("toolUse", calls), ("toolResult", results)):
            if twice := sorted({each for each in found if found.count(each) > 1}):
                raise ApiError(400, f"The {kind} blocks at {place} contain duplicate Ids: {', '.join(twice)}")
        if missing := [call for call in waiting if call not in results]:
            raise ApiError(400, f"Expected toolResult blocks at {place} for the following Ids: {', '.join(missing)}")
        if len(results) > len(waiting):
            text = f"The number of toolResult blocks at {place} exceeds the number of toolUse blocks of previous turn."
            raise ApiError(400, text)
        waiting = calls
    if waiting:
        place = f"messages.{len(asked.messages)}.content"
        raise ApiError(400, f"Expected toolResult blocks at {place} for the following Ids: {', '.join(waiting)}")


def _check_marks(asked: "ConverseAsked") -> None:
    marked = [block for message in asked.messages for block in message["content"]] + asked.system + asked.tools
    marks = sum("cachePoint" in block for block in marked)
    if marks and not any(name in asked.model for name in _CACHING) and not asked.model.startswith("fault-"):
        text = "You invoked an unsupported model or your request did not allow prompt caching. See the documentation "
        raise ApiError(403, f"{text}for more information.")
    if marks > _MOST_MARKS:
        text = f"{_MODEL}A maximum of {_MOST_MARKS} blocks with cache_control may be provided. Found {marks}."
        raise ApiError(400, text)


def _check_claude(asked: "ConverseAsked") -> None:
    takes, config = asked.claude, asked.config
    assert takes
    both = "temperature" in config and "topP" in config
    if both and not takes.takes_temperature_with_top_p:
        text = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        raise ApiError(400, _MODEL + text)
    if not takes.takes_sampling:
        for name, usual in (("temperature", 1), ("topP", 1)):
            if config.get(name, usual) != usual:
                raise ApiError(400, f"{_MODEL}`{'top_p' if name == 'topP' else name}` is deprecated for this model.")
    if any(not stop.strip() for stop in config.get("stopSequences", ())):
        raise ApiError(400, f"{_MODEL}stop_sequences: each stop sequence must contain non-whitespace")
    if not takes.takes_prefill and asked.messages[-1]["role"] == "assistant":
        text = "This model does not support assistant message prefill. The conversation must end with a user message."
        raise ApiError(400, _MODEL + text)
    effort = asked.body.get("outputConfig", {}).get("effort")
    if effort is not None and effort not in takes.efforts:
        raise ApiError(400, f"{_MODEL}This model does not support the effort parameter.")
    _check_thinking(asked)


def _check_thinking(asked: "ConverseAsked") -> None:
    takes, config, thinking = asked.claude, asked.config, asked.fields.get("thinking")
    if not isinstance(thinking, dict) or not asked.thinks or takes is None:
        return
    if thinking["type"] == "adaptive" and not takes.takes_adaptive_thinking:
        raise ApiError(400, f"{_MODEL}adaptive thinking is not supported on this model")
    if thinking["type"] == "enabled":
        if not takes.takes_budgets:
            raise ApiError(400, f'{_MODEL}"thinking.type.enabled" is not supported for this model.')
        budget = thinking.get("budget_tokens")
        if type(budget) is not int or budget < _LEAST_BUDGET:
            text = "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
            raise ApiError(400, _MODEL + text)
        if budget >= config.get("maxTokens", budget + 1):
            raise ApiError(400, f"{_MODEL}`max_tokens` must be greater than `thinking.budget_tokens`.")
    if config.get("temperature", 1) != 1:
        text = "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode."
        raise ApiError(400, _MODEL + text)
    if config.get("topP", 1) < 0.95:
        text = "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."
        raise ApiError(400, _MODEL + text)
    if asked.fields.get("top_k") is not None:
        raise ApiError(400, f"{_MODEL}`top_k` must be unset when thinking is enabled.")
    if asked.forces_a_tool:
        raise ApiError(400, f"{_MODEL}Thinking may not be enabled when tool_choice forces tool use.")
