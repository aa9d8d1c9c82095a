"""Training that starts with the networks of a bundle."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import call
from painter import bars

from tlgan_runtime.bundle.manifest import MANIFEST
from tlgan_train.classifiers.classifier import load_classifier, train_classifier
from tlgan_train.cli.commands import main
from tlgan_train.compute.compute import ON_CPU
from tlgan_train.config import Config
from tlgan_train.gan.start import start_with
from tlgan_train.gan.state import GanState, build, label_names
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.run_folder import read_json


def network_settings(run: Path, **changes: object) -> Config:
    settings = read_json(run / "config.json", made_by="all")["config"]
    return Config.from_dict({**settings, "seed": 9, "gan": {**settings["gan"], **changes}})


def started(run: Path, config: Config) -> tuple[GanState, GanState]:
    """New networks for the pictures of the run, as they are built and after the start."""
    data = bars(count=10)
    drawn = data.characters[:1]
    fresh, state = (build(config, data, drawn, ON_CPU) for _ in range(2))
    start_with(state, str(run / "bundle"), label_names(data.emotions, drawn), log=lambda _: None)
    return fresh, state


def test_with_the_same_labels_every_network_begins_as_that_of_the_bundle(run: Path) -> None:
    fresh, state = started(run, network_settings(run))
    for found, expected in ((state.generator, load_generator(run)), (state.encoder, load_encoder(run))):
        before = fresh.networks()["generator" if found is state.generator else "encoder"]
        for (name, weights), unused in zip(found.named_parameters(), before.parameters(), strict=True):
            if name.startswith("prior."):  # it is fitted to the new pictures
                continue
            torch.testing.assert_close(weights, expected.get_parameter(name), rtol=1e-3, atol=1e-4)
            assert weights.dim() < 2 or not torch.allclose(weights, unused, rtol=0.1)
    assert not torch.equal(state.discriminator.score.weight, fresh.discriminator.score.weight)


def test_a_longer_latent_keeps_what_the_bundle_knows(run: Path) -> None:
    fresh, state = started(run, network_settings(run, latent_dim=12))
    weights = state.generator.mapping[0].weight
    torch.testing.assert_close(weights[:, :8], load_generator(run).mapping[0].weight, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(weights[:, 8:], fresh.generator.mapping[0].weight[:, 8:])
    mean, deviation = state.encoder.head[-1].bias.unflatten(0, (2, -1))
    known = load_encoder(run).head[-1].bias.unflatten(0, (2, -1))
    torch.testing.assert_close(torch.stack([mean[:8], deviation[:8]]), known)


def test_coordinates_of_new_labels_begin_anew_and_the_others_move(run: Path) -> None:
    data, config = bars(count=10), network_settings(run, latent_dim=10)
    fresh, state = (build(config, data, data.characters, ON_CPU) for _ in range(2))
    start_with(state, str(run / "bundle"), (tuple("abcd"), data.characters), log=lambda _: None)
    weights, known = state.generator.mapping[0].weight, load_generator(run).mapping[0].weight
    new, moved = weights.split([4, 6], dim=1)  # four emotions take three coordinates, two characters one
    torch.testing.assert_close(new, fresh.generator.mapping[0].weight[:, :4])
    torch.testing.assert_close(moved, known[:, 2:], rtol=1e-3, atol=1e-4)  # three emotions took two


def test_the_classifier_begins_with_that_of_the_bundle_but_for_its_heads(run: Path, tmp_path: Path) -> None:
    config = network_settings(run).with_value("start", str(run / "bundle"))
    for key, value in (("classifier.steps", 1), ("classifier.lr", 1e-9), ("classifier.floor", 0.0)):
        config = config.with_value(key, value)
    lines: list[str] = []
    found = train_classifier(config, bars(count=10), tmp_path, log=lines.append).model
    assert re.match(r"classifier: residual, \d+% of the weights from .*bundle", lines[0])
    known = load_classifier(run)
    for name, weights in known.named_parameters():
        same = torch.allclose(weights, found.get_parameter(name), rtol=1e-3, atol=1e-4)
        assert same != name.startswith(("emotion.", "character.")), name


def test_a_classifier_of_another_kind_begins_anew(run: Path, tmp_path: Path) -> None:
    config = network_settings(run).with_value("start", str(run / "bundle")).with_value("classifier.network", "alexnet")
    for key, value in (("classifier.steps", 1), ("classifier.floor", 0.0)):
        config = config.with_value(key, value)
    lines: list[str] = []
    train_classifier(config, bars(count=10), tmp_path, log=lines.append)
    assert lines[0] == "classifier: alexnet, from scratch"


@pytest.mark.slow
def test_networks_of_another_shape_are_refused_before_anything_is_trained(
    run: Path, small_options: list[str], tmp_path: Path
) -> None:
    options = [
        *small_options,
        "--start",
        run / "bundle",
        "--set=gan.generator_width=8",
        "--set=gan.discriminator_width=6",
    ]
    outcome = call(main, "all", "--run", tmp_path / "new", *options)
    assert outcome.code == 2 and "of the weights" in outcome.err and "gan.generator_width" in outcome.err
    assert not (tmp_path / "new" / "classifier").exists()


def test_a_bundle_without_networks_is_refused(run: Path, small_options: list[str], tmp_path: Path) -> None:
    bare = shutil.copytree(run / "bundle", tmp_path / "bare")
    manifest = read_json(bare / MANIFEST, made_by="all")
    del manifest["files"]["networks.safetensors"]
    (bare / MANIFEST).write_text(json.dumps(manifest))
    outcome = call(main, "all", "--run", tmp_path / "new", *small_options, "--start", bare)
    assert outcome.code == 2 and "has no networks.safetensors" in outcome.err
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_the_command_says_so_and_starts_nearer_to_the_pictures(
    run: Path, small_options: list[str], tmp_path: Path
) -> None:
    losses = []
    for name, options in (("anew", []), ("started", ["--start", run / "bundle"])):
        outcome = call(main, "gan", "--run", tmp_path / name, *small_options, *options)
        assert outcome.code == 0, outcome.err
        assert ("starts with the networks of" in outcome.err) == bool(options)
        rows = (tmp_path / name / "gan" / "metrics.jsonl").read_text().splitlines()
        losses.append(np.mean([json.loads(row)["reconstruction"] for row in rows]))
    assert losses[1] < losses[0]


@pytest.mark.slow
def test_a_run_that_has_begun_needs_the_bundle_no_more(run: Path, small_options: list[str], tmp_path: Path) -> None:
    bundle, new = shutil.copytree(run / "bundle", tmp_path / "bundle"), tmp_path / "new"
    outcome = call(main, "gan", "--run", new, *small_options, "--start", bundle)
    assert outcome.code == 0, outcome.err
    (new / "training.json").unlink()  # as after a kill before the stage was recorded; its checkpoint is there
    shutil.rmtree(bundle)
    outcome = call(main, "gan", "--run", new)
    assert outcome.code == 0 and outcome.stages("started") == ["gan"], outcome.err
