import base64
from typing import Any

import msgspec

from proxy.sandbox.responses_request import ResponseAsked
from proxy.sandbox.responses_tokens import input_tokens


def count(given: Any, **fields: Any) -> int:
    asked = msgspec.convert({"model": "m", "input": given} | fields, ResponseAsked)
    return input_tokens(asked, asked.items())


def test_a_text_counts_like_a_message_of_a_chat() -> None:
    assert count("hi") == 3 + 4 + 1
    assert count("hi", instructions="Be brief.") == 3 + 4 + 1 + 4 + 3


def test_every_part_counts() -> None:
    data = base64.b64encode(b"x" * 12).decode()
    parts = [
        {"type": "input_text", "text": "What?"},  # 2
        {"type": "input_image", "image_url": "https://a.test/a.png"},  # 85
        {"type": "input_file", "filename": "a.txt", "file_data": f"data:text/plain;base64,{data}"},  # 3
        {"type": "input_file", "file_id": "file-1"},  # 85
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},  # 1
    ]
    assert count([{"role": "user", "content": parts}]) == 3 + 4 + 2 + 85 + 3 + 85 + 1


def test_calls_their_outputs_and_tools_count() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'}  # 1 and 2
    output = {"type": "function_call_output", "call_id": "c", "output": "done."}  # 2
    custom = {"type": "custom_tool_call", "call_id": "d", "name": "shout", "input": "HEY"}  # 2 and 1
    answer = {"type": "custom_tool_call_output", "call_id": "d", "output": [{"type": "input_text", "text": "x"}]}  # 1
    said = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}  # 1
    assert count([call, custom, output, answer, said]) == 3 + (4 + 3) + (4 + 2) + (4 + 3) + (4 + 1) + (4 + 1)
    assert count("hi", tools=[{"type": "custom", "name": "shout"}]) > 8
