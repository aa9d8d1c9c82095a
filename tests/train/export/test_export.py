"""The bundle of a run: loads in the runtime, draws what torch draws, and never appears half written."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from commands import call, refused

from tlgan_runtime import CheerMeUp
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.cli.commands import main as cheermeup
from tlgan_runtime.latent.sampling import sample
from tlgan_train.axes.learned_ends import found_by, load_paths
from tlgan_train.axes.regression import METHODS
from tlgan_train.classifiers.classifier import load_classifier
from tlgan_train.cli.export import export_main
from tlgan_train.config import Config
from tlgan_train.data import load_dataset
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.document import read_evaluation
from tlgan_train.export import bundle as exporting
from tlgan_train.export.bundle import check_parity, export_bundle, license_of
from tlgan_train.export.folding import as_stored
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.report.write import write_report

FILES = {
    "MODEL_CARD.md",
    "axes.json",
    "classifier.onnx",
    "encoder.onnx",
    "evaluation.json",
    "generator.onnx",
    "manifest.json",
    "mapping.onnx",
    "networks.safetensors",
    "paths.onnx",
    "preview.gif",
    "emotions.png",
}


@pytest.fixture(scope="module")
def app(run: Path) -> CheerMeUp:
    return CheerMeUp(run / "bundle", provider="cpu", threads=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_bundle_is_complete_and_sound(run: Path) -> None:
    assert contents(run / "bundle").keys() == FILES
    bundle = Bundle(run / "bundle")
    assert set(bundle.verify()) == FILES - {"manifest.json"}
    manifest, trained = bundle.manifest, json.loads((run / "training.json").read_text())
    assert manifest.name == run.name and manifest.created_by.startswith("cheermeup ")
    assert (manifest.latent_dim, manifest.image_size) == (8, 32)
    assert manifest.emotions == ("anger", "joy", "sadness")
    assert manifest.characters == ("ada", "bo") and manifest.drawn_characters == ("ada",)
    assert manifest.training["images_seen"] == 96 and manifest.training["preset"] == "tiny"
    assert {**manifest.training, "code_revision": ""} == {**trained, "code_revision": ""}
    evaluation = json.loads(bundle.read("evaluation"))
    assert set(evaluation["methods"]) == {*METHODS, "path", "random"} and "curves" not in json.dumps(evaluation)
    assert manifest.metrics.keys() == {"methods", "weaknesses"} and len(bundle.read_manifest()) < 20_000
    for emotion, figures in manifest.metrics["methods"]["path"]["emotions"].items():
        measured = evaluation["methods"]["path"]["emotions"][emotion]
        assert figures == {key: measured[key] for key in ("success", "mean_end")}
    card = (run / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(f"| {emotion} |" in card for emotion in manifest.emotions)
    assert "](emotions.png)" in card


def test_models_say_nothing_of_the_machine_that_made_them(run: Path) -> None:
    for name in ("generator", "classifier", "encoder"):
        content = (run / "bundle" / f"{name}.onnx").read_bytes()
        assert b"site-packages" not in content and b"tlgan_train" not in content


def test_models_are_single_files_of_standard_operators_with_a_free_batch(run: Path) -> None:
    takes = {"generator": "z", "classifier": "image", "encoder": "image", "mapping": "z", "paths": "z"}
    check_models(run / "bundle", {name: [taken] for name, taken in takes.items()})


def check_models(bundle: Path, takes: dict[str, list[str]]) -> None:
    for name, inputs in takes.items():
        model = onnx.load(bundle / f"{name}.onnx", load_external_data=False)
        onnx.checker.check_model(model)
        assert {opset.domain for opset in model.opset_import} <= {"", "ai.onnx"}
        taken = [value for value in model.graph.input if value.name != "keep"]
        assert [value.name for value in taken] == inputs
        assert [value.name for value in model.graph.input[len(inputs) :]] == (["keep"] if name == "paths" else [])
        assert not {value.name for value in model.graph.input} & {one.name for one in model.graph.initializer}
        for value in (*taken, *model.graph.output):
            assert value.type.tensor_type.shape.dim[0].dim_param  # a name, not a number
        for tensor in model.graph.initializer:
            assert not tensor.external_data and (tensor.data_type != onnx.TensorProto.DOUBLE or len(tensor.dims) < 2)


@pytest.mark.parametrize("count", [1, 3, 20])
def test_onnx_runtime_draws_and_reads_what_torch_does(run: Path, app: CheerMeUp, count: int) -> None:
    generator, classifier = load_generator(run), as_stored(load_classifier(run))
    z = app.sample(count, seed=count)
    images = app.render(z)
    with torch.inference_mode():
        drawn = (generator(torch.from_numpy(z)).permute(0, 2, 3, 1).numpy() + 1) * 127.5
        emotion, character = classifier(torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1)
    assert np.abs(images - drawn).max() <= 1
    scores = app.classify(images)
    np.testing.assert_allclose(scores.emotion, emotion.softmax(dim=1), atol=1e-4)
    np.testing.assert_allclose(scores.character, character.softmax(dim=1), atol=1e-4)


def test_the_bundle_finds_the_latents_that_torch_does(run: Path, app: CheerMeUp) -> None:
    images = app.render(app.sample(20, seed=4))
    encoder = as_stored(load_encoder(run))
    with torch.inference_mode():
        mean, _ = encoder(torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1)
    np.testing.assert_allclose(app.encode(images), mean, atol=1e-4)
    measured = read_evaluation(run / "evaluation.json").redrawing
    assert app.manifest.fit.mean == measured.log_error and app.manifest.fit.deviation == measured.log_error_deviation
    assert app.invert(images[0]).z.shape == (1, app.latent_dim)


def test_the_bundle_samples_as_training_does(run: Path, app: CheerMeUp) -> None:
    z = sample(50, app.latent_dim, 3)
    mapped = load_generator(run).prior(torch.from_numpy(z)).numpy()
    assert np.abs(mapped - z).max() > 0.1
    np.testing.assert_array_equal(app.sample(50, seed=3), mapped)


def test_parity_finds_a_generator_or_a_classifier_that_is_another(run: Path, app: CheerMeUp) -> None:
    z = app.sample(8)
    check_parity(app, load_generator(run), as_stored(load_classifier(run)), z)
    generator, classifier = load_generator(run), as_stored(load_classifier(run))
    generator.layers[-2].weight[:, 0] += 0.05
    with pytest.raises(TrainError, match="levels"):
        check_parity(app, generator, as_stored(load_classifier(run)), z)
    with torch.no_grad():
        classifier.emotion.bias[0] += 0.01
    with pytest.raises(TrainError, match="probability"):
        check_parity(app, load_generator(run), classifier, z)


def test_the_bundle_finds_the_ends_that_the_run_does(run: Path, app: CheerMeUp) -> None:
    z, find = app.sample(5, seed=2), found_by(load_paths(run))
    every, kept = np.ones(3, bool), np.array([True, False, False])
    for mask, keep in ((~every, []), (kept, ["anger"])):
        ends = find(z, every, mask)[:, 1]
        moved = app.move(z, {"joy": 1.0}, "path")
        if keep:
            assert np.abs(ends - moved).max() > 0.1
            moved = app.move(z, {"joy": 1.0}, "path", keep=keep)
        np.testing.assert_allclose(moved, ends, atol=1e-4)


def test_the_axes_of_the_bundle_move_faces(run: Path, app: CheerMeUp) -> None:
    assert app.methods == ["path", "boundary", "lda", "local", "logit", "paper"]
    z = app.sample(2)
    np.testing.assert_array_equal(app.move(z, {"joy": 0.0}), z)
    written = json.loads((run / "axes.json").read_text())["methods"]["paper"]
    moved = app.move(z, {"joy": 0.5}, method="paper")
    np.testing.assert_allclose(
        moved - z, np.tile(0.5 * written["max_strength"][1] * np.array(written["directions"][1]), (2, 1)), atol=1e-5
    )


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_other_content_is_never_overwritten(run: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "folder":
        out.mkdir()
        (out / "thesis.txt").write_text("years of work")
    else:
        out.write_text("years of work")
    before = contents(tmp_path)
    line = refused(call(export_main, run, "--out", out))
    assert "is no bundle" in line and "new folder" in line
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_a_bundle_that_differs_from_its_networks_is_not_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run / "bundle", tmp_path / "out")
    before = contents(tmp_path)
    monkeypatch.setattr(exporting, "PROBABILITY_TOLERANCE", -1.0)
    line = refused(call(export_main, run, "--out", tmp_path / "out", "--quiet"))
    assert "differ" in line
    assert contents(tmp_path) == before  # the old bundle, and nothing beside it


@pytest.mark.slow
def test_a_bundle_replaces_a_bundle_under_its_new_name(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    shutil.copytree(run / "bundle", out)
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "stale.txt").write_text("of the old bundle")
    digest = hashlib.sha256((out / "stale.txt").read_bytes()).hexdigest()
    manifest["files"]["stale.txt"] = {"sha256": digest, "bytes": 17, "role": "stale"}
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "thesis.txt").write_text("of somebody else")
    outcome = call(export_main, run, "--out", out, "--name", "Nova")
    assert outcome.code == 0 and outcome.out.strip() == str(out), outcome.err
    assert contents(out).keys() == {*FILES, "thesis.txt"} and [path.name for path in out.parent.iterdir()] == ["out"]
    fresh = CheerMeUp(out, provider="cpu", threads=1)
    assert fresh.manifest.name == "Nova"
    z = fresh.sample(2)
    np.testing.assert_array_equal(fresh.render(z), CheerMeUp(run / "bundle", provider="cpu", threads=1).render(z))


@pytest.mark.parametrize(
    ("missing", "stage"),
    [
        ("config.json", "all"),
        ("evaluation.json", "evaluate"),
        ("axes.json", "axes"),
        ("gan/generator.safetensors", "gan"),
        ("classifier/weights.safetensors", "classifier"),
        ("training.json", "all"),
    ],
)
def test_an_unfinished_run_names_the_stage_to_run(run: Path, tmp_path: Path, missing: str, stage: str) -> None:
    copy = shutil.copytree(run, tmp_path / "copy", ignore=shutil.ignore_patterns("bundle", "figures", "tensorboard"))
    (copy / missing).unlink()
    with pytest.raises(TrainError, match=f"tlgan-train {stage}`"):
        export_bundle(copy, tmp_path / "out", log=lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_place_that_cannot_be_written_is_told(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here first")
    assert "file" in refused(call(export_main, run, "--out", tmp_path / "file" / "out"))


DISTANCES = {"fid", "kid", "kid_between_real", "kid_end", "kid_unmoved", "kid_middle", "precision", "recall"}
"""Figures that too few pictures do not have."""
OF_MOVED = {"success", "monotone", "rank_correlation"}
"""Figures that do not exist where every face shows the emotion at the start."""


def lacking(value: object, key: str = "") -> object:
    """The same evaluation without any figure that a run may lack."""
    if key in DISTANCES:
        return None
    if key in OF_MOVED and isinstance(value, dict):
        return {"value": None, "low": None, "high": None, "faces": 0}
    return {name: lacking(item, name) for name, item in value.items()} if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def sparse(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that measured next to nothing, with the R² that an earlier version gave a constant factor."""
    folder = Path(shutil.copytree(run, tmp_path_factory.mktemp("sparse") / "run"))
    evaluation = lacking(json.loads((folder / "evaluation.json").read_text()))
    evaluation["judge"]["factor_r2"] = {"rare": float("-inf")}
    evaluation["judge"]["ceiling"] = dict.fromkeys(evaluation["emotions"])
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    return folder


