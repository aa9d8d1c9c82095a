"""The settings of each stage, with their types, units and sources.

"Code" means the code published with the paper, which differs from the text of the paper in places.
"""

from __future__ import annotations

from dataclasses import dataclass

from tlgan_train.setting import setting, share

IMAGE_SIZES = (32, 64, 128, 256)
"""Sides of pictures, in pixels, that bundles can draw."""
MODEL_SIZE = 64
"""Largest side of the pictures that networks other than the head see, pixels."""


@dataclass(frozen=True)
class DataConfig:
    spec: str = "toon"
    """Source of the pictures: `toon`, `ferg:ROOT`, `folder:ROOT` or `csv:FILE`."""
    image_size: int = 64
    """Side in pixels of the faces that the bundle draws, one of `IMAGE_SIZES`, or the largest one that most pictures
    have. All networks work with 64 pixels at most (paper, section 5.1); from their last features, a head draws larger
    faces."""
    fit: str = setting("auto", needs=("data.spec!=toon",), choices=("auto", "crop", "top", "pad"))
    """How pictures become square. `crop` takes the middle square. `top` takes the top square of the figure, which it
    finds by a transparent or plain background. `pad` takes the whole figure and pads it with the colour of the
    background. `auto` is `top` if most pictures are far taller than wide, else `crop`."""
    characters: str = "first"
    """Characters that the GAN draws: `first` (the unimodal setting of the paper, section 5.4), `all`, or names
    separated by commas."""
    toon_faces: int = setting(1000, needs=("data.spec=toon",))
    """Number of built-in faces for each character and emotion, over all three splits."""
    validation_share: float = share(0.1)
    """Share of each class that is held out to choose checkpoints (code: 10 %)."""
    test_share: float = share(0.1)
    """Share of each class that is used for no training and no choice (code: 10 %)."""

    @property
    def model_size(self) -> int:
        """Side in pixels of the pictures that all networks but the head see."""
        return min(self.image_size, MODEL_SIZE)


