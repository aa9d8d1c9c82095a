"""The model repository: what its configuration says is what the graphs are, and walks are those of the runtime."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from commands import call, refused
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_train.cli.export import export_main

TYPES = {"tensor(float)": "TYPE_FP32", "tensor(uint8)": "TYPE_UINT8"}
MODELS = {"mapping", "generator", "classifier", "walk", "walk_keep_norm"}
PAGE = Path(__file__).parents[3] / "docs" / "triton.md"


@pytest.fixture(scope="module")
def models(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("served") / "deep" / "models"
    outcome = call(export_main, run / "bundle", "--triton", out)
    assert outcome.code == 0 and outcome.out.strip() == str(out), outcome.err
    return out


@pytest.fixture(scope="module")
def app(run: Path) -> CheerMeUp:
    return CheerMeUp(run / "bundle", provider="cpu", threads=1)


@pytest.fixture(scope="module")
def model_config() -> Any:
    """The message `inference.ModelConfig` of Triton's model_config.proto, with the fields that are used here."""
    string, int32, int64 = (
        getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{t}") for t in ("STRING", "INT32", "INT64")
    )
    one, many = (getattr(descriptor_pb2.FieldDescriptorProto, f"LABEL_{label}") for label in ("OPTIONAL", "REPEATED"))
    file = descriptor_pb2.FileDescriptorProto(name="model_config.proto", package="inference", syntax="proto3")
    kinds = file.enum_type.add(name="DataType")
    for number, name in {0: "TYPE_INVALID", 2: "TYPE_UINT8", 11: "TYPE_FP32"}.items():
        kinds.value.add(name=name, number=number)
    messages: dict[str, list[tuple[str, int, Any, int]]] = {
        "ModelInput": [
            ("name", 1, string, one), ("data_type", 2, ".inference.DataType", one), ("dims", 4, int64, many),
        ],
        "ModelOutput": [
            ("name", 1, string, one), ("data_type", 2, ".inference.DataType", one), ("dims", 3, int64, many),
            ("label_filename", 4, string, one),
        ],
        "ModelDynamicBatching": [],
        "ModelConfig": [
            ("name", 1, string, one), ("backend", 17, string, one), ("max_batch_size", 4, int32, one),
            ("input", 5, ".inference.ModelInput", many), ("output", 6, ".inference.ModelOutput", many),
            ("dynamic_batching", 11, ".inference.ModelDynamicBatching", one),
        ],
    }  # fmt: skip
    for message, fields in messages.items():
        described = file.message_type.add(name=message)
        for name, number, kind, label in fields:
            if isinstance(kind, str):
                described.field.add(name=name, number=number, type_name=kind, label=label)
            else:
                described.field.add(name=name, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("inference.ModelConfig"))


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def frames(app: CheerMeUp, z: np.ndarray, method: str, steps: int = 5, emotion: str = "joy") -> np.ndarray:
    """(N, T, S, S, 3) of the runtime."""
    return np.stack(list(app.walk(z, emotion, steps, method=method)), axis=1)


def assert_same_frames(drawn: np.ndarray, expected: np.ndarray) -> None:
    assert drawn.dtype == np.uint8 and drawn.shape == expected.shape
    assert np.abs(drawn.astype(int) - expected).max() <= 1
    assert (drawn != expected).mean() < 1e-3


def straight(app: CheerMeUp, method: str, emotion: str) -> np.ndarray:
    lines = app._axes.methods[method]
    row = lines.names.index(emotion)
    return (lines.lengths[row] * lines.directions[row]).astype(np.float32)


