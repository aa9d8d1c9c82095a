"""Narrower generators that learn to draw what a finished one draws: how fast they are, and how good.

`python benchmarks/students.py --run runs/quick` trains a student of each width on faces of the run's generator alone
(no pictures, no discriminator), measures all by the run's judge and classifier, and writes `results/students.json`,
with the speed of wider generators. `docs/fill.py` puts the table into docs/speed.md.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rows import markdown

RESULTS = Path(__file__).with_name("results") / "students.json"
WIDTHS = (16, 24)
WIDER = (48, 64)
"""Widths whose speed alone is measured."""
PICTURES, BATCH, LR = 200_000, 64, 2e-3
DRAWN, ROUNDS = 8, 200
"""Faces a call, and calls, when speed is measured."""


def learn(teacher: Any, width: int, seed: int) -> Any:
    """A generator of that width, trained by the mean absolute difference to the teacher's faces."""
    import torch
    from torch.nn import functional

    from tlgan_train.compute.seeds import seeded
    from tlgan_train.models.dcgan import Generator

    mapping_width = teacher.mapping[0].out_features if len(teacher.mapping) else 0
    student = seeded(
        lambda: Generator(teacher.latent_dim, width, teacher.image_size, mapping_width, teacher.prior), seed
    )
    student.mapping.load_state_dict(teacher.mapping.state_dict())
    student.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam((p for p in student.parameters() if p.requires_grad), LR)
    steps, draws = PICTURES // BATCH, torch.Generator().manual_seed(seed)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = LR * (1 - step / steps)
        with torch.no_grad():
            z = teacher.prior(torch.randn(BATCH, teacher.latent_dim, generator=draws))
            wanted = teacher(z)
        loss = functional.l1_loss(student(z), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 500 == 0:
            typer.echo(f"width {width}, {step * BATCH:,} pictures: {loss.item():.4f}", err=True)
    return student.requires_grad_(False).eval()


def speed(generator: Any) -> dict[str, float]:
    """Milliseconds of CPU time of one core a face in ONNX Runtime, the least of many calls, and the graph's bytes."""
    from tlgan_runtime.graphs.session import Engine, Graph, Tensor
    from tlgan_train.export.generator_graph import drawing_graph
    from tlgan_train.export.stored_weights import store_half

    side, model = generator.image_size, store_half(drawing_graph(generator)).SerializeToString()
    takes, gives = Tensor("tensor(float)", (generator.latent_dim,)), Tensor("tensor(uint8)", (side, side, 3))
    graph = Graph(Engine("cpu", 1), "a student", model, takes={"z": takes}, gives={"image": gives})
    z = np.random.default_rng(0).standard_normal((DRAWN, generator.latent_dim)).astype(np.float32)
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        graph.run(z)
        least = min(least, time.process_time() - start)
    return {"ms": 1000 * least / DRAWN, "bytes": len(model)}


def likeness(generator: Any, teacher: Any, seed: int) -> float:
    """PSNR, dB, of a generator's faces to those of the teacher."""
    import torch

    from tlgan_train.axes.samples import draw_latents
    from tlgan_train.models.inference import to_levels

    z = torch.from_numpy(draw_latents(teacher, 1024, seed, "students"))
    with torch.inference_mode():
        error = torch.cat([(to_levels(generator(part)) - to_levels(teacher(part))).square() for part in z.split(64)])
    return float(10 * torch.log10(255**2 / error.mean()))


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    heads = {
        "width": "name", "ms a face": "ms", "MB": "mb", "PSNR to the teacher": "psnr_db",
        "confident": "confident_share",
        "agree": "classifier_agrees", "KID": "kid", "precision": "precision", "recall": "recall",
    }  # fmt: skip
    told = [dict.fromkeys(heads.values()) | row | {"mb": row["bytes"] / 1e6} for row in rows]
    return markdown(heads, told, {"name": "{}", "mb": "{:.1f}", "psnr_db": "{:.1f} dB", "kid": "{:.3f}"})


def main(
    run: Annotated[Path, typer.Option(help="Finished run whose generator teaches, and whose judge reads.")] = Path(
        "runs/quick"
    ),
) -> None:
    from recipes import score

    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.gan.weights import load_generator
    from tlgan_train.models.dcgan import Generator
    from tlgan_train.run_folder import started_with

    config, _ = started_with(run / "config.json")
    dataset, teacher = load_dataset(config.data, config.seed), load_generator(run)
    characters = drawn_characters(config.data.characters, dataset.characters)

    def judged(generator: Generator) -> dict[str, Any]:
        return score(generator, run, dataset, characters, config.seed)

    rows = [{"name": f"{config.gan.generator_width}, the teacher", **speed(teacher), **judged(teacher)}]
    for width in WIDTHS:
        student = learn(teacher, width, config.seed)
        like = {"psnr_db": likeness(student, teacher, config.seed)}
        rows.append({"name": str(width), **speed(student), **like, **judged(student)})
    for width in WIDER:
        shape = (teacher.latent_dim, width, config.data.image_size, config.gan.mapping_width)
        rows.append({"name": f"{width}, not trained", **speed(Generator(*shape).eval())})
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    typer.echo(table(rows))


if __name__ == "__main__":
    typer.run(main)