@dataclass(frozen=True)
class GanConfig:
    latent_dim: int = 100
    """Length of z ~ N(0, I) (paper, section 5.2); 0 for 64, or 48 more than the labels take if that is more."""
    generator_width: int = setting(64, least=1)
    """Channels of the generator's last hidden layer (ngf; code: 64)."""
    mapping_width: int = 0
    """Units of the fully connected layers before G's convolutions and after E's; 0 for none, as in the paper."""
    discriminator_width: int = setting(64, least=1)
    """Channels of the discriminator's first layer (ndf; code: 64)."""
    discriminator_norm: str = setting("spectral", choices=("batch", "spectral"))
    """`batch` as in the paper, or `spectral` (Miyato et al. 2018), which bounds D's slope and learns much faster."""
    batch_size: int = setting(64, least=2)
    """Real pictures in each step."""
    balanced: bool = False
    """Whether every class (character and emotion) is drawn equally often. Otherwise, passes over all pictures."""
    mirror: bool = False
    """Whether half of the pictures are shown as mirror images. This doubles the data, but a parting or a scar changes
    sides."""
    augment: float = setting(0.0, needs=("gan.warmup_images",), below=1)
    """Share of the pictures that are shifted, rotated, scaled and lit at random in the warm-up. Codes then hold pose
    and light even where the pictures do not, and few pictures are learned by heart later."""
    images: int = 0
    """Training length in real pictures seen; 0 is `epochs` times the training split."""
    epochs: int = setting(0, needs=("gan.images=0",))
    """Training length in passes over the training split, used when `images` is 0 (code: 500)."""
    most_passes: int = 0
    """Most passes over the training pictures: with few pictures, the lengths of a preset are shortened to them, since
    more passes teach G single pictures by heart. 0 for any number. Lengths that are set by name stay."""
    generator_lr: float = setting(2e-4, above=0)
    """Adam step size of G (code: 2e-4)."""
    discriminator_lr: float = setting(4e-4, above=0)
    """Adam step size of D, twice that of G (Heusel et al. 2017; code: 2e-4)."""
    matrix_lr: float = setting(0.0, needs=("gan.reconstruction_weight",))
    """Step size of Muon, which then trains the weight matrices of G and E instead of Adam (see `gan/muon.py`); 0 for
    Adam alone, as in the paper."""
    beta1: float = share(0.5)
    """Adam decay of the mean gradient (code: 0.5)."""
    beta2: float = share(0.999)
    """Adam decay of the squared gradient (code: 0.999)."""
    decay_images: int = 0
    """Pictures at the end of training over which step sizes fall to 0 in a straight line."""
    warmup_decay_images: int = setting(0, needs=("gan.warmup_images",))
    """The same for the end of the warm-up. Useful for a long warm-up."""
    real_target: float = 1.0
    """LSGAN target of D for real pictures (paper's text: 1; code: 0.8)."""
    fake_target: float = 0.0
    """LSGAN target of D for drawn pictures (paper's text: 0; code: 0.2)."""
    generator_target: float = 1.0
    """LSGAN target of G (paper's text and code: 1)."""
    adversarial_weight: float = setting(1.0, needs=("gan.reconstruction_weight",))
    """Weight of G's adversarial loss, relative to the losses of the encoder below. Without an encoder, as in the paper,
    the weight has no effect."""
    reconstruction_weight: float = 0.0
    """Weight of the mean squared error of G(E(x)) for real x; 0 trains no encoder (as in the paper)."""
    warmup_images: int = 0
    """Pictures seen before D joins. Until then, only E and G learn, by reconstruction, three times as fast. Afterwards
    E is frozen. With 0, E learns all the time."""
    redraw_noise: float = setting(1.0, needs=("gan.warmup_images",))
    """Noise in the codes from which pictures are redrawn while E is frozen, in standard deviations of E(x). Use 0 if
    codes preserve almost all detail: with noise, a code stands for several pictures, and redrawn pictures blur towards
    their average. Use 1 if codes lose detail, so that G keeps learning to ignore the missing part."""
    feature_weight: float = setting(0.0, needs=("gan.reconstruction_weight",))
    """Weight of the distance between G(E(x)) and x in D's activations, in units of their variance. It helps with eyes
    and mouths, which are few pixels but matter much to D."""
    perceptual_weight: float = setting(0.0, needs=("gan.reconstruction_weight",))
    """Weight of the distance between G(E(x)) and x in the activations of the classifier and its coaches, in units of
    their variance (perceptual loss, Johnson et al. 2016). A mouth is a few per cent of the pixels, but most of what a
    classifier looks at. The classifier is then trained before the GAN."""
    saliency: float = setting(0.0, needs=("gan.perceptual_weight",), below=1)
    """Share of the squared error in which pixels count by how much they decide the emotion that the classifier reads
    (saliency, Simonyan et al. 2014). In the rest all pixels count alike. Eyes and mouths are then learned sooner,
    wherever a turned head has them."""
    kl_weight: float = setting(0.0, needs=("gan.reconstruction_weight",))
    """Weight of KL(E(x) || N(0, I)), summed over latent dimensions. With sectors, the second distribution is the prior
    in the sector of x."""
    label_sectors: bool = False
    """Whether emotion (and character) have fixed sectors of the latent space, through a projection discriminator (see
    `models/prior.py`). It needs labels, as the classifier does. False is the label-free GAN of the paper."""
    edit_weight: float = setting(0.0, needs=("gan.label_sectors", "gan.perceptual_weight"))
    """Weight of the classifiers' cross-entropy on pictures with the coordinates of the emotion from another one, as
    edits have them: a quarter of the pictures in the warm-up, as far as faces can be read by then, and half of the
    draws while D learns. They must show that emotion. Otherwise E and G also put emotions into the other coordinates,
    which edits leave alone. In the warm-up, the convolutions of G do not learn from it."""
    sector_push: float = setting(0.0, needs=("gan.label_sectors",))
    """Distance by which draws from N(0, I) are pushed away from the borders of sectors, in its standard deviations."""
    codes: int = setting(0, needs=("gan.warmup_images",))
    """Most codes of each class, character and emotion, that the prior keeps after the warm-up. Draws are then mixtures
    of two of them (see `models/mixtures.py`). With 0, draws are those from N(0, I)."""
    ema_images: int = 10_000
    """Half-life of the averaged weights that are exported, in pictures seen; 0 exports the last weights."""
    precision: str = setting("auto", choices=("auto", "bf16", "fp32"))
    """`fp32` (as in the code), `bf16` autocast, or `auto`, which is bf16 if the device has units for it. It is chosen
    once for each run folder. The classifiers and the judge use it, too."""
    checkpoint_images: int = setting(16_000, least=1)
    """Pictures between checkpoints and sample grids."""