def test_the_layout_is_that_of_a_model_repository(models: Path) -> None:
    assert {path.name for path in models.iterdir() if path.is_dir()} == MODELS
    assert {path.name for path in models.iterdir() if path.is_file()} == {"walk.onnx", "axes.json"}
    for name in MODELS:
        labels = {"emotion.txt", "character.txt"} if name == "classifier" else set()
        assert {path.name for path in (models / name).iterdir()} == {"config.pbtxt", "1", *labels}
        assert [path.name for path in (models / name / "1").iterdir()] == ["model.onnx"]
    assert (models / "walk.onnx").read_bytes() == (models / "walk" / "1" / "model.onnx").read_bytes()
    assert not list(models.parent.glob(".*"))


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_configuration_says_what_the_graph_is(models: Path, model_config: Any, name: str) -> None:
    config = text_format.Parse((models / name / "config.pbtxt").read_text(encoding="utf-8"), model_config())
    assert (config.name, config.backend) == (name, "onnxruntime")
    assert config.max_batch_size >= 8 and config.HasField("dynamic_batching")
    graph = session(models / name / "1" / "model.onnx")
    types = model_config.DESCRIPTOR.file.enum_types_by_name["DataType"].values_by_number
    for told, found in ((config.input, graph.get_inputs()), (config.output, graph.get_outputs())):
        assert [tensor.name for tensor in told] == [node.name for node in found]
        for tensor, node in zip(told, found, strict=True):
            assert types[tensor.data_type].name == TYPES[node.type]
            batch, *shape = node.shape
            assert isinstance(batch, str)  # free, as a batch of any size has to be
            assert list(tensor.dims) == [size if isinstance(size, int) else -1 for size in shape]
    free = 3
    feeds = {
        tensor.name: np.zeros(
            (config.max_batch_size, *(free if size == -1 else size for size in tensor.dims)),
            {"TYPE_FP32": np.float32, "TYPE_UINT8": np.uint8}[types[tensor.data_type].name],
        )
        for tensor in config.input
    }
    for tensor, value in zip(config.output, graph.run(None, feeds), strict=True):
        assert value.shape == (config.max_batch_size, *(free if size == -1 else size for size in tensor.dims))


def test_labels_are_the_names_of_the_columns(models: Path, model_config: Any, app: CheerMeUp) -> None:
    config = text_format.Parse((models / "classifier" / "config.pbtxt").read_text(encoding="utf-8"), model_config())
    labels = {
        tensor.name: (models / "classifier" / tensor.label_filename).read_text(encoding="utf-8").splitlines()
        for tensor in config.output
    }
    assert labels == {"emotion": app.emotions, "character": app.characters}


def test_walks_are_single_files_of_standard_operators(models: Path) -> None:
    model = onnx.load(models / "walk.onnx", load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain for opset in model.opset_import} <= {"", "ai.onnx"} and not model.functions
    assert not any(tensor.external_data for tensor in model.graph.initializer)


@pytest.mark.parametrize(("name", "method"), [("walk", "paper"), ("walk", "lda"), ("walk_keep_norm", "logit")])
@pytest.mark.parametrize("rows", ["one row for all", "a row a face"])
def test_straight_walks_are_those_of_the_runtime(
    models: Path, app: CheerMeUp, name: str, method: str, rows: str
) -> None:
    z = app.sample(3, seed=5)
    repeats = 1 if rows == "one row for all" else len(z)
    feeds = {
        "z": z,
        "direction": np.tile(straight(app, method, "anger"), (repeats, 1)),
        "strengths": np.tile(np.linspace(0, 1, 5, dtype=np.float32), (repeats, 1)),
    }
    (drawn,) = session(models / name / "1" / "model.onnx").run(None, feeds)
    expected = frames(app, z, method, emotion="anger")
    assert_same_frames(drawn, expected)
    np.testing.assert_array_equal(drawn[:, 0], app.render(z))
    assert (expected[:, 0] != expected[:, -1]).mean() > 0.01  # or agreeing would say nothing


def test_norms_are_kept_where_the_axes_keep_them_only(models: Path, app: CheerMeUp) -> None:
    z = app.sample(3, seed=5)
    feeds = {"z": z, "direction": straight(app, "logit", "joy")[None], "strengths": np.float32([[1.0]])}
    straightly, rescaled = (
        session(models / name / "1" / "model.onnx").run(None, feeds)[0] for name in ("walk", "walk_keep_norm")
    )
    assert (straightly != rescaled).mean() > 0.01
    feeds = {
        "z": np.zeros((1, 8), np.float32),
        "direction": np.zeros((1, 8), np.float32),
        "strengths": np.ones((1, 1), np.float32),
    }
    (still,) = session(models / "walk_keep_norm" / "1" / "model.onnx").run(None, feeds)
    np.testing.assert_array_equal(still[:, 0], app.render(feeds["z"]))  # no norm, and no division by it


