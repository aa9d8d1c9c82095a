"""Every hyper-parameter, typed, with its unit and where it comes from.

A preset is a TOML file in `presets/` that names only what differs from these defaults; `--set section.key=value`
comes on top. "Code" below means the code published with the paper, which differs from its text in places.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlgan_runtime.validation import nearest
from tlgan_train.errors import TrainError
from tlgan_train.setting import checked, setting, share

PRESETS = Path(__file__).parent / "presets"

IMAGE_SIZES = (32, 64, 128, 256)
"""Sides of pictures that the networks are built for, pixels."""


@dataclass(frozen=True)
class DataConfig:
    spec: str = "toon"
    """Where pictures come from: `toon`, `ferg:ROOT`, `folder:ROOT` or `csv:FILE`."""
    image_size: int = 64
    """Side of the square pictures, pixels (paper, section 5.1). one of `IMAGE_SIZES`."""
    fit: str = setting("auto", needs=("data.spec!=toon",), choices=("auto", "crop", "top", "pad"))
    """What is used of pictures that are not square: `crop` the middle square; `top` the top square of the figure, which
    is found by its transparent or plain background; `pad` the whole figure, padded with the background's colour;
    `auto` is `top` where most pictures are far taller than wide, else `crop`."""
    characters: str = "first"
    """Those that the GAN draws: `first` (the paper's unimodal setting, section 5.4), `all`, or names with commas."""
    toon_faces: int = setting(1000, needs=("data.spec=toon",))
    """Built-in faces drawn for each character and emotion, over all three splits."""
    validation_share: float = share(0.1)
    """Share of each class held out to choose checkpoints (code: 10 %)."""
    test_share: float = share(0.1)
    """Share of each class that no training or choice ever sees (code: 10 %)."""


@dataclass(frozen=True)
class GanConfig:
    latent_dim: int = setting(100, least=1)
    """Length of z ~ N(0, I) (paper, section 5.2)."""
    generator_width: int = setting(64, least=1)
    """Channels of the generator's last hidden layer (ngf; code: 64)."""
    mapping_width: int = 0
    """Units of the fully connected layers in front of G's convolutions and behind E's; 0 for none, as in the paper."""
    discriminator_width: int = setting(64, least=1)
    """Channels of the discriminator's first layer (ndf; code: 64)."""
    discriminator_norm: str = setting("spectral", choices=("batch", "spectral"))
    """`batch` as in the paper, or `spectral` (Miyato et al. 2018), which bounds D's slope and learns far sooner."""
    batch_size: int = setting(64, least=2)
    """Real pictures a step."""
    balanced: bool = False
    """Draw every class (character and emotion) equally often; False makes passes over all pictures as they are."""
    mirror: bool = False
    """Show every picture or, as often, its mirror image: twice the pictures, but a parting or a scar changes sides."""
    images: int = 0
    """Training length in real pictures seen; 0 = `epochs` times the training split."""
    epochs: int = setting(0, needs=("gan.images=0",))
    """Training length in passes over the training split, used when `images` is 0 (code: 500)."""
    generator_lr: float = setting(2e-4, above=0)
    """Adam step size of G (code: 2e-4)."""
    discriminator_lr: float = setting(4e-4, above=0)
    """Adam step size of D; twice G's (Heusel et al. 2017; code: 2e-4)."""
    beta1: float = share(0.5)
    """Adam decay of the mean gradient (code: 0.5)."""
    beta2: float = share(0.999)
    """Adam decay of the squared gradient (code: 0.999)."""
    decay_images: int = 0
    """Pictures at the end of training over which step sizes fall to 0 in a straight line."""
    warmup_decay_images: int = setting(0, needs=("gan.warmup_images",))
    """The same at the end of the warm-up. It pays where that is long."""
    real_target: float = 1.0
    """LSGAN target of D for real pictures (paper's text: 1; code: 0.8)."""
    fake_target: float = 0.0
    """LSGAN target of D for drawn pictures (paper's text: 0; code: 0.2)."""
    generator_target: float = 1.0
    """LSGAN target of G (paper's text and code: 1)."""
    adversarial_weight: float = setting(1.0, needs=("gan.reconstruction_weight",))
    """Weight of G's loss before D, beside those of the encoder below. Alone, as in the paper, it changes nothing."""
    reconstruction_weight: float = 0.0
    """Weight of the mean squared error of G(E(x)) for real x; 0 trains no encoder (as in the paper)."""
    warmup_images: int = 0
    """Pictures seen before D joins in: until then only E and G learn, by reconstruction, three times as fast; from
    then on E stays as it is. With 0, E learns all the time."""
    redraw_noise: float = setting(1.0, needs=("gan.warmup_images",))
    """Noise in the codes from which pictures are redrawn once E stays, in standard deviations of E(x). 0 is for codes
    that say nearly everything: one that stands for several pictures asks for their blurred average, while D asks for
    edges. Where codes say less, G has to keep learning to ignore what they leave open."""
    feature_weight: float = setting(0.0, needs=("gan.reconstruction_weight",))
    """Weight of the distance between G(E(x)) and x in D's activations, in units of their variance: eyes and mouths
    are few pixels but much of what D looks at."""
    kl_weight: float = setting(0.0, needs=("gan.reconstruction_weight",))
    """Weight of KL(E(x) || N(0, I)), summed over latent dimensions; with sectors, of the prior in the sector of x."""
    label_sectors: bool = False
    """Tie emotion (and character) to fixed sectors of the latent space through a projection discriminator; see
    `models/prior.py`. Needs labels, as the classifier does; False is the paper's label-free GAN."""
    sector_push: float = setting(0.0, needs=("gan.label_sectors",))
    """How far draws from N(0, I) are pushed away from the borders of sectors, in its standard deviations."""
    sector_sharpness: float = setting(10.0, needs=("gan.label_sectors", "gan.sector_push"))
    """Inverse width of the borders, along which expressions are mixtures."""
    flow_layers: int = 0
    """Couplings of the flow that takes draws from N(0, I) to where pictures are encoded, fitted after the warm-up
    (two stages, Dai & Wipf 2019); 0 for none. Needs `warmup_images`."""
    flow_width: int = setting(64, needs=("gan.flow_layers",), least=1)
    """Units of the two hidden layers in each coupling."""
    flow_steps: int = setting(3000, needs=("gan.flow_layers",))
    """Adam steps of that fit, each on 256 codes."""
    truncation: float = setting(1.0, needs=("gan.flow_layers",))
    """Standard deviation of the draws that enter the flow outside training (truncation trick, Brock et al. 2019): below
    1, fewer of the extremes that were hardly ever seen, at the price of variety."""
    label_truncation: float = setting(1.0, needs=("gan.label_sectors",))
    """Share of its distance from the middle of its cluster that a draw keeps outside training, on the coordinates
    of labels: below 1, fewer draws that lie where no picture is encoded, between an emotion and all others."""
    ema_images: int = 10_000
    """Half-life of the averaged weights that are exported, in pictures seen; 0 exports the last weights."""
    precision: str = setting("auto", choices=("auto", "bf16", "fp32"))
    """`fp32` (the code's), `bf16` autocast, or `auto`: bf16 where the device has units for it. It is chosen once for a
    run folder. The classifiers and the judge learn in it, too."""
    checkpoint_images: int = setting(16_000, least=1)
    """Pictures between checkpoints and sample grids."""


@dataclass(frozen=True)
class ClassifierConfig:
    batch_size: int = setting(128, least=2)
    """Pictures a step (code: 128)."""
    epochs: int = setting(3, least=1)
    """Passes over the training split of all characters (code: 100)."""
    lr: float = setting(1e-3, above=0)
    """Adam step size (code: 1e-3)."""
    hidden: int = setting(128, least=1)
    """Units of each head's fully connected layer (code: 128)."""
    augment: bool = True
    """Noise, blur, shifts and colour changes, so that pictures drawn by a generator are read as well as real ones."""
    coaches: int = setting(0, needs=("axes.path_moves",))
    """Further classifiers from other seeds, which the method `path` has to convince as well: what looks like an emotion
    to one network only is seldom one."""


@dataclass(frozen=True)
class JudgeConfig:
    batch_size: int = setting(128, least=2)
    """Pictures a step."""
    epochs: int = setting(8, least=1)
    """Passes over the training split of all characters; emotions take three, pose and gaze go on for longer."""
    lr: float = setting(2e-3, above=0)
    """Peak step size of AdamW under a one-cycle schedule."""


@dataclass(frozen=True)
class SamplesConfig:
    count: int = 20_000
    """Latents drawn and labelled for step III (code: 896, after a bug that loses three files of four)."""
    batch_size: int = setting(256, least=1)
    """Latents rendered at a time; generator in eval mode."""


@dataclass(frozen=True)
class AxesConfig:
    method: str = setting("logit", choices=("boundary", "lda", "local", "logit", "paper", "path"))
    """The method that the bundle uses by default; `paper` is always fitted beside it."""
    held_out_share: float = share(0.2)
    """Share of (Z, Y) kept out of the fit, for R² and for calibration."""
    calibration_faces: int = setting(256, least=1)
    """Held-out latents on which strength 1 is set."""
    max_distance: float = setting(8.0, above=0)
    """Largest strength that calibration may choose, in standard deviations of the prior."""
    path_moves: int = 0
    """Moves that the network of the method `path` is trained on; 0 leaves the method out."""


@dataclass(frozen=True)
class EvaluateConfig:
    faces: int = setting(512, least=2)
    """Latents in every table, none of them used to fit anything."""
    steps: int = setting(30, least=2)
    """Frames of a walk from strength 0 to 1."""
    samples: int = setting(10_000, least=2)
    """Latents for shares, precision and recall, KID."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    gan: GanConfig = field(default_factory=GanConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    samples: SamplesConfig = field(default_factory=SamplesConfig)
    axes: AxesConfig = field(default_factory=AxesConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    preset: str = "quick"
    """Name of the preset that the values started from."""
    seed: int = setting(0, below=2**63)
    """Seed of everything random in the run."""

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Inverse of `to_dict`; unknown sections or keys raise `TrainError`."""
        config = cls()
        for name, value in values.items():
            if isinstance(value, dict):
                for key, inner in value.items():
                    config = config.with_value(f"{name}.{key}", inner)
            else:
                config = config.with_value(name, value)
        return config

    def with_value(self, key: str, value: Any) -> Config:
        """A copy in which `section.key` (or `seed`, `preset`) has `value`, converted from text if need be."""
        section, _, name = key.rpartition(".")
        owner: Any = getattr(self, section, None) if section else self
        fields = {f.name: f for f in dataclasses.fields(owner)} if dataclasses.is_dataclass(owner) else {}
        if name not in fields or dataclasses.is_dataclass(getattr(owner, name)):
            known = sorted(_setting_names())
            raise TrainError(f"unknown setting {key!r}{nearest(key, known)} (settings: {', '.join(known)})")
        converted = checked(key, value, type(getattr(owner, name)), fields[name].metadata)
        changed = dataclasses.replace(owner, **{name: converted})
        return dataclasses.replace(self, **{section: changed}) if section else changed


def load_config(preset: str = "quick", overrides: list[str] | None = None) -> Config:
    """The preset's values with `section.key=value` overrides on top."""
    path = PRESETS / f"{preset}.toml"
    if not path.is_file():
        raise TrainError(
            f"unknown preset {preset!r}; presets: {', '.join(sorted(p.stem for p in PRESETS.glob('*.toml')))}"
        )
    config = Config.from_dict(tomllib.loads(path.read_text(encoding="utf-8"))).with_value("preset", preset)
    for item in overrides or []:
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals:
            raise TrainError(
                f"cannot read --set {item!r}; write it as section.key=value, for example gan.batch_size=32"
            )
        if key == "preset":
            raise TrainError(f"a preset is not a setting; choose it by --preset {value}")
        config = config.with_value(key, value)
    return config


def _setting_names() -> list[str]:
    default = Config()
    names = []
    for f in dataclasses.fields(default):
        value = getattr(default, f.name)
        if dataclasses.is_dataclass(value):
            names += [f"{f.name}.{inner.name}" for inner in dataclasses.fields(value)]
        else:
            names.append(f.name)
    return names
