"""The pages on training and on edits say what the benchmarks measured."""

from __future__ import annotations

import pytest

from tests.benchmark_scripts import made_by, page, results

PAGE = page("docs/training.md")


def test_the_table_of_recipes_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/recipes.py --table` prints into docs/training.md."""
    measured = results("recipes")
    assert measured and made_by("recipes.py")["table"](measured) in PAGE


def test_the_table_of_redrawn_pictures_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/redrawn.py --table` prints into docs/training.md."""
    assert made_by("redrawn.py")["table"](results("redrawn")) in PAGE


@pytest.mark.parametrize("name", ["learned_ends", "locks"])
def test_the_tables_of_edits_are_those_of_the_results(name: str) -> None:
    """Otherwise put what `python benchmarks/NAME.py --table` prints into docs/edits.md."""
    assert made_by(f"{name}.py")["table"](results(name)) in page("docs/edits.md")


def test_the_table_of_truncations_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/truncation.py --table` prints into docs/training.md."""
    assert made_by("truncation.py")["table"](results("truncation")) in PAGE


def test_the_profile_is_that_of_the_results() -> None:
    """Otherwise put what `pytest -s benchmarks/test_training_profile.py` prints into docs/training.md."""
    measured = results("training_profile")
    assert made_by("test_training_profile.py")["table"](measured) in PAGE
    for step in measured["steps"].values():
        assert sum(step["share"].values()) == pytest.approx(1)


def test_the_speed_is_that_of_the_results() -> None:
    measured = results("training_speed")
    speed = measured["images_per_second"]
    for text in (
        f"{speed['example']:.1f} against {speed['ours']:.1f} pictures/s",
        f"a factor of {measured['ratio']:.2f}",
    ):
        assert text in " ".join(PAGE.split())


def test_the_memory_is_that_of_the_results() -> None:
    measured = results("training_memory")
    small, large = (measured[name] for name in ("5600", "56000"))
    for text in (
        f"({large['pictures_mib']:.0f} instead of {small['pictures_mib']:.0f} MiB)",
        f"{large['anonymous_mib']:.0f} MiB instead of {small['anonymous_mib']:.0f} (",
    ):
        assert text in " ".join(PAGE.split())


def test_the_time_to_kid_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/time_to_kid.py table` prints into docs/training.md."""
    assert made_by("time_to_kid.py")["summary"](results("time_to_kid")) in PAGE


def test_time_to_kid_is_told_where_ours_is_no_worse_than_the_example_at_its_end() -> None:
    script = made_by("time_to_kid.py")
    example = [row(4_000, 60, 0.9), row(8_000, 120, 0.2)]
    facts = {"example": example, "ours": [row(8_000, 15, 0.5), row(16_000, 30, 0.2), row(24_000, 45, 0.1)]}
    assert script["crossing"](facts) == (example[1], facts["ours"][1])
    text = script["summary"](facts)
    assert "| example | 8,000 | 2.0 | 0.200 |" in text and "after 0.5 minutes, 4.0 times sooner" in text
    assert "ours never" in script["summary"]({**facts, "ours": facts["ours"][:1]})


def row(images: int, seconds: float, kid: float) -> dict[str, float]:
    return {"images": images, "seconds": seconds, "kid": kid}
