"""Numbers and names of a bundle's own files: within what they mean, or refused in one line."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import BundleDamagedError, BundleSchemaError, CheerMeUp
from tlgan_runtime.bundle.axes_json import parse_axes
from tlgan_runtime.bundle.find import embedded_bundles
from tlgan_runtime.bundle.manifest import Manifest, parse_json
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.cli.commands import main
from tlgan_runtime.latent.names import is_plain

Change = Callable[[dict[str, Any]], Any]

HUGE = 10**400


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """`manifest.json` and `axes.json` of a bundle that has everything."""
    folder = make_bundle(tmp_path_factory.mktemp("bounds") / "tiny", drawn=2, learned=True, attribute="hat")
    return (folder / "manifest.json").read_text(), (folder / "axes.json").read_text()


def put(*path: Any, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return change


def refused(parse: Callable[[dict[str, Any]], object], text: str, change: Change) -> str:
    document = json.loads(text)
    parse(parse_json(text.encode(), "the file"))
    change(document)
    with warnings.catch_warnings(), pytest.raises((BundleDamagedError, BundleSchemaError)) as caught:
        warnings.simplefilter("error")
        parse(parse_json(json.dumps(document).encode(), "the file"))
    message = str(caught.value)
    assert len(message) <= 400 and message.isprintable()
    return message


@pytest.mark.parametrize(
    "change",
    [
        *(put("latent_dim", value=value) for value in (-1, 4097, HUGE, 8.0, "8", True, None, [8])),
        *(put("image_size", value=value) for value in (0, 4097, 1e38, "16")),
        *(put("files", "axes.json", "bytes", value=value) for value in (-1, HUGE, 33 * 2**20, 1.0, "1", True)),
        *(put("files", "axes.json", "role", value=value) for value in ("", "a b", "x\x1b[2J", "r" * 101, "generator")),
        put("files", value={f"f{i}": {"sha256": "0" * 64, "bytes": 1, "role": "other"} for i in range(101)}),
        *(put(key, value=[f"n{i}" for i in range(1001)]) for key in ("emotions", "characters")),
        *(
            put(key, 0, value=value)
            for key in ("emotions", "characters")
            for value in ("joy\x1b[31m", "\u202eyoj", "a\nb", "\ud800", "", "n" * 201, 5, None, True, "\u2028")
        ),
        put("drawn_characters", value=["stranger"]),
        *(put("name", value=value) for value in ("\x07", "n" * 201, 5)),
        put("license", value="MIT\x1b]0;title\x07"),
        put("created_by", value="a\nb"),
        put("metrics", "deep", value=json.loads("[" * 200 + "]" * 200)),
        put("metrics", "huge", value=HUGE),
        put("metrics", "half", value="\ud800"),
        put("metrics", "\udfff", value=1),
    ],
)
def test_manifests(documents: tuple[str, str], change: Change) -> None:
    refused(Manifest.from_dict, documents[0], change)


@pytest.mark.parametrize(
    "change",
    [
        *(put("latent_dim", value=value) for value in (8.0, True, HUGE)),
        *(put("schema_version", value=value) for value in (True, 1.0, HUGE, "v" * 1000)),
        put("methods", "a\x1bb", value={}),
        put("default", value="d" * 1000),
        *(
            put("methods", "path", *path, value=value)
            for path in (("max_strength", 0), ("centres", "latents", 0, 0), ("centres", "targets", 6, 7))
            for value in (101.0, -101.0, 1e38, 1e308, HUGE, -HUGE, "1", True, None, [1.0], {})
        ),
        *(
            put("methods", "path", *path, value=value)
            for path in (("centres", "slopes", 0, 0), ("centres", "intercepts", 0))
            for value in (1e7, 1e38, HUGE, "1", False)
        ),
        *(
            put("methods", "path", "centres", "pace", value=value)
            for value in ([[[]] * 7] * 7, [[[0.0, 1.0] * 999] * 7] * 7)
        ),
        *(put("attributes", 0, "levels", 1, value=value) for value in (1e38, HUGE, "3", True)),
        *(put("attributes", 0, "direction", 7, value=value) for value in (1e38, HUGE, "1", True)),
        *(put("attributes", 0, "name", value=value) for value in ("\u202e", "n" * 41, 5)),
        put("attributes", value=[{}] * 257),
        put("methods", value={f"m{i}": {} for i in range(33)} | {"path": {}}),
    ],
)
def test_axes(documents: tuple[str, str], change: Change) -> None:
    manifest = Manifest.from_dict(json.loads(documents[0]))

    def parse(document: dict[str, Any]) -> object:
        return parse_axes(document, manifest.emotions, manifest.latent_dim, manifest.drawn_characters)

    refused(parse, documents[1], change)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1e999}',
        b'{"a": -1e400}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"' + b"k" * 10**6 + b'": 1, "' + b"k" * 10**6 + b'": 1}',
        b'{"a":' * 500 + b"1" + b"}" * 500,
    ],
)
def test_json_that_is_no_use(text: bytes) -> None:
    with pytest.raises(BundleDamagedError) as caught:
        parse_json(text, "a.json")
    assert len(str(caught.value)) <= 400


@pytest.mark.parametrize("name", ["joy", "très content", "радость", "喜び", "خوش\u200cحال", "😀", "a b", "x" * 200])
def test_names_of_any_script_are_plain(name: str) -> None:
    assert is_plain(name)


@pytest.mark.parametrize("name", ["solo", "cast"])
def test_what_ships_is_well_within(name: str) -> None:
    assert Bundle(embedded_bundles()[name]).verify()


def test_nothing_of_a_bundle_moves_the_cursor(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((broken / "manifest.json").read_text())
    for key, value in (("schema_version", "\x1b[2J"), ("latent_dim", "\x1b[2J"), ("emotions", ["\x1b[2J"])):
        (broken / "manifest.json").write_text(json.dumps(document | {key: value}))
        assert main(["info", "--bundle", str(broken)]) == 3
        assert "\x1b" not in "".join(capsys.readouterr())


def test_a_bundle_at_the_limits_draws_without_warnings(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "tiny", learned=True)
    axes = json.loads((folder / "axes.json").read_text())
    centres = axes["methods"]["path"]["centres"]
    for key, value in (("latents", 100.0), ("targets", -100.0), ("slopes", 1e6)):
        centres[key] = np.full((7, 8), value).tolist()
    axes["methods"]["paper"]["max_strength"] = [100.0] * 7
    (folder / "axes.json").write_text(json.dumps(axes))
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"], manifest["schema_version"]
    from tlgan_runtime.bundle.write import write_manifest

    write_manifest(folder, **manifest)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app = CheerMeUp(folder, provider="cpu", threads=1)
        for method in ("path", "paper", "logit"):
            moved = app.move(app.sample(2), {"joy": 10.0, "anger": -10.0}, method)
            assert np.isfinite(moved).all() and app.render(moved).shape == (2, 16, 16, 3)
    shutil.rmtree(folder)
