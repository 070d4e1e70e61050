import asyncio

from benchmarks.load.at_once import Reply, Volley

REQUEST = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CALLS = 10


async def test_all_connections_of_all_processes_are_open_before_any_sends() -> None:
    opened, opened_at_first = 0, list[int]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        await reader.readuntil(b"\r\n\r\n")
        opened_at_first.append(opened)
        writer.write(b"HTTP/1.1 429 Too Many\r\n\r\nno")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with Volley(3) as volley:
            for _ in range(2):
                opened = 0
                opened_at_first.clear()
                replies = await asyncio.to_thread(volley.fire, port, [REQUEST] * CALLS)
                assert replies == [Reply(429, "no")] * CALLS
                assert opened_at_first == [CALLS] * CALLS
