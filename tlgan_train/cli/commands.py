"""Command line `tlgan-train`: parse, call the pipeline, print.

torch is imported inside the commands, so that `--help` answers at once. Standard output carries the result, standard
error the progress.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.cli.console import write
from tlgan_train.cli.messages import picture_bar, to_standard_error, warn_of_weaknesses
from tlgan_train.cli.outcome import STYLE, run_app
from tlgan_train.config import Config, load_config
from tlgan_train.errors import TrainError

ATTRIBUTE, ENCODER = "attribute", "encoder"

train_app = typer.Typer(**STYLE)
attribute_app = typer.Typer(**STYLE)
encoder_app = typer.Typer(**STYLE)


class Stage(StrEnum):
    all = "all"
    data = "data"
    classifier = "classifier"
    judge = "judge"
    gan = "gan"
    head = "head"
    samples = "samples"
    axes = "axes"
    evaluate = "evaluate"
    report = "report"


@train_app.command()
def train(
    stage: Annotated[
        Stage,
        typer.Argument(
            help=f"{', '.join(Stage)}; all runs every stage that is not done yet, then exports to RUN/bundle."
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="toon (built in), ferg:ROOT, folder:ROOT or csv:FILE.", show_default="toon"),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="quick, best, cast, few, paper or tiny.", show_default="quick")
    ] = None,
    characters: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Characters to draw: first, all, or names separated by commas.", show_default="first"
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="BUNDLE", help="Bundle (folder, .zip or name) whose networks training starts with."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", help="Train for so long that all stages take N minutes on this machine."),
    ] = None,
    run: Annotated[Path | None, typer.Option(metavar="DIR", help="Run folder.", show_default="runs/PRESET")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of everything random.", show_default="0")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Any setting of tlgan_train/sections.py; repeatable."),
    ] = None,
    alexnet_weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Pretrained torchvision AlexNet state_dict, .pth or .safetensors; the classifier is an AlexNet then.",
        ),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="ROOT", help="With `data`: write the pictures in the FERG layout.")
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="With `evaluate`: a bundle (folder or name) to measure with the judge of the run."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Train a generator on your characters, and find an axis in its latent space for each emotion.

    A stopped run resumes: give only --run, and it keeps its settings. To add an axis of your own to a finished model,
    see `tlgan-train attribute --help`.
    """
    folder = run or Path("runs") / (preset or "quick")
    options = {"data.spec": data, "data.characters": characters, "start": start, "minutes": minutes, "seed": seed}
    config = _config(folder, preset, settings, options)
    given = frozenset({item.partition("=")[0].strip() for item in settings or []})
    given |= {key for key, value in options.items() if value is not None}
    if export is not None and stage is not Stage.data:
        raise TrainError(
            f"--export belongs to `tlgan-train data`, not to `{stage}`; bundles are written by tlgan-export"
        )
    if bundle is not None and stage is not Stage.evaluate:
        raise TrainError(f"--bundle belongs to `tlgan-train evaluate`, not to `{stage}`")
    background = None
    if bundle is not None:  # opened before pictures are read, which takes minutes
        from tlgan_runtime.bundle.read import Bundle
        from tlgan_runtime.transparency import colour

        background = colour("background", Bundle(find_bundle(bundle)).manifest.background)
    log = to_standard_error(quiet)
    if stage is Stage.data:
        from tlgan_train.cli.data import show_data

        show_data(config, given, run, alexnet_weights, export, write, picture_bar(quiet))
        return
    from tlgan_train.compute import distributed
    from tlgan_train.pipeline import Pipeline, with_lengths
    from tlgan_train.stages import STAGES

    with distributed.joined():
        progress = not quiet and distributed.rank() == 0
        pipeline = Pipeline(config, folder, alexnet_weights, log, progress, background, given)
        pipeline = with_lengths(pipeline, announce=not quiet and stage in (Stage.all, Stage.gan))
        if distributed.rank() > 0:
            if stage in (Stage.all, Stage.gan):
                pipeline.assist()
        elif stage is Stage.all:
            write(str(pipeline.all()))
            warn_of_weaknesses(folder)
        elif bundle is not None:
            write(str(pipeline.evaluate_bundle(bundle)))
        else:
            pipeline.stage(stage.value)
            write(str(folder / STAGES[stage.value].product))


@attribute_app.command()
def attribute(
    name: Annotated[str, typer.Argument(help="Name of the attribute in mixes, for example glasses.")],
    labels: Annotated[
        Path,
        typer.Option(
            metavar="FILE.csv", help="Columns path,label or path,NAME. Labels: 0 or 1, no or yes, or numbers."
        ),
    ],
    run: Annotated[Path | None, typer.Option(metavar="DIR", help="Run folder of a finished `tlgan-train all`.")] = None,
    bundle: Annotated[
        str | None, typer.Option(metavar="PATH", help="Instead of a run: a bundle (folder or name), changed in place.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Add an axis to a finished model from labelled pictures: glasses, head direction, or anything else visible.

    The generator and the other axes stay as they are. For a run, the axis is written to RUN/attributes.json, from which
    tlgan-export reads it.
    """
    if (run is None) == (bundle is None):
        raise TrainError("give the model to extend: either --run FOLDER or --bundle FOLDER")
    from tlgan_train.attributes.add import add_to_bundle, add_to_run
    from tlgan_train.data.sources.spelling import composed

    name = composed(name)
    log, bar = to_standard_error(quiet), picture_bar(quiet)
    if bundle is not None:
        write(str(add_to_bundle(name, labels, bundle, log, bar)))
    else:
        write(str(add_to_run(name, labels, run, log, bar)))


@encoder_app.command()
def encoder(
    bundle: Annotated[
        str, typer.Option(metavar="PATH", help="Folder or name of the bundle, which is changed in place.")
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC", help="Pictures of its characters, as in training.", show_default="those of its training"
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Add an encoder to a bundle that has none, so that `cheermeup cheer` can edit pictures with it.

    It learns from faces that the bundle draws and from pictures. Everything else in the bundle stays as it is.
    """
    from tlgan_train.encoders.add import add_encoder

    write(str(add_encoder(bundle, data, to_standard_error(quiet), picture_bar(quiet))))


def main(arguments: list[str] | None = None) -> int:
    """Run `tlgan-train` and return the exit code: 0 done, 1 a bug, 2 usage or bad input, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    # These are no stages. They are commands with other options.
    for name, app in ((ATTRIBUTE, attribute_app), (ENCODER, encoder_app)):
        if given[:1] == [name]:
            return run_app(app, f"tlgan-train {name}", given[1:], alone=arguments is None)
    return run_app(train_app, "tlgan-train", given, alone=arguments is None, resumes=True)


def _config(
    folder: Path, preset: str | None, settings: list[str] | None, options: dict[str, str | int | None]
) -> Config:
    started = folder / "config.json"
    if started.is_file() and all(value is None for value in (preset, settings or None, *options.values())):
        from tlgan_train.run_folder import started_with

        return started_with(started)[0]
    config = load_config(preset or "quick", settings)
    for key, value in options.items():
        config = config if value is None else config.with_value(key, value)
    return config
