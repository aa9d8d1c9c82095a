"""What messages and commands say of names and values from outside: in short lines, without control characters."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_bundle import EMOTIONS, make_bundle
from tlgan_runtime import CheerMeUp, CheerMeUpError, InputError, MissingLibraryError, OutputError
from tlgan_runtime.bundle.write import amend_bundle
from tlgan_runtime.cli.commands import main
from tlgan_runtime.messages import LONGEST, listed, printable, shown

ESCAPE = "\x1b]0;owned\x07\x1b[31mred\x9b1m\u202e\n\rnext\x7f"


def visible(text: str) -> bool:
    """Whether a terminal only draws it."""
    return all(line.isprintable() for line in text.split("\n"))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "all", drawn=2, attribute="hat")


def test_unknown_names_are_told_with_the_names_of_each_kind(everything: Path, editor: CheerMeUp) -> None:
    app = CheerMeUp(everything, threads=1)
    z = app.sample(1)
    with pytest.raises(InputError) as caught:
        app.move(z, {"bogus": 1.0})
    assert str(caught.value) == (
        "unknown emotion, character or attribute 'bogus' "
        f"(emotions: {', '.join(EMOTIONS)}; characters: ada, bo; attributes: hat)"
    )
    with pytest.raises(InputError) as caught:
        editor.move(editor.sample(1), {"bogus": 1.0})
    assert str(caught.value) == f"unknown emotion 'bogus' (emotions: {', '.join(EMOTIONS)})"


def test_what_can_be_kept_is_told_as_such(everything: Path) -> None:
    app = CheerMeUp(everything, threads=1)
    with pytest.raises(InputError) as caught:
        app.move(app.sample(1), {"joy": 1.0}, keep=["hatt"])
    assert str(caught.value) == (
        "cannot keep 'hatt'; did you mean hat? "
        f"(what can be kept: character; emotions: {', '.join(EMOTIONS)}; attributes: hat)"
    )
    with pytest.raises(InputError, match=r"cannot keep joy, fear in a move by joy: next to nothing of that move"):
        app.move(app.sample(1), {"joy": 1.0, "anger": 1.0}, keep=["joy", "fear"])


def test_a_name_may_come_in_any_unicode_form(tmp_path: Path) -> None:
    composed, apart = "ga\xeet\xe9", "gai\u0302te\u0301"
    assert composed != apart
    app = CheerMeUp(make_bundle(tmp_path / "tiny", emotions=("calm", composed)), threads=1)
    z = app.sample(2)
    assert (app.move(z, {apart: 1.0}) == app.move(z, {composed: 1.0})).all()
    app.move(z, {"calm": 1.0}, keep=[apart])
    with pytest.raises(InputError, match=r"twice, in two Unicode forms: 'ga\\xeet\\xe9', 'gai\\u0302te\\u0301'"):
        app.move(z, {composed: 1.0, apart: 0.5})


def test_the_message_of_every_error_is_one_short_line_and_survives_pickling() -> None:
    for kind in (CheerMeUpError, InputError, OutputError, MissingLibraryError):
        error = kind(f"cannot read {ESCAPE}{'a' * 10_000}: give another")
        assert str(error).isprintable() and len(str(error)) <= LONGEST
        assert str(error).startswith("cannot read \\x1b]0;owned") and str(error).endswith("a: give another")
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_values_are_shown_short() -> None:
    assert shown("joy") == "'joy'" and shown(0.5) == "0.5" and shown({"joy": 1}) == "{'joy': 1}"
    assert shown(10**400) == "a number of about 401 digits" and shown(-(10**9999)) == "a number of about 10000 digits"
    for value in ("a" * 10**6, list(range(10**5)), [[[[[[]]]]]] * 100, {str(i): i for i in range(1000)}, ESCAPE):
        assert len(shown(value)) <= 80 and shown(value).isprintable()
    assert printable("می‌خندد\tو\nخوش") == "می‌خندد و خوش"  # the joiner in the first word belongs to it


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    names = [f"emotion{number}" for number in range(500)]
    assert listed(names).startswith("emotion0, emotion1, ") and listed(names).endswith("… (500 in all)")
    assert len(listed(names)) < 250


def amended(folder: Path, **manifest: Any) -> Path:
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(document | manifest), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "command", [["info"], ["verify"], ["doctor"], ["sample", "--size", "16"], ["edit", "--set", "x=1"]]
)
def test_nothing_in_a_bundle_reaches_the_terminal_as_a_control_character(
    broken: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"name": ESCAPE, "license": ESCAPE, "created_by": ESCAPE}
    amended(broken, **names, characters=["ada", ESCAPE, "cy"], training={ESCAPE: ESCAPE})
    code = main([*command, "--bundle", str(broken)])
    out, err = capsys.readouterr()
    assert code in (0, 2, 3) and visible(out) and visible(err)
    main([*command, "--bundle", str(broken), "--debug", "--json"])
    out, err = capsys.readouterr()
    assert visible(err) and isinstance(json.loads(out), dict)


def figures(success: Any, end: Any) -> dict[str, Any]:
    return {"success": {"value": success}, "mean_end": {"value": end}}


def test_info_tells_every_emotion_that_was_measured(
    everything: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_bundle(tmp_path / "measured", drawn=2, attribute="hat")
    emotions = {
        "anger": figures(None, 0.995), "disgust": figures(0.5, 0.25), "fear": {"success": {}},
        "joy": figures("1", 7), "neutral": 7, "sadness": figures(1, 1),
    }  # fmt: skip
    hat = {"with": figures(None, 0.75), "without": figures(None, 0.125)}
    amend_bundle(folder, {}, {"methods": {"logit": {"emotions": emotions}}, "attributes": {"hat": hat}})
    assert main(["info", "--bundle", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    lines = [line.removeprefix("measured    ") for line in told if line.startswith("measured ")]
    judge = "by an independent judge"
    assert lines == [
        f"anger: no face had to move, mean end probability 0.99 {judge}",
        f"disgust: success 0.50, mean end probability 0.25 {judge}",
        f"fear: success unknown, mean end probability unknown {judge}",
        f"joy: success unknown, mean end probability unknown {judge}",
        f"neutral: success unknown, mean end probability unknown {judge}",
        f"sadness: success 1.00, mean end probability 1.00 {judge}",
        "hat: mean end probability 0.75, without it 0.12, by a reader that was not used in fitting",
    ]
    assert main(["info", "--bundle", str(everything)]) == 0 and "measured" not in capsys.readouterr().out


def test_info_lists_the_weaknesses_of_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_bundle(tmp_path / "weak")
    says = "success of joy is 0.03 and of fear 0.04: these edits hardly ever work"
    weak = [{"kind": "axes_fail", "says": says, "figures": {"joy": 0.03}}, {"kind": "other"}, "text", {"says": 3}]
    amend_bundle(folder, {}, {"weaknesses": weak})
    assert main(["info", "--bundle", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("weakness")] == [f"weakness    {says}"]
    for none in ([], {"says": "no list"}, None):
        amend_bundle(folder, {}, {"weaknesses": none})
        assert main(["info", "--bundle", str(folder)]) == 0 and "\nweakness " not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["sample"], ["edit", "--set", "joy=1"], ["grid"], ["gif"]])
def test_the_format_of_a_file_is_checked_before_anything_is_drawn(
    bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def draw(self: CheerMeUp, *_: Any) -> Any:
        raise AssertionError("a face was drawn")

    for name in ("sample", "render", "move"):
        monkeypatch.setattr(CheerMeUp, name, draw)
    assert main([*command, "--bundle", str(bundle), "-o", "faces.bmp"]) == 2
    formats = "one of .gif, .webp, .png, .mp4, .webm" if command == ["gif"] else "one of .png, .webp, .jpg, .jpeg"
    assert f"cannot tell the format of faces.bmp: give it a name that ends with {formats}" in capsys.readouterr().err
