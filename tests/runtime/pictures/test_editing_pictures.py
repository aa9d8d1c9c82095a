from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tiny_bundle import BEHIND, make_bundle
from tlgan_runtime import BundleNotFoundError, CheerMeUp, InputError
from tlgan_runtime.transparency import colour, over

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    return CheerMeUp(make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", encoder=1.0), threads=1)


@pytest.fixture(scope="module")
def sprites(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    folder = tmp_path_factory.mktemp("bundles") / "sprites"
    return CheerMeUp(make_bundle(folder, image_size=64, sprite=True, encoder=1.0), threads=1)


@pytest.fixture
def face(editor: CheerMeUp) -> Pixels:
    return editor.render(editor.sample(1, seed=3))[0]


def noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def placed(face: Pixels, left: int, top: int, side: int) -> Pixels:
    """The face with `side` pixels in a picture of noise."""
    picture = noise(100, 140)
    picture[top : top + side, left : left + side] = np.kron(face, np.ones((side // len(face),) * 2 + (1,), np.uint8))
    return picture


def test_the_latent_of_a_drawn_face_is_found(editor: CheerMeUp, face: Pixels) -> None:
    found = editor.invert(face)
    assert np.abs(found.z - editor.sample(1, seed=3)).max() < 0.02
    assert found.box == (0, 0, 16, 16)
    assert np.abs(found.residual).max() <= 1
    assert found.fit > 0.99


def test_an_edited_face_is_the_moved_face(editor: CheerMeUp, face: Pixels) -> None:
    edited = editor.edit_picture(face, {"joy": 0.8})
    moved = editor.render(editor.move(editor.sample(1, seed=3), {"joy": 0.8}))[0]
    assert np.abs(edited.astype(int) - moved).max() <= 3
    assert np.abs(edited.astype(int) - face).max() > 20


def test_strength_0_keeps_every_bit(editor: CheerMeUp) -> None:
    picture = noise(40, 50)
    assert (editor.edit_picture(picture, {"joy": 0.0}, force=True) == picture).all()


def test_nothing_outside_the_box_changes(editor: CheerMeUp, face: Pixels) -> None:
    picture = placed(face, left=60, top=30, side=64)
    edited = editor.edit_picture(picture, {"joy": 1.0}, box=(60, 30, 64, 64))
    changed = (edited != picture).any(axis=2)
    assert changed.sum() > 1000
    changed[30:94, 60:124] = False
    assert not changed.any()


def test_a_box_need_not_be_exact(editor: CheerMeUp, face: Pixels) -> None:
    found = editor.invert(placed(face, left=60, top=30, side=64), box=(55, 34, 60, 66))
    assert np.abs(np.array(found.box) - (60, 30, 64, 64)).max() < 3


def test_a_face_is_found_on_a_plain_background(editor: CheerMeUp, face: Pixels) -> None:
    picture = np.full((120, 200, 3), (20, 240, 20), np.uint8)
    picture[50:114, 100:164] = np.kron(face, np.ones((4, 4, 1), np.uint8))
    found = editor.invert(picture)
    assert np.abs(np.array(found.box) - (100, 50, 64, 64)).max() < 3


def test_alpha_and_clear_pixels_stay(editor: CheerMeUp, face: Pixels) -> None:
    picture = np.concatenate([face, np.full((16, 16, 1), 255, np.uint8)], axis=2)
    picture[:3, :3, 3], picture[3:6, :3, 3] = 0, 90
    edited = editor.edit_picture(picture, {"joy": 0.5}, box=(0, 0, 16, 16), force=True)
    assert (edited[..., 3] == picture[..., 3]).all()
    assert (edited[:3, :3] == picture[:3, :3]).all()
    assert (edited[8:, 8:, :3] != picture[8:, 8:, :3]).any()


def test_alpha_that_hides_nothing_is_returned(editor: CheerMeUp, face: Pixels) -> None:
    edited = editor.edit_picture(np.concatenate([face, np.full((16, 16, 1), 255, np.uint8)], axis=2), {"joy": 0.5})
    assert edited.shape == (16, 16, 4) and (edited[..., 3] == 255).all()
    assert (edited[..., :3] == editor.edit_picture(face, {"joy": 0.5})).all()


def test_faces_without_a_background_are_edited_with_their_alpha(sprites: CheerMeUp) -> None:
    z = sprites.sample(1, seed=1)
    sprite = sprites.render(z, background=None)[0]
    edited = sprites.edit_picture(sprite, {"joy": 1.0}, force=True)
    found = sprites.invert(sprite).z
    before, after = sprites.render(np.concatenate([found, sprites.move(found, {"joy": 1.0})]), background=None)
    replaced = np.abs(np.subtract(after, before, dtype=int)).max(axis=2) >= 20
    solid = sprite[..., 3] == 255
    assert (replaced & solid).sum() > 100
    assert np.abs(np.subtract(edited, after, dtype=int))[replaced & solid].max() <= 2
    assert (edited[..., 3] == sprite[..., 3]).all()
    assert (edited[sprite[..., 3] == 0] == sprite[sprite[..., 3] == 0]).all()


def test_a_plain_background_may_have_another_colour(sprites: CheerMeUp) -> None:
    sprite = sprites.render(sprites.sample(1, seed=1), background=None)
    own, other = over(sprite, colour("own", BEHIND))[0], over(sprite, (250, 250, 210))[0]
    assert np.abs(sprites.invert(own).z - sprites.invert(other).z).max() < 0.2
    edited = sprites.edit_picture(other, {"joy": 0.5}, force=True)
    assert (edited[:4] == other[:4]).all()


def test_pictures_of_something_else_are_refused(editor: CheerMeUp) -> None:
    with pytest.raises(InputError, match=r"no face that tiny can draw .*force"):
        editor.edit_picture(noise(16, 16), {"joy": 1.0})
    assert editor.edit_picture(noise(16, 16), {"joy": 1.0}, force=True).shape == (16, 16, 3)
    assert editor.invert(noise(16, 16)).fit < 0.001


def test_refining_makes_up_for_a_poor_encoder(tmp_path: Path) -> None:
    editor = CheerMeUp(make_bundle(tmp_path / "poor", encoder=0.6), threads=1)
    z = editor.sample(1, seed=3)
    face = editor.render(z)[0]
    rough, exact = editor.invert(face), editor.invert(face, refine=True)
    assert exact.error < 0.2 * rough.error
    assert np.abs(exact.z - z).max() < 0.5 * np.abs(rough.z - z).max()


def test_until_and_keep_are_those_of_move(editor: CheerMeUp, face: Pixels) -> None:
    edited = editor.edit_picture(face, {"joy": 1.0}, until=0.6, keep=["sadness"])
    found = editor.invert(face)
    moved = editor.render(editor.move(found.z, {"joy": 1.0}, until=0.6, keep=["sadness"]))[0]
    assert np.abs(edited.astype(int) - moved).max() <= 3


def test_a_bundle_without_an_encoder_says_so(bundle: Path, face: Pixels) -> None:
    app = CheerMeUp(bundle, threads=1)
    for call in (
        lambda: app.invert(face),
        lambda: app.edit_picture(face, {"joy": 1.0}),
        lambda: app.encode(face[None]),
    ):
        with pytest.raises(BundleNotFoundError, match="has no encoder"):
            call()


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((1, 2, 3), "four numbers"),
        ("here", "left of box"),
        ((0, 0, 0, 5), "width of box"),
        ((0, float("nan"), 5, 5), "top of box"),
        ((20, 0, 5, 5), "outside the picture"),
        ((-9, -9, 5, 5), "outside the picture"),
    ],
)
def test_wrong_boxes_are_refused(editor: CheerMeUp, face: Pixels, box: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        editor.invert(face, box=box)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 2), (0, 16, 3), (2, 16, 16, 3), (20000, 1, 3)])
def test_arrays_that_are_no_pictures_are_refused(editor: CheerMeUp, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="picture"):
        editor.invert(np.zeros(shape, np.uint8))


def test_a_picture_has_whole_levels(editor: CheerMeUp) -> None:
    with pytest.raises(InputError, match="must be uint8"):
        editor.invert(np.zeros((16, 16, 3)))
