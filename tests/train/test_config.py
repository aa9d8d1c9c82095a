"""Presets, overrides, and what is said of settings that are wrong."""

from __future__ import annotations

import tomllib

import pytest

from tlgan_train.config import PRESETS, Config, load_config
from tlgan_train.errors import TrainError

NAMES = sorted(path.stem for path in PRESETS.glob("*.toml"))


def test_the_promised_presets_are_there() -> None:
    assert {"cast", "paper", "quick", "tiny"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_loads_says_its_name_and_survives_the_run_folder(name: str) -> None:
    config = load_config(name)
    assert config.preset == name
    assert Config.from_dict(config.to_dict()) == config
    written = tomllib.loads((PRESETS / f"{name}.toml").read_text(encoding="utf-8"))
    for section, values in written.items():
        for key, value in values.items():
            assert getattr(getattr(config, section), key) == value


def test_paper_has_the_published_values() -> None:
    gan = load_config("paper").gan
    assert (gan.latent_dim, gan.generator_width, gan.discriminator_width) == (100, 64, 64)
    assert (gan.batch_size, gan.epochs, gan.images) == (128, 500, 0)
    assert (gan.generator_lr, gan.discriminator_lr, gan.beta1, gan.beta2) == (2e-4, 2e-4, 0.5, 0.999)
    assert (gan.real_target, gan.fake_target, gan.generator_target) == (0.8, 0.2, 1.0)
    assert gan.discriminator_norm == "batch" and gan.precision == "fp32" and gan.ema_images == 0
    assert gan.reconstruction_weight == 0 and gan.kl_weight == 0  # no encoder
    assert gan.label_sectors is False and gan.sector_push == 0
    assert load_config("paper").data.image_size == 64
    assert load_config("paper").axes.method == "paper"


def test_overrides_come_on_top_in_order_and_are_converted() -> None:
    config = load_config(
        "tiny",
        ["gan.batch_size=8", "gan.batch_size = 1_6", "gan.beta1=0", "gan.label_sectors=False", "data.spec=csv:a=b.csv"],
    )
    assert config.gan.batch_size == 16 and type(config.gan.batch_size) is int
    assert config.gan.beta1 == 0.0 and type(config.gan.beta1) is float
    assert config.gan.label_sectors is False
    assert config.data.spec == "csv:a=b.csv"
    assert config.with_value("seed", "7").seed == 7
    assert config.seed == 0  # a copy was changed
    assert config.gan.latent_dim == load_config("tiny").gan.latent_dim


@pytest.mark.parametrize(
    ("override", "wrong", "right"),
    [
        ("gan.batchsize=8", "'gan.batchsize'", "did you mean gan.batch_size?"),
        ("gann.batch_size=8", "'gann.batch_size'", "gan.batch_size"),
        ("gan=8", "'gan'", "gan.batch_size"),
        ("batch_size=8", "'batch_size'", "seed"),
        ("gan.batch_size", "'gan.batch_size'", "section.key=value"),
        ("gan.batch_size=many", "'many'", "a whole number"),
        ("gan.batch_size=1.5", "'1.5'", "a whole number"),
        ("gan.beta1=half", "'half'", "a number"),
        ("gan.label_sectors=perhaps", "'perhaps'", "true or false"),
        ("gan.beta1=1.5", "1.5", "below 1"),
        ("gan.generator_lr=inf", "inf", "finite"),
        ("gan.generator_width=0", "0", "1 or more"),
        ("classifier.steps=0", "classifier.steps", "1 or more"),
        ("judge.batch_size=1", "judge.batch_size", "2 or more"),
        ("seed=99999999999999999999999", "seed", "below"),
        ("preset=quick", "preset", "--preset quick"),
    ],
)
def test_a_wrong_override_is_told_with_what_would_be_right(override: str, wrong: str, right: str) -> None:
    with pytest.raises(TrainError) as caught:
        load_config("tiny", [override])
    assert wrong in str(caught.value) and right in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(TrainError, match="unknown preset 'huge'") as caught:
        load_config("huge")
    assert all(name in str(caught.value) for name in NAMES)


@pytest.mark.parametrize(
    "values", [{"gan": {"batch_size": True}}, {"gan": {"batch_size": [8]}}, {"gan": 3}, {"data": {"spec": None}}]
)
def test_values_of_another_type_in_a_run_folder_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(TrainError):
        Config.from_dict(values)


@pytest.mark.parametrize(
    "override",
    [
        "gan.batch_size=0",
        "gan.latent_dim=-1",
        "gan.generator_width=0",
        "gan.discriminator_norm=spectrall",
        "gan.precision=fp8",
        "gan.images=-1",
        "gan.generator_lr=-1",
        "gan.generator_lr=nan",
        "evaluate.faces=0",
        "evaluate.steps=1",
        "axes.held_out_share=1.5",
        "axes.method=logits",
        "seed=-1",
    ],
)
def test_a_value_out_of_range_is_refused_before_anything_is_trained(override: str) -> None:
    key, _, value = override.partition("=")
    with pytest.raises(TrainError) as caught:
        load_config("tiny", [override])
    assert key in str(caught.value) and value in str(caught.value) and "\n" not in str(caught.value)
