"""Pictures that are not square: what is used of them, alike for all pictures of a character, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import call, refused
from pictures import load, write_layout
from PIL import Image, ImageDraw

from tlgan_train.cli.commands import main
from tlgan_train.data import Dataset
from tlgan_train.errors import TrainError

HEAD, HAT, COAT, SKY = (250, 120, 30), (10, 10, 10), (20, 60, 160), (190, 215, 235)
SIZE = 64
Canvas = tuple[int, int]


def figure(hat: bool = False, canvas: Canvas = (300, 500), centre: int = 150, top: int = 60) -> Image.Image:
    """A standing figure, transparent around it: a head of 100 pixels on a coat that reaches the lower edge."""
    image = Image.new("RGBA", canvas, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((centre - 60, top + 100, centre + 60, canvas[1]), fill=COAT)
    draw.ellipse((centre - 50, top, centre + 50, top + 100), fill=HEAD)
    if hat:
        draw.rectangle((centre - 20, top - 40, centre + 20, top), fill=HAT)
    return image


def on_sky(image: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, SKY), image).convert("RGB")


def sprites(
    root: Path,
    draw: Callable[[bool], Image.Image] = figure,
    suffix: str = ".png",
    characters: tuple[str, ...] = ("bob",),
    **options: object,
) -> str:
    """A data set in which bob wears a hat when he is glad, so that he needs more room."""
    for character in characters:
        for emotion in ("glad", "sad"):
            folder = root / character / f"{character}_{emotion}"
            folder.mkdir(parents=True)
            for number in range(3):
                image = draw(hat=emotion == "glad")
                image.save(folder / f"{character}_{emotion}_{number}{suffix}", **options)
    return f"folder:{root}"


def near(picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 40) -> np.ndarray:
    return (np.abs(picture.astype(int) - colour) <= tolerance).all(axis=-1)


def heads(dataset: Dataset) -> list[tuple[int, ...]]:
    """Rows and columns that the heads of a glad and a sad picture take."""
    found = []
    for emotion in ("glad", "sad"):
        picture = dataset.images[dataset.emotion == dataset.emotions.index(emotion)][0]
        rows, columns = np.nonzero(near(picture, HEAD))
        found.append((rows.min(), rows.max(), columns.min(), columns.max()) if len(rows) else ())
    return found


@pytest.mark.parametrize(
    ("draw", "suffix", "options"),
    [
        (figure, ".png", {}),
        (lambda hat: on_sky(figure(hat)), ".png", {}),
        (lambda hat: on_sky(figure(hat)).convert("RGBA"), ".png", {}),
        (lambda hat: on_sky(figure(hat)), ".jpg", {"quality": 40}),
        (lambda hat: figure(hat, (600, 800), 200, 300), ".png", {}),
    ],
    ids=["transparent", "plain", "plain with alpha", "JPEG noise", "wide margins"],
)
def test_the_head_of_a_standing_figure_is_kept_in_one_place(
    tmp_path: Path, draw: Callable[[bool], Image.Image], suffix: str, options: dict[str, object]
) -> None:
    spec = sprites(tmp_path / "own", draw, suffix, **options)
    for fit, share in (("auto", 0.45), ("top", 0.45), ("pad", 0.15)):
        glad, sad = heads(load(spec, tmp_path / "cache", image_size=SIZE, fit=fit))
        assert max(abs(a - b) for a, b in zip(glad, sad, strict=True)) <= 1, fit
        rows, columns = glad[1] - glad[0] + 1, glad[3] - glad[2] + 1
        assert abs(rows - columns) <= 2 and rows >= share * SIZE - 2, fit
        if fit == "auto":  # the hat, too
            assert near(load(spec, tmp_path / "cache", image_size=SIZE).images, HAT).any(axis=(1, 2)).sum() == 3


def test_crop_is_the_middle_square_as_it_was(tmp_path: Path) -> None:
    dataset = load(sprites(tmp_path / "own"), tmp_path / "cache", image_size=SIZE, fit="crop")
    image = Image.alpha_composite(Image.new("RGBA", (300, 500), "white"), figure()).convert("RGB")
    middle = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box=(0, 100, 300, 400))
    np.testing.assert_array_equal(dataset.images[dataset.emotions.index("sad") * 3], np.asarray(middle))


def test_padding_has_the_colour_of_the_background(tmp_path: Path) -> None:
    for name, draw, colour in (("a", figure, (255, 255, 255)), ("b", lambda hat: on_sky(figure(hat)), SKY)):
        spec = sprites(tmp_path / name, draw)
        images = load(spec, tmp_path / "cache", image_size=SIZE, fit="pad").images
        assert near(images[:, :, [0, 1, -2, -1]], colour, 2).all()
        assert near(images[:, -1, SIZE // 2], COAT).all()  # whole, down to the lower edge


def test_square_pictures_are_as_they_are_unless_a_figure_is_asked_for(tmp_path: Path) -> None:
    def draw(hat: bool) -> Image.Image:
        return figure(hat, canvas=(500, 500), centre=250)

    spec = sprites(tmp_path / "own", draw)
    whole, crop, top = (load(spec, tmp_path / "cache", image_size=SIZE, fit=fit) for fit in ("auto", "crop", "top"))
    assert whole.digest == crop.digest != top.digest
    assert [len(dataset.notes) for dataset in (whole, crop, top)] == [1, 1, 1]  # how the folders were read
    assert heads(top)[0][1] - heads(top)[0][0] > 2 * (heads(whole)[0][1] - heads(whole)[0][0])


def test_a_background_that_is_not_plain_is_not_cut(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (500, 300, 3), np.uint8))
    expected = noise.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box=(0, 0, 300, 300))
    dataset = load(sprites(tmp_path / "own", lambda hat: noise), tmp_path / "cache", image_size=SIZE, fit="top")
    assert (dataset.images == np.asarray(expected)).all()


def test_wide_pictures_lose_their_sides_only(tmp_path: Path) -> None:
    def draw(hat: bool) -> Image.Image:
        return on_sky(figure(hat, canvas=(800, 450), centre=400))

    spec = sprites(tmp_path / "own", draw)
    auto, crop = (load(spec, tmp_path / "cache", image_size=SIZE, fit=fit) for fit in ("auto", "crop"))
    assert auto.digest == crop.digest
    _, note = auto.notes
    assert "6 of 6 pictures" in note and "800 × 450" in note and "44%" in note and "data.fit=pad" in note


def test_each_character_and_each_size_has_a_frame_of_its_own(tmp_path: Path) -> None:
    spec = sprites(tmp_path / "own", lambda hat: figure(hat, centre=110), characters=("bob", "eve"))
    for number in range(3):
        figure(canvas=(600, 900), centre=450, top=400).save(tmp_path / f"own/eve/eve_sad/eve_sad_{number}.png")
    dataset = load(spec, tmp_path / "cache", image_size=SIZE)
    for picture in dataset.images:
        _, columns = np.nonzero(near(picture, HEAD))
        assert abs((columns.min() + columns.max()) / 2 - SIZE / 2) <= 2


def test_photographs_that_lie_on_their_side_are_turned_first(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned to the right

    def draw(hat: bool) -> Image.Image:
        return on_sky(figure(hat)).transpose(Image.Transpose.ROTATE_90)

    spec = sprites(tmp_path / "own", draw, ".jpg", exif=exif, quality=90)
    dataset = load(spec, tmp_path / "cache", image_size=SIZE)
    rows, _ = np.nonzero(near(dataset.images[0], HEAD))
    assert "300 × 500" in dataset.notes[-1] and rows.max() - rows.min() > 0.45 * SIZE


def test_what_is_cut_off_is_said_once_and_again_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "cache"))
    spec = sprites(tmp_path / "own")
    for _ in range(2):
        said = call(main, "data", "--data", spec).out
        (line,) = [line for line in said.splitlines() if "square" in line]
        assert line.startswith("note: 6 of 6 pictures are far from square (such as 300 × 500): the top square of each")
        assert "data.fit=pad" in line and "data.fit=crop" in line
    for fit, words in (("crop", "40% of the longer side is cut off"), ("pad", "padded")):
        assert words in call(main, "data", "--data", spec, "--set", f"data.fit={fit}").out
    assert "auto, crop, top, pad" in refused(call(main, "data", "--data", spec, "--set", "data.fit=middle"))


def test_training_says_it_before_it_starts(
    tmp_path: Path, small_options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "cache"))
    outcome = call(main, "gan", *small_options, "--data", sprites(tmp_path / "own"), "--run", tmp_path / "run")
    layout, cut, started, *_ = outcome.err.splitlines()
    assert outcome.code == 0 and layout.startswith("note: read as ") and started == "gan: started"
    assert cut.startswith("note: 6 of 6 pictures are far from square")


def test_a_picture_that_shows_nothing_is_told(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 50)
    Image.new("RGBA", (32, 32), (200, 0, 0, 0)).save(root / "bob/bob_joy/bob_joy_7.png")
    for fit in ("crop", "pad"):
        (skipped,) = load(f"folder:{root}", tmp_path / "cache", fit=fit).skipped
        assert skipped.path == "bob/bob_joy/bob_joy_7.png" and "transparent all over" in skipped.reason
    spec = sprites(tmp_path / "none", lambda hat: Image.new("RGBA", (300, 500)))
    with pytest.raises(TrainError, match=r"cannot be used .*transparent all over") as caught:
        load(spec, tmp_path / "cache")
    assert "\n" not in str(caught.value)