@dataclass(frozen=True)
class HeadConfig:
    images: int = setting(0, needs=("gan.reconstruction_weight",))
    """Pictures on which the head is trained that draws large and transparent faces; 0 for none. Without larger or
    transparent pictures there is no head either."""
    batch_size: int = setting(16, least=2)
    """Pictures in each step."""
    lr: float = setting(2e-3, above=0)
    """Adam's step size."""
    matrix_lr: float = 0.01
    """Step size of Muon, which trains the weight matrices; 0 for Adam alone."""


@dataclass(frozen=True)
class ClassifierConfig:
    network: str = setting("residual", choices=("alexnet", "residual"))
    """`residual`, a small network that reads mouths of a few pixels; or `alexnet`, the paper's, which takes pretrained
    weights."""
    batch_size: int = setting(64, least=2)
    """Pictures in each step (code: 128)."""
    steps: int = setting(3_000, least=1)
    """Most training steps; training ends sooner when validation stops improving (code: 100 passes)."""
    lr: float = setting(2e-3, above=0)
    """AdamW's step size (code: 1e-3, Adam)."""
    hidden: int = setting(96, least=1)
    """Units of the fully connected layer; `alexnet` has one for each head (code: 128)."""
    floor: float = share(0.6)
    """Share of the test pictures whose emotion must be read correctly, from 0 to 1. Below it the run ends before any
    axis is fitted to guesses."""
    augment: bool = True
    """Noise, blur, colour changes, shift, rotation and scale, so that pictures drawn by a generator are read as well as
    real ones, and few pictures teach more."""
    coaches: int = setting(0, needs=("axes.path_moves",))
    """Number of coaches: further classifiers from other seeds, which the ends of the method `path` must convince as
    well. If only one network sees an emotion, it is seldom there."""


@dataclass(frozen=True)
class JudgeConfig:
    batch_size: int = setting(64, least=2)
    """Pictures in each step."""
    steps: int = setting(3_000, least=1)
    """Most training steps; training ends sooner when validation stops improving."""
    lr: float = setting(2e-3, above=0)
    """AdamW's step size."""


@dataclass(frozen=True)
class SamplesConfig:
    count: int = 20_000
    """Latents drawn and labelled for step III (code: 896, because a bug loses three of four files)."""
    batch_size: int = setting(256, least=1)
    """Latents rendered at a time, with the generator in eval mode."""


@dataclass(frozen=True)
class AxesConfig:
    method: str = setting("logit", choices=("boundary", "lda", "local", "logit", "paper", "path"))
    """Default method of the bundle. The other methods are fitted in any case, except for `path`."""
    held_out_share: float = share(0.2)
    """Share of (Z, Y) that is not used in the fit, but for R² and calibration."""
    calibration_faces: int = setting(256, least=1)
    """Held-out latents on which strength 1 is calibrated."""
    max_distance: float = setting(8.0, above=0)
    """Largest distance that calibration may choose for strength 1, in standard deviations of the prior."""
    path_moves: int = 0
    """Moves on which the network of the method `path` is trained; 0 leaves the method out."""


@dataclass(frozen=True)
class EvaluateConfig:
    faces: int = setting(512, least=2)
    """Latents that walk along the axes of the default method, and a quarter of them along those of other methods. None
    of them was used in a fit."""
    steps: int = setting(30, least=2)
    """Frames of a walk from strength 0 to 1."""
    samples: int = setting(10_000, least=2)
    """Latents for shares, precision, recall and KID."""
