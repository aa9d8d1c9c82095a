"""The chat bot finds a mood in words, answers with its GIF, and draws few at a time."""

from __future__ import annotations

import asyncio
import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.examples.example import module, started
from tests.program import PATIENCE
from tests.tiny_bundle import EMOTIONS
from tlgan_runtime import CheerMeUp


@pytest.fixture(scope="module")
def example() -> Any:
    return module("mood_bot")


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Hooray, I won!", "joy"),
        ("WOW. Really?", "surprise"),
        ("I hate that I lost, it is so unfair", "anger"),
        ("happy and sad", "calm"),
        ("window", "calm"),
        ("", "calm"),
    ],
)
def test_the_mood_is_that_of_most_words(example: Any, text: str, mood: str) -> None:
    assert example.mood(text, list(EMOTIONS)) == mood


def test_moods_are_those_of_the_bundle(example: Any) -> None:
    assert set(example.WORDS) <= set(EMOTIONS) and example.mood("hooray", ["anger"]) == "calm"


def test_each_message_gets_the_gif_of_its_mood(example: Any, bundle: Path, editor: CheerMeUp) -> None:
    process = started("mood_bot", "--bundle", bundle, "--port", 0)

    async def talk(port: int) -> list[tuple[str, bytes]]:
        texts = ("hooray", "how dull", "\xe9\U0001f600 gross", "hooray")
        return await asyncio.wait_for(asyncio.gather(*(example.ask(port, text) for text in texts)), PATIENCE)

    try:
        assert process.stdout is not None
        answers = asyncio.run(talk(int(process.stdout.readline().rpartition(" ")[2])))
    finally:
        process.kill()
        process.communicate()
    assert [name for name, _ in answers] == ["joy", "calm", "disgust", "joy"]
    assert answers[0] == answers[3]
    ends = {}
    for name, gif in answers:
        with Image.open(io.BytesIO(gif)) as picture:
            ends[name] = [np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(picture)][-1]
    z = editor.sample(1, 0)
    for name in ends:
        drawn = editor.render(z if name == "calm" else editor.move(z, {name: 1}))[0]
        expected = np.asarray(Image.fromarray(drawn).resize((128, 128), Image.Resampling.BICUBIC)).astype(int)
        nearest = min(ends, key=lambda other: np.abs(ends[other] - expected).mean())
        assert nearest == name


def test_few_are_drawn_at_a_time_and_the_loop_stays_free(example: Any, editor: CheerMeUp) -> None:
    lock, go, counts = threading.Lock(), threading.Event(), {"now": 0, "most": 0}

    class Slow(CheerMeUp):
        def gif(self, *arguments: Any, **options: Any) -> Any:
            with lock:
                counts["now"] += 1
                counts["most"] = max(counts.values())
            assert go.wait(PATIENCE)
            with lock:
                counts["now"] -= 1
            return super().gif(*arguments, **options)

    async def talk() -> list[tuple[str, bytes]]:
        bot = example.Bot(Slow(editor.path, threads=1))
        answers = [asyncio.create_task(bot.answer("hooray")) for _ in range(8)]
        while counts["now"] < example.DRAWING:
            await asyncio.sleep(0.001)  # it would not return if drawing held the loop
        await asyncio.sleep(0.05)  # for more to begin, if they could
        go.set()
        return await asyncio.wait_for(asyncio.gather(*answers), PATIENCE)

    assert len(asyncio.run(talk())) == 8 and counts["most"] == example.DRAWING
