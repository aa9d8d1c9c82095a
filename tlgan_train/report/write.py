"""Writes the report of a run: one page with all figures inside, the figures by themselves, and the paper's claims."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib import rc_context

from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.models.dcgan import Generator
from tlgan_train.report import charts
from tlgan_train.report.axis_figures import axis_figures
from tlgan_train.report.before_after import before_after
from tlgan_train.report.claim_tables import markdown
from tlgan_train.report.network_figures import network_figures
from tlgan_train.report.page import page
from tlgan_train.report.results import read_results
from tlgan_train.run_folder import written


def write_report(
    config: Config,
    dataset: Dataset,
    generator: Generator,
    run: Path,
    log: Callable[[str], None] = print,
    compute: Compute = ON_CPU,
) -> Path:
    """Write `RUN/report.html`, which needs no other file, its figures as `RUN/figures/*.png`, and
    what became of the paper's claims as `RUN/claims.md`.

    The judge reads where `compute` says. Raises `TrainError` naming the stage when one that the page shows has not run.
    """
    results = read_results(config, dataset, generator, run, compute)
    with rc_context(charts.STYLE):
        faces = before_after(results)
        figures = {**network_figures(results), **axis_figures(results), "before_after": faces.png}
    for name, data in figures.items():
        with written(run / "figures" / f"{name}.png") as temporary:
            temporary.write_bytes(data)
    with written(run / "claims.md") as temporary:
        temporary.write_text(markdown(results.claims, results.evidence), encoding="utf-8")
    path = run / "report.html"
    with written(path) as temporary:
        temporary.write_text(page(results, figures, faces), encoding="utf-8")
    log(f"report: {path}, {len(figures)} figures, {path.stat().st_size / 1e6:.1f} MB")
    return path
