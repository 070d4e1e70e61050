import base64

import msgspec

from proxy.sandbox.request_bodies import ChatAsked
from proxy.sandbox.request_tokens import chat_tokens, file_tokens, sound_tokens


def test_a_second_of_sound_is_ten_tokens_and_one() -> None:
    assert sound_tokens(base64.b64encode(b"\0" * 48_000).decode()) == 11


def test_four_bytes_of_a_file_are_one_token() -> None:
    data = base64.b64encode(b"x" * 30).decode()  # 40 characters without padding
    assert file_tokens(data) == file_tokens(f"data:application/pdf;base64,{data}") == 8
    assert file_tokens(None) == 85


def test_every_part_of_a_chat_counts() -> None:
    parts = [
        {"type": "text", "text": "What?"},  # 2
        {"type": "image_url", "image_url": {"url": "https://a.test/a.png"}},  # 85
        {"type": "file", "file": {"file_data": base64.b64encode(b"x" * 12).decode()}},  # 3
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},  # 1
    ]
    asked = msgspec.convert({"model": "m", "messages": [{"role": "user", "content": parts}]}, ChatAsked)
    assert chat_tokens(asked) == (3 + 4 + 2 + 85 + 3 + 1, 1)
