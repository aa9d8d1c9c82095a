"""Connections send at once what they have."""

from __future__ import annotations

import asyncio
import socket

from tests.runtime.server.conftest import need_libraries


def test_the_body_of_an_answer_does_not_wait_for_the_client_to_acknowledge_its_head() -> None:
    need_libraries()
    import uvicorn
    from uvicorn.server import ServerState

    from tlgan_runtime.server.connection import Connection
    from tlgan_runtime.server.run import listen

    async def case() -> int:
        config, state = uvicorn.Config(lambda: None, lifespan="off", log_config=None), ServerState()
        listening = listen("127.0.0.1", 0)
        server = await asyncio.get_running_loop().create_server(lambda: Connection(config, state, {}), sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        while not state.connections:
            await asyncio.sleep(0.01)
        (connection,) = state.connections
        option: int = connection.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()
        server.close()
        return option

    assert asyncio.run(case())
