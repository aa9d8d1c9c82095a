"""The run folder: files that are whole or not there, and settings that stay those it was started with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.revision import code_revision
from tlgan_train.run_folder import claimed, load_tensors, open_run, read_json, save_tensors, write_json, written

CONFIG = Config().with_value("gan.batch_size", 8)


def test_a_file_is_replaced_when_its_block_ends_well_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with written(path) as temporary:
        temporary.write_text("first")
        assert not path.exists()
    with pytest.raises(KeyboardInterrupt), written(path) as temporary:
        temporary.write_text("half of the sec")
        raise KeyboardInterrupt
    assert path.read_text() == "first"
    assert [item.name for item in path.parent.iterdir()] == ["file.txt"]


def test_json_takes_numbers_of_numpy_and_torch(tmp_path: Path) -> None:
    values = {"a": np.float32(0.5), "b": np.arange(3), "c": torch.ones(2), "d": Path("x/y"), "e": ("ü", None)}
    write_json(tmp_path / "values.json", values)
    expected = {"a": 0.5, "b": [0, 1, 2], "c": [1.0, 1.0], "d": "x/y", "e": ["ü", None]}
    assert read_json(tmp_path / "values.json", made_by="gan") == expected
    with pytest.raises(TypeError):
        write_json(tmp_path / "values.json", {"a": object()})
    assert read_json(tmp_path / "values.json", made_by="gan") == expected


def test_a_figure_that_does_not_exist_is_null(tmp_path: Path) -> None:
    path = tmp_path / "values.json"
    write_json(path, {"a": float("nan"), "b": np.float32(np.inf), "c": [np.array([1.0, -np.inf])], "d": {"e": (0.5,)}})
    assert "NaN" not in path.read_text() and "Infinity" not in path.read_text()
    assert read_json(path, made_by="gan") == {"a": None, "b": None, "c": [[1.0, None]], "d": {"e": [0.5]}}


def test_what_earlier_versions_wrote_for_such_a_figure_is_read_as_null(tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text('{"a": -Infinity, "b": [NaN, 1.5]}')
    assert read_json(tmp_path / "values.json", made_by="gan") == {"a": None, "b": [None, 1.5]}


def test_tensors_come_back_with_their_metadata(tmp_path: Path) -> None:
    picture = torch.arange(2 * 3 * 4 * 4.0).view(2, 3, 4, 4).to(memory_format=torch.channels_last)
    tensors = {"picture": picture, "step": torch.tensor(3.0), "few": torch.arange(4, dtype=torch.int64)[::2]}
    save_tensors(tmp_path / "t.safetensors", tensors, {"shape": {"emotions": 7}, "images": 48})
    loaded, facts = load_tensors(tmp_path / "t.safetensors", made_by="gan")
    assert facts == {"shape": {"emotions": 7}, "images": 48}
    assert loaded.keys() == tensors.keys()
    for name, value in tensors.items():
        assert torch.equal(loaded[name], value) and loaded[name].dtype == value.dtype


def test_what_is_missing_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="tlgan-train axes"):
        read_json(tmp_path / "axes.json", made_by="axes")
    with pytest.raises(TrainError, match="tlgan-train judge"):
        load_tensors(tmp_path / "weights.safetensors", made_by="judge")


def test_a_run_goes_on_with_equal_settings_only(tmp_path: Path) -> None:
    open_run(tmp_path, CONFIG, "digest")
    before = (tmp_path / "config.json").read_bytes()
    facts = json.loads(before)
    assert Config.from_dict(facts["config"]) == CONFIG
    assert facts["data_digest"] == "digest" and facts["code_revision"] == code_revision()
    open_run(tmp_path, CONFIG, "digest")

    changed = CONFIG.with_value("gan.batch_size", 9).with_value("seed", 2)
    with pytest.raises(TrainError) as caught:
        open_run(tmp_path, changed, "digest")
    message = str(caught.value)
    assert "gan.batch_size was 8, now 9" in message and "seed was 0, now 2" in message and "latent_dim" not in message
    with pytest.raises(TrainError, match="data_digest was 'digest', now 'other'"):
        open_run(tmp_path, CONFIG, "other")
    assert (tmp_path / "config.json").read_bytes() == before


def test_a_run_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here first")
    with pytest.raises(TrainError, match="file"), claimed(tmp_path / "file"):
        pass


@pytest.mark.parametrize(
    "content", ['{"config": {"gan"', "[]", '{"config": 3, "data_digest": ""}', '{"config": {"x": 1}}']
)
def test_a_damaged_config_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(TrainError, match=r"config\.json"):
        open_run(tmp_path, CONFIG, "digest")


def test_a_run_of_another_version_is_told_by_its_settings(tmp_path: Path) -> None:
    open_run(tmp_path, CONFIG, "digest")
    facts = json.loads((tmp_path / "config.json").read_text())
    facts["config"]["gan"] |= {"flow_layers": 8, "truncation": 0.9}
    (tmp_path / "config.json").write_text(json.dumps(facts))
    with pytest.raises(TrainError, match=r"another version of cheermeup, which had gan\.flow_layers, gan\.trunc"):
        open_run(tmp_path, CONFIG, "digest")
