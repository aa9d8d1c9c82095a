"""`tlgan-train data`: describe the pictures, and check whether `tlgan-train all` would train on them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from tlgan_train.checks import check_weights, examine
from tlgan_train.config import Config
from tlgan_train.data import Dataset, describe, export_folder, load_dataset
from tlgan_train.data.cache import Progress
from tlgan_train.errors import TrainError, refuse


def show_data(
    config: Config,
    given: Collection[str],
    run: Path | None,
    alexnet_weights: Path | None,
    export: Path | None,
    echo: Callable[[str], None],
    progress: Progress | None = None,
) -> None:
    """Pass a description of the pictures to `echo`. If `export` is given, write them to that folder, and check no more.

    `progress` is called while pictures are read, as by `load_dataset`.

    Raises `TrainError` for everything that `all` would refuse: settings (see `examine` for `given`), pictures, weights
    and, if given, a run folder that was started with other settings or pictures.
    """

    def load() -> Dataset:
        return load_dataset(config.data, config.seed, progress=progress)

    if export is not None:
        dataset = load()
        echo(describe(dataset))
        export_folder(dataset, export)
        echo(str(export))
        return
    found, lines = examine(config, given, load, lambda: check_weights(alexnet_weights))
    if found is not None:
        echo(describe(found))
        if run is not None and run.exists():
            from tlgan_train.run_folder import check_run

            try:
                check_run(run, config, found.digest)
            except TrainError as error:
                lines.append(str(error))
    refuse(lines)
