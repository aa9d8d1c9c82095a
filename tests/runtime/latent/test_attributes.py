"""Attributes that were added to a bundle: moves towards them, commands that name them, and a change in place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny_bundle import attribute_entry, make_bundle
from tlgan_runtime import BundleDamagedError, CheerMeUp, InputError
from tlgan_runtime.bundle import write as bundle_write
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import amend_bundle
from tlgan_runtime.cli.commands import main

pytestmark = pytest.mark.numerical

LOW, HIGH = -2.0, 3.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("attributes") / "tiny", drawn=2, attribute="hat")


@pytest.fixture(scope="module")
def app(folder: Path) -> CheerMeUp:
    return CheerMeUp(folder, threads=1)


def place(z: np.ndarray) -> np.ndarray:
    return z[:, -1]


def test_faces_go_to_the_levels_and_stay_where_they_are_beyond(app: CheerMeUp) -> None:
    assert app.attributes == ["hat"]
    z = np.clip(app.sample(200), -1.9, 2.9)
    z[0, -1], z[1, -1] = 3.5, -2.5
    most, none = app.move(z, {"hat": 1.0}), app.move(z, {"hat": -1.0})
    np.testing.assert_allclose(place(most)[1:], HIGH, atol=1e-5)
    np.testing.assert_allclose(np.delete(place(none), 1), LOW, atol=1e-5)
    assert place(most)[0] == 3.5 and place(none)[1] == -2.5
    np.testing.assert_array_equal(most[:, :-1], z[:, :-1])
    half = app.move(z, {"hat": 0.5})
    np.testing.assert_allclose(place(half)[1:], (place(z)[1:] + HIGH) / 2, atol=1e-5)
    assert app.move(z, {"hat": 0.0}).tobytes() == z.tobytes()


def test_attributes_mix_with_emotions_and_characters(app: CheerMeUp) -> None:
    z = app.sample(20)
    for strengths in ({"joy": 0.5}, {"bo": 1.0}, {"bo": 1.0, "joy": 0.5}):
        both = app.move(z, {**strengths, "hat": 1.0}, "paper")
        first = {name: strength for name, strength in strengths.items() if name == "bo"}
        rest = {name: strength for name, strength in strengths.items() if name != "bo"}
        expected = app.move(z, first, "paper") if first else z
        expected = app.move(expected, {"hat": 1.0}, "paper")
        np.testing.assert_array_equal(both, app.move(expected, rest, "paper") if rest else expected)


def test_an_attribute_can_be_kept(app: CheerMeUp) -> None:
    z = app.sample(20)
    free, held = app.move(z, {"joy": 1.0}, "paper"), app.move(z, {"joy": 1.0}, "paper", keep=["hat"])
    assert np.abs(place(free) - place(z)).max() > 0.1
    np.testing.assert_allclose(place(held), place(z), atol=1e-5)
    with pytest.raises(InputError, match="next to nothing"):
        app.move(z, {"hat": 1.0}, keep=["hat"])


def test_until_is_for_what_the_classifier_reads(app: CheerMeUp) -> None:
    z = app.sample(4)
    with pytest.raises(InputError, match="until needs an emotion"):
        app.move(z, {"hat": 1.0}, until=0.9)
    stopped = app.move(z, {"hat": 1.0, "joy": 1.0}, until=0.7)
    assert (app.classify(app.render(stopped)).emotion[:, 3] > 0.3).any()


def test_animations_take_attributes(app: CheerMeUp, tmp_path: Path) -> None:
    frames = list(app.walk(app.sample(2), "hat", steps=3))
    assert len(frames) == 3 and (frames[0] != frames[2]).any()
    written = app.gif(tmp_path / "hat.gif", ["hat", "joy"], steps=3, faces=1, size=64, labels=True, bars=True)
    assert written.frames == 4
    assert app.gif(tmp_path / "t.gif", timeline="start, hat:-1@1s, hat+joy@2s", faces=1, size=64).path.is_file()


def test_commands_know_attributes(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(tmp_path / "mix.png")
    assert main(["edit", "--bundle", str(folder), "--set", "hat=1", "--set", "joy=0.5", "-o", picture]) == 0
    assert main(["info", "--bundle", str(folder)]) == 0
    assert "attributes  hat" in capsys.readouterr().out
    assert main(["edit", "--bundle", str(folder), "--set", "hut=1", "-o", picture]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "did you mean hat?" in error


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "joy"}, "'joy' cannot be the name"),
        ({"name": "bo"}, "'bo' cannot be the name"),
        ({"name": "start"}, "'start' cannot be the name"),
        ({"name": "a hat"}, "'a hat' cannot be the name"),
        ({"kind": "colour"}, "binary or number"),
        ({"direction": [1.0]}, "hat.direction must be finite numbers of shape"),
        ({"direction": [1.0] * 8}, "length 1"),
        ({"levels": [1.0, 1.0]}, "must rise"),
        ({"levels": [0.0, float("inf")]}, "not readable JSON"),
    ],
)
def test_an_entry_that_is_wrong_is_named(folder: Path, tmp_path: Path, change: dict[str, Any], message: str) -> None:
    broken = make_bundle(tmp_path / "broken", drawn=2)
    axes = json.loads((broken / "axes.json").read_text())
    axes["attributes"] = [attribute_entry("hat", 8) | change]
    with pytest.raises(BundleDamagedError, match=message):
        amend_bundle(broken, {"axes.json": json.dumps(axes).encode()}, {})


def amended(folder: Path, name: str) -> dict[str, bytes]:
    axes = json.loads((folder / "axes.json").read_text()) | {"attributes": [attribute_entry(name, 8)]}
    return {"axes.json": json.dumps(axes).encode(), "MODEL_CARD.md": f"# {name}\n".encode()}


@pytest.mark.parametrize("last", range(6))
def test_a_bundle_is_whole_wherever_its_change_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    folder = make_bundle(tmp_path / "tiny")
    files, write, calls = amended(folder, "hat"), bundle_write._write, iter(range(100))
    before = {path.name for path in folder.iterdir()}

    def write_or_stop(path: Path, content: bytes) -> None:
        if next(calls) == last:
            raise KeyboardInterrupt
        write(path, content)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(bundle_write, "_write", write_or_stop)
        amend_bundle(folder, files, {"attributes": {"hat": {}}})
    Bundle(folder).verify()
    assert CheerMeUp(folder).attributes == []

    amend_bundle(folder, files, {"attributes": {"hat": {}}})
    assert CheerMeUp(folder).attributes == ["hat"] and "hat" in Bundle(folder).manifest.metrics["attributes"]
    assert {path.name for path in folder.iterdir()} == before
    assert (folder / "MODEL_CARD.md").read_text() == "# hat\n"


def test_a_zip_is_not_changed(folder: Path, tmp_path: Path) -> None:
    import shutil

    archive = shutil.make_archive(str(tmp_path / "tiny"), "zip", folder)
    with pytest.raises(InputError, match="unpack it"):
        amend_bundle(archive, {}, {})