@pytest.mark.slow
def test_figures_that_do_not_exist_stop_no_export(sparse: Path, tmp_path: Path) -> None:
    outcome = call(export_main, sparse, "--out", tmp_path / "bundle")
    assert outcome.code == 0, outcome.err
    texts = [(tmp_path / "bundle" / name).read_text() for name in ("manifest.json", "evaluation.json")]
    assert not any(word in text for word in ("Infinity", "NaN") for text in texts)
    assert json.loads(texts[1])["judge"]["factor_r2"] == {"rare": None}
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "FID – and KID –" in card and "precision –, recall –" in card.replace("\n", " ") and "nan" not in card


@pytest.mark.slow
def test_the_runtime_describes_a_bundle_without_figures(sparse: Path, tmp_path: Path) -> None:
    bundle = export_bundle(sparse, tmp_path / "bundle", log=lambda line: None)
    told, document = (call(cheermeup, "info", "--bundle", bundle, *options) for options in ((), ("--json",)))
    assert told.code == document.code == 0, told.err + document.err
    assert json.loads(document.out)


@pytest.mark.slow
def test_the_report_shows_a_dash_for_figures_that_do_not_exist(sparse: Path) -> None:
    (sparse / "report.html").unlink()
    config = Config.from_dict(json.loads((sparse / "config.json").read_text())["config"])
    dataset = load_dataset(config.data, config.seed)
    write_report(config, dataset, load_generator(sparse), sparse, log=lambda line: None)
    page = (sparse / "report.html").read_text(encoding="utf-8")
    page = re.sub(r'"data:[^"]*"', "", page)  # a picture, as text, may hold any word
    assert "<td>–</td>" in page and ">nan" not in page and "None" not in page


def test_licences_follow_the_pictures() -> None:
    assert license_of("toon") == "MIT"
    assert "research only" in license_of("ferg:/data/FERG")
    assert "training pictures" in license_of("folder:/mine")
