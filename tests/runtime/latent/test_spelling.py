"""Names of a bundle, typed in another Unicode form."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.cli.commands import main

NFC = ("gêné", "joy", "한숨")
NFD = tuple(unicodedata.normalize("NFD", name) for name in NFC)


@pytest.mark.parametrize(("stored", "typed"), [(NFC, NFD), (NFD, NFC)], ids=["typed NFD", "stored NFD"])
def test_a_name_is_found_in_any_unicode_form(tmp_path: Path, stored: tuple[str, ...], typed: tuple[str, ...]) -> None:
    folder = make_bundle(tmp_path / "bundle", emotions=stored)
    app = CheerMeUp(folder)
    z = app.sample(2)
    for name, same in zip(stored, typed, strict=True):
        np.testing.assert_array_equal(app.move(z, {name: 0.5}), app.move(z, {same: 0.5}))
    kept = [app.move(z, {"joy": 0.5}, keep=[names[0]]) for names in (stored, typed)]
    np.testing.assert_array_equal(*kept)
    out = tmp_path / "a.gif"
    assert (
        main(["gif", "--emotion", typed[0], "--bundle", str(folder), "-o", str(out), "--size", "64", "--labels"]) == 0
    )
    assert main(["edit", "--set", f"{typed[2]}=0.5", "--bundle", str(folder), "-o", str(tmp_path / "a.png")]) == 0
    frames = list(app.timeline(z, f"start, {typed[0]}+{typed[2]}@1s"))
    np.testing.assert_array_equal(frames[-1], app.render(app.move(z, {stored[0]: 1.0, stored[2]: 1.0})))


def test_one_emotion_in_two_forms_is_refused(tmp_path: Path) -> None:
    app = CheerMeUp(make_bundle(tmp_path / "bundle", emotions=NFC))
    with pytest.raises(InputError, match=r"twice.*g\\xean\\xe9"):
        app.move(app.sample(1), {NFC[0]: 0.5, NFD[0]: -0.5})


def test_another_case_is_suggested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_bundle(tmp_path / "bundle", emotions=NFC)
    assert main(["gif", "--emotion", "GÊNÉ", "--bundle", str(folder), "-o", str(tmp_path / "a.gif")]) == 2
    assert "did you mean gêné?" in capsys.readouterr().err
    assert json.loads((folder / "manifest.json").read_text())["emotions"] == list(NFC)
