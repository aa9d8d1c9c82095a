"""How long the preset `quick` takes until its samples are as good as those of the PyTorch DCGAN example at its end.

    python benchmarks/time_to_kid.py pictures                          # draw the picture files that both train on
    python benchmarks/time_to_kid.py example                           # train; each by itself, on a quiet machine
    python benchmarks/time_to_kid.py ours
    python benchmarks/time_to_kid.py measure --readers runs/quick      # results/time_to_kid.json

Both start from picture files and nothing else; the clock runs from there, over reading, training and writing the
checkpoints that are measured later: the KID of samples in the features of a finished run's judge, against the training
pictures. The example draws as it does itself, with BatchNorm in training mode. `ours` goes on where it was stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "time_to_kid.json"
ARMS = ("example", "ours")
BATCH = 64
"""Pictures a step, in both."""
PIXELS = 256
"""Side of the picture files, as in FERG-DB."""
SAMPLES = 2048
"""Latents drawn from each checkpoint."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
Work = Annotated[Path, typer.Option(help="Where the pictures and the checkpoints go.")]
WORK = Path("runs/time_to_kid")


@app.command()
def pictures(work: Work = WORK, faces: Annotated[int, typer.Option(help="Pictures of each emotion.")] = 800) -> None:
    """Draw the first built-in character, 256 × 256 pixels, as files."""
    from tlgan_train.data import export_folder, load_dataset
    from tlgan_train.sections import DataConfig

    drawn = load_dataset(DataConfig(image_size=PIXELS, toon_faces=faces), cache=work / "drawing")
    of_one = np.flatnonzero(drawn.character == 0)
    parts = {name: getattr(drawn, name)[of_one] for name in ("images", "emotion", "character", "split")}
    factors = {name: values[of_one] for name, values in drawn.factors.items()}
    export_folder(replace(drawn, **parts, factors=factors, characters=drawn.characters[:1]), work / "pictures")
    shutil.rmtree(work / "drawing")
    typer.echo(f"{len(of_one):,} pictures in {work / 'pictures'}")


@app.command()
def example(
    work: Work = WORK,
    images: Annotated[int, typer.Option(help="Pictures seen at the end.")] = 60_000,
    every: Annotated[int, typer.Option(help="Pictures between checkpoints.")] = 4_000,
    seed: Annotated[int, typer.Option(help="Of weights and draws.")] = 0,
) -> None:
    """Train with the loop of the PyTorch DCGAN example (ngf 64)."""
    import torch
    from dcgan_example import train_plainly

    clock = Clock(work / "example")
    if clock.rows:
        raise typer.BadParameter(f"{work / 'example'} holds a training already; delete it or take another --work")
    torch.manual_seed(seed)

    def after_step(seen: int, generator: torch.nn.Module) -> None:
        if seen // every > (seen - BATCH) // every or seen >= images:
            torch.save(generator.state_dict(), clock.checkpoint(seen, ".pt"))
            clock.note(seen)

    train_plainly(work / "pictures", BATCH, images, len(os.sched_getaffinity(0)), after_step)


@app.command()
def ours(
    work: Work = WORK,
    preset: Annotated[str, typer.Option(help="Preset of the GAN.")] = "quick",
    every: Annotated[int, typer.Option(help="Pictures between checkpoints.")] = 8_000,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="gan.KEY=VALUE")] = None,
) -> None:
    """Train the GAN of a preset."""
    from tlgan_train.classifiers.classifier import train_classifier
    from tlgan_train.config import load_config
    from tlgan_train.data import load_dataset
    from tlgan_train.gan import train as gan_train

    spec = f"data.spec=folder:{work / 'pictures'}"
    config = load_config(preset, [spec, f"gan.checkpoint_images={every}", f"gan.batch_size={BATCH}", *(settings or [])])
    clock = Clock(work / "ours")
    save = gan_train.save

    def save_and_note(state: gan_train.GanState, folder: Path, *arguments: Any) -> None:
        save(state, folder, *arguments)
        seen = state.step * BATCH
        shutil.copyfile(folder / "generator.safetensors", clock.checkpoint(seen, ".safetensors"))
        clock.note(seen)

    gan_train.save = save_and_note
    dataset = load_dataset(config.data, config.seed, cache=work / "ours" / "cache")
    run, teachers = work / "ours" / "run", ()
    if config.gan.perceptual_weight:
        teachers = (train_classifier(config, dataset, run, log=typer.echo).model.requires_grad_(False),)
    gan_train.train_gan(config, dataset, dataset.characters, run, typer.echo, readers=teachers)


