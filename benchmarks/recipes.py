"""What each part of a recipe for the generator is worth: train variants, measure all by the same judge.

`python benchmarks/recipes.py --readers runs/quick` trains every recipe of `recipes.toml` that `results/recipes.json`
lacks (or those named) and measures it with the judge and the classifier of a finished run on the same data. A stopped
training continues where it was. `docs/fill.py` puts the table into docs/research/training.md.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rows import markdown

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "recipes.json"
SAMPLES = 5000
"""Latents drawn from each generator."""
HELD_OUT = 1000
"""Of those, kept out of the regression whose R² is reported."""
COLUMNS = {
    "confident": "confident_share", "agree": "classifier_agrees", "FID": "fid", "KID": "kid", "precision": "precision",
    "recall": "recall", "R²": "logit_r2",
}  # fmt: skip
HEADS = {
    "recipe": "name", "what is different": "about", "pictures": "images", "truncation": "truncation",
    "shares": "shares", **COLUMNS,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """One variant: a preset, what differs from it, and after how many pictures it is measured."""

    name: str
    about: str
    preset: str
    at: list[int]
    settings: dict[str, Any]
    characters: str = "first"
    """Who is drawn: `data.characters`."""
    variant: str = ""
    """One of `recipe_variants.VARIANTS`, where settings cannot say it."""


def recipes() -> dict[str, Recipe]:
    """Those of `recipes.toml`, in its order. Its table `quick-0.2` holds what that preset was in version 0.2."""
    with (HERE / "recipes.toml").open("rb") as file:
        tables = tomllib.load(file)
    before = tables.pop("quick-0.2")
    found = [Recipe(name, **values) for name, values in tables.items()]
    return {
        one.name: replace(one, settings={**before, **one.settings}) if one.preset == "quick" else one for one in found
    }


def measure(recipe: Recipe, readers: Path, runs: Path) -> Iterator[dict[str, Any]]:
    """Train a recipe as far as each of its numbers of pictures, and measure it there."""
    from recipe_variants import VARIANTS

    from tlgan_train.classifiers.classifier import load_classifier
    from tlgan_train.config import load_config
    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.gan.train import train_gan
    from tlgan_train.gan.weights import load_generator

    settings = [f"gan.{key}={value}" for key, value in recipe.settings.items()]
    config = load_config(recipe.preset, [f"data.characters={recipe.characters}", *settings])
    dataset = load_dataset(config.data, config.seed)
    characters = drawn_characters(config.data.characters, dataset.characters)
    teachers = (load_classifier(readers).requires_grad_(False),) if config.gan.perceptual_weight else ()
    with VARIANTS[recipe.variant]() if recipe.variant else nullcontext():
        for images in recipe.at:
            until = replace(config, gan=replace(config.gan, images=images))
            train_gan(until, dataset, characters, runs / recipe.name, typer.echo, readers=teachers)
            figures = score(load_generator(runs / recipe.name), readers, dataset, characters, config.seed)
            yield {"images": images, **figures}


def score(generator: Any, readers: Path, dataset: Any, characters: tuple[str, ...], seed: int) -> dict[str, Any]:
    """What the judge and the classifier of the run `readers` say of a generator's samples."""
    from tlgan_train.axes.regression import LogitAxes
    from tlgan_train.axes.samples import draw_latents, read_faces
    from tlgan_train.classifiers.classifier import load_classifier
    from tlgan_train.classifiers.judge import load_judge
    from tlgan_train.evaluation.generator import evaluate_generator
    from tlgan_train.evaluation.verdicts import Reader, Verdicts
    from tlgan_train.models.inference import predict

    reader = Reader(load_judge(readers)).eval()
    train = dataset.indices("train", characters)
    real = Verdicts.of(predict(reader, dataset.images, train))
    z = draw_latents(generator, SAMPLES, seed, "recipes")
    drawn = Verdicts.of(read_faces(generator, reader, z))
    logits, _ = read_faces(generator, load_classifier(readers), z)
    quality = evaluate_generator(dataset, real, drawn, train, logits.argmax(axis=1))
    kept = (
        "fid", "kid", "precision", "recall", "confident_share", "emotion_share", "character_share", "classifier_agrees",
    )  # fmt: skip
    axes = LogitAxes().fit(z[HELD_OUT:], logits[HELD_OUT:])
    return {
        **{key: getattr(quality, key) for key in kept},
        "logit_r2": float(axes.score(z[:HELD_OUT], logits[:HELD_OUT]).mean()),
    }


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown: one row for each measurement, in the order of `recipes.toml`."""
    told = [
        {
            **row, "name": name, "about": recipe.about,
            "truncation": None if row.get("truncation", 1) == 1 else row["truncation"],  # of version 0.2 alone
            "shares": "{:.2f}–{:.2f}".format(*(of(row["emotion_share"].values()) for of in (min, max))),
        }
        for name, recipe in recipes().items()
        for row in results.get(name, [])
    ]  # fmt: skip
    return markdown(HEADS, told, {"name": "{}", "about": "{}", "images": "{:,}", "shares": "{}", "kid": "{:.3f}"})


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Recipes; all that are not measured yet.")] = None,
    readers: Annotated[Path, typer.Option(help="Finished run whose judge and classifier read the samples.")] = Path(
        "runs/quick"
    ),
    runs: Annotated[Path, typer.Option(help="Where the generators go.")] = Path("runs/recipes"),
) -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known = recipes()
    for name in names or [name for name in known if name not in results]:
        if name not in known:
            raise typer.BadParameter(f"unknown recipe {name!r}; recipes: {', '.join(known)}")
        typer.echo(f"{name}: {known[name].about}")
        measured: list[dict[str, Any]] = []
        for row in measure(known[name], readers, runs):
            measured.append(row)
            typer.echo(json.dumps(row))
        now = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({**now, name: measured}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