def test_every_face_may_have_its_own_direction_and_strengths(models: Path, app: CheerMeUp) -> None:
    z = app.sample(2, seed=1)
    direction = np.stack([straight(app, "paper", emotion) for emotion in ("joy", "sadness")])
    strengths = np.float32([[0.0, 0.3, 1.0], [0.9, 0.2, 0.1]])
    (drawn,) = session(models / "walk.onnx").run(None, {"z": z, "direction": direction, "strengths": strengths})
    for face, emotion in enumerate(("joy", "sadness")):
        for step in range(3):
            moved = app.move(z[[face]], {emotion: float(strengths[face, step])}, method="paper")
            assert np.abs(drawn[face, step].astype(int) - app.render(moved)[0]).max() <= 1


def test_the_page_on_serving_draws_what_the_runtime_draws(
    models: Path, app: CheerMeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models, tmp_path / "models")
    shutil.copytree(app.path, tmp_path / "exported" / "solo")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    z = app.sample(8, seed=0)
    np.testing.assert_array_equal(names["z"], z)
    assert_same_frames(names["frames"], frames(app, z, "paper", steps=30))
    assert_same_frames(names["frames_path"], np.stack(list(app.walk(z, "joy", steps=30)), axis=1))
    assert_same_frames(names["frames_local"], frames(app, z, "local", steps=30))


@pytest.mark.slow
def test_a_run_becomes_a_bundle_and_a_repository_at_once(run: Path, models: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()  # an empty folder will do
    outcome = call(export_main, run, "--out", tmp_path / "bundle", "--triton", tmp_path / "models", "--quiet")
    assert outcome.code == 0, outcome.err
    assert outcome.out.split() == [str(tmp_path / "bundle"), str(tmp_path / "models")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "models"]
    assert "walk.onnx" not in {path.name for path in (tmp_path / "bundle").iterdir()}
    alone = call(export_main, run, "--triton", tmp_path / "alone")
    assert alone.code == 0 and alone.out.split() == [str(tmp_path / "alone")]
    for folder in (tmp_path / "models", tmp_path / "alone"):
        assert (folder / "walk.onnx").read_bytes() == (models / "walk.onnx").read_bytes()


def test_a_bundle_without_a_mapping_is_served_without(tmp_path: Path) -> None:
    plain = CheerMeUp(make_bundle(tmp_path / "plain"), provider="cpu", threads=1)
    outcome = call(export_main, plain.path, "--triton", tmp_path / "models")
    assert outcome.code == 0, outcome.err
    assert {path.name for path in (tmp_path / "models").iterdir() if path.is_dir()} == MODELS - {"mapping"}
    z = plain.sample(2)
    feeds = {"z": z, "direction": straight(plain, "logit", "fear")[None], "strengths": np.float32([[0, 0.5, 1]])}
    (drawn,) = session(tmp_path / "models" / "walk_keep_norm" / "1" / "model.onnx").run(None, feeds)
    assert np.abs(drawn.astype(int) - frames(plain, z, "logit", steps=3, emotion="fear")).max() <= 1


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_that_is_there_is_touched(run: Path, tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "taken"
    if kind == "folder":
        (taken / "other_model").mkdir(parents=True)
    else:
        taken.write_text("here first")
    line = refused(call(export_main, run, "--out", tmp_path / "bundle", "--triton", taken))
    assert "taken" in line and "give --triton a new one" in line
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("arguments", "wrong", "right"),
    [
        (["BUNDLE"], "give an output", "--triton DIR"),
        (["nowhere", "--triton", "OUT"], "nowhere", "embedded bundles: "),
        (["nowhere", "--out", "OUT"], "nowhere", "run folder"),
        (["BUNDLE", "--out", "OUT"], "is a bundle already", "run folder"),
        (["BUNDLE", "--triton", "OUT", "--name", "x"], "--name", "--out"),
        (["EMPTY", "--triton", "OUT"], "config.json", "tlgan-train all"),
    ],
)
def test_wrong_usage_is_told_in_one_line(
    run: Path, tmp_path: Path, arguments: list[str], wrong: str, right: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"BUNDLE": run / "bundle", "OUT": tmp_path / "out", "EMPTY": tmp_path / "empty"}
    line = refused(call(export_main, *(places.get(word, word) for word in arguments)))
    assert wrong in line and right in line
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_damaged_bundle_is_told_with_its_own_exit_code(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run / "bundle", tmp_path / "copy")
    with (copy / "generator.onnx").open("r+b") as file:
        file.seek(100)
        file.write(b"!")
    outcome = call(export_main, copy, "--triton", tmp_path / "out")
    assert outcome.code == 3 and "SHA-256" in outcome.err and outcome.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