@app.command()
def measure(
    readers: Annotated[Path, typer.Option(help="Finished run whose judge reads the samples.")], work: Work = WORK
) -> None:
    """Measure every checkpoint of what has been trained."""
    from tlgan_train.classifiers.judge import load_judge
    from tlgan_train.data import load_dataset
    from tlgan_train.evaluation.metrics import kid
    from tlgan_train.evaluation.verdicts import Reader
    from tlgan_train.models.inference import predict
    from tlgan_train.sections import DataConfig

    judge = load_judge(readers)
    reader = Reader(judge).eval()
    dataset = load_dataset(DataConfig(spec=f"folder:{work / 'pictures'}"), cache=work / "measuring")
    train = dataset.indices("train")
    real = predict(reader, dataset.images, train)[0]
    halves = np.array_split(np.random.default_rng(0).permutation(len(real)), 2)
    facts: dict[str, Any] = {
        "training_pictures": len(train),
        "samples": SAMPLES,
        "cpus": len(os.sched_getaffinity(0)),
        "kid_between_real": kid(real[halves[0]], real[halves[1]]),
    }
    for arm in ARMS:
        rows = Clock(work / arm).rows
        for row in rows:
            (checkpoint,) = (work / arm / "checkpoints").glob(f"{row['images']:09d}.*")
            row["kid"] = kid(real, features(arm, checkpoint, reader))
            typer.echo(f"{arm} {json.dumps(row)}")
        facts[arm] = rows
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    typer.echo(summary(facts))


class Clock:
    """Seconds of training at each checkpoint of an arm, kept in a file: a stopped training goes on from the last."""

    def __init__(self, folder: Path) -> None:
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / "times.json"
        self.rows: list[dict[str, Any]] = json.loads(self._path.read_text()) if self._path.exists() else []
        self._start = time.perf_counter() - (self.rows[-1]["seconds"] if self.rows else 0.0)

    def checkpoint(self, images: int, suffix: str) -> Path:
        """Where the generator after `images` pictures belongs."""
        return self._folder / "checkpoints" / f"{images:09d}{suffix}"

    def note(self, images: int) -> None:
        """Note the time after `images` pictures."""
        self.rows.append({"images": images, "seconds": time.perf_counter() - self._start})
        self._path.write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")


def features(arm: str, checkpoint: Path, reader: Any) -> np.ndarray:
    """The judge's features (SAMPLES, D) of what a checkpoint draws."""
    import torch
    from dcgan_example import LATENT_DIM, make_generator

    from tlgan_train.axes.samples import draw_latents, read_faces
    from tlgan_train.gan.weights import load_generator
    from tlgan_train.models.inference import to_levels

    if arm == "ours":
        folder = checkpoint.parent / "run"
        (folder / "gan").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkpoint, folder / "gan" / "generator.safetensors")
        generator = load_generator(folder)
        return read_faces(generator, reader, draw_latents(generator, SAMPLES, 0, "time to kid"))[0]
    plain = make_generator()
    plain.load_state_dict(torch.load(checkpoint, weights_only=True))
    z = torch.randn(SAMPLES, LATENT_DIM, 1, 1, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        parts = [reader(to_levels(plain(chunk)) / 127.5 - 1)[0].numpy() for chunk in z.split(BATCH)]
    return np.concatenate(parts)


def crossing(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The last row of the example, and the first of ours whose KID is no higher; None where there is none."""
    end = facts["example"][-1]
    return end, next((row for row in facts["ours"] if row["kid"] <= end["kid"]), None)


def summary(facts: dict[str, Any]) -> str:
    """Markdown: both courses by wall time, and how much sooner ours gets where the example ends."""
    end, there = crossing(facts)
    lines = ["| | pictures | minutes | KID |", "|---|---|---|---|"]
    for arm in ARMS:
        rows = facts[arm]
        picked = {0, len(rows) // 4, len(rows) // 2, 3 * len(rows) // 4, len(rows) - 1}
        picked |= {rows.index(there)} if arm == "ours" and there else set()
        for row in (rows[index] for index in sorted(picked)):
            lines.append(f"| {arm} | {row['images']:,} | {row['seconds'] / 60:.1f} | {row['kid']:.3f} |")
    reached = (
        f"after {there['seconds'] / 60:.1f} minutes, {end['seconds'] / there['seconds']:.1f} times sooner"
        if there
        else "never"
    )
    return "\n".join([*lines, "", f"KID {end['kid']:.3f}, where the example ends: ours {reached}."])


if __name__ == "__main__":
    app()
