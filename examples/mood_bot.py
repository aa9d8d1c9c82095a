"""A chat bot that answers each message with a GIF of a face in a fitting mood.

    pip install "cheermeup[cpu]"
    python examples/mood_bot.py            # answers on port 9871 of this machine

It understands nothing: it counts the words of a small table. A line of text comes in. The name of the mood and the
number of bytes of the GIF, `joy 5309`, go out as a line, then the GIF itself. `ask` below is a client; a program for a
chat service would call `Bot.answer`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from pathlib import Path

from tlgan_runtime import CheerMeUp, CheerMeUpError

WORDS = {
    "joy": "birthday congratulations fun glad great haha happy hooray love thanks win won yay",
    "sadness": "alone cry crying funeral lonely lost miss sad sorry tears unhappy",
    "anger": "angry annoyed furious hate mad outrage stupid unfair",
    "fear": "afraid danger fear nervous panic scared scary spider worried",
    "surprise": "really suddenly surprise surprised unbelievable unexpected whoa wow",
    "disgust": "disgusting eww gross mould rotten stinks vomit yuck",
}
"""Words of each mood. "not happy" counts as happy, and "lost" does if somebody lost weight."""
STILL = "calm"
DRAWING = 2
"""Answers that are drawn at a time. Others wait, and the loop stays free for those who write."""
LONGEST_LINE = 4096


def mood(text: str, known: list[str]) -> str:
    """The mood with most words in `text`, of those that are `known`; `STILL` where there are none or as many of two."""
    words = re.findall(r"\w+", text.lower())
    counts = {name: sum(word in table.split() for word in words) for name, table in WORDS.items() if name in known}
    most = max(counts.values(), default=0)
    moods = [name for name, count in counts.items() if count == most > 0]
    return moods[0] if len(moods) == 1 else STILL


class Bot:
    def __init__(self, app: CheerMeUp, seed: int = 0) -> None:
        self._app, self._seed = app, seed
        self._free = asyncio.Semaphore(DRAWING)

    async def answer(self, text: str) -> tuple[str, bytes]:
        """The mood of a message, and a GIF of it."""
        name = mood(text, self._app.emotions)
        async with self._free:
            return name, await asyncio.to_thread(self._gif, name)

    def _gif(self, name: str) -> bytes:
        there = {} if name == STILL else {name: 1.0}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mood.gif"
            self._app.gif(path, timeline=[(0, {}), (0.6, there), (1.6, there)], faces=1, seed=self._seed, size=128)
            return path.read_bytes()

    async def chat(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the lines of one client."""
        try:
            while line := await reader.readline():
                name, gif = await self.answer(line.decode(errors="replace"))
                writer.write(f"{name} {len(gif)}\n".encode() + gif)
                await writer.drain()
        except (ValueError, ConnectionError):
            pass  # a line without end, or a client that has gone
        finally:
            writer.close()


async def ask(port: int, text: str) -> tuple[str, bytes]:
    """What a client does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode() + b"\n")
    name, size = (await reader.readline()).decode().split()
    gif = await reader.readexactly(int(size))
    writer.close()
    return name, gif


async def serve(bot: Bot, port: int) -> None:
    server = await asyncio.start_server(bot.chat, "127.0.0.1", port, limit=LONGEST_LINE)
    print(f"listening on 127.0.0.1 port {server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="Answers lines of text with GIFs.")
    parser.add_argument("--bundle", help="folder, .zip or name of a bundle")
    parser.add_argument("--port", type=int, default=9871, help="0 is a free one")
    options = parser.parse_args()
    try:
        # Several answers share the cores, so each is drawn on one.
        asyncio.run(serve(Bot(CheerMeUp(options.bundle, threads=1)), options.port))
    except (CheerMeUpError, OSError) as error:
        sys.exit(f"mood_bot: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
