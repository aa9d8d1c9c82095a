"""The parts of an evaluation: figures of a generator, of edits, and of the networks that read faces."""

from __future__ import annotations

from dataclasses import dataclass

from tlgan_runtime.bundle.manifest import Fit

# A figure that does not exist, such as a mean over no faces, is None here and null in the file. Fields with the default
# None are different: the file has no such key while they are None.


@dataclass(frozen=True)
class Estimate:
    """A mean over faces with its 95 % bootstrap interval; None where there are no faces."""

    value: float | None
    low: float | None
    high: float | None
    faces: int
    """Number of faces in the mean."""


@dataclass(frozen=True)
class Quartiles:
    """The quartiles of several numbers; None where there are none."""

    low: float | None
    median: float | None
    high: float | None


@dataclass(frozen=True)
class QuartileCurves:
    """The quartiles over faces at each step of a walk: (steps,) each."""

    low: list[float]
    median: list[float]
    high: list[float]


@dataclass(frozen=True)
class ReaderAccuracy:
    """How well a network reads one kind of label in test pictures."""

    accuracy: float
    """Share of the test pictures that it reads correctly."""
    majority: float
    """Share of the most frequent class: the accuracy of always guessing that."""
    pictures: int


@dataclass(frozen=True)
class JudgeReliability:
    """How far the judge can be trusted, on test pictures."""

    emotion_accuracy: float | None
    character_accuracy: float | None
    ceiling: dict[str, float | None]
    """For each emotion the share of its pictures with p ≥ 0.9; None where there are no pictures of it."""
    factor_r2: dict[str, float | None]
    """R² of each known factor."""
    factor_noise: dict[str, float] | None = None
    """Mean absolute difference between two readings of one known factor, in standard deviations of the pictures."""


@dataclass(frozen=True)
class GeneratorQuality:
    """How samples compare with the training pictures of the drawn characters, in the features of the judge."""

    fid: float | None
    """Fréchet inception distance; 0 is best."""
    kid: float | None
    """Kernel inception distance; 0 is best, and noise may make it negative."""
    kid_between_real: float | None
    """KID between two halves of the training pictures: the noise of `kid`."""
    precision: float | None
    """Share of samples that lie among training pictures."""
    recall: float | None
    """Share of training pictures that lie among samples."""
    confident_share: float | None
    """Share of samples with p ≥ 0.9 for one emotion."""
    emotion_share: dict[str, float]
    """Share of the samples that the judge reads as each emotion."""
    emotion_share_of_data: dict[str, float]
    """Share of each emotion in the training pictures."""
    character_share: dict[str, float]
    character_share_of_data: dict[str, float]
    nearest_training_pictures: list[int]
    """Index in the data set of the picture nearest to each of the first samples."""
    nearest_distances: list[float]
    """Euclidean distance of each of these pairs."""
    nearest_distance_between_real: Quartiles
    """Distances from pictures in one half of the training pictures to the nearest in the other half."""
    classifier_agrees: float | None
    """Share of samples in which classifier and judge read the same emotion."""
    copying: float | None = None
    """Probability that a sample lies nearer to the training pictures than a test picture does; near 1, samples are
    copies. None where no picture could be kept back."""


@dataclass(frozen=True)
class Redrawing:
    """How well encoder and generator draw pictures again that they were not trained on."""

    psnr: float
    """Mean PSNR of the test pictures, dB."""
    log_error: float
    """Mean over the validation pictures of the logarithm of the mean squared error, where levels are from 0 to 1."""
    log_error_deviation: float
    """Standard deviation of these logarithms."""

    @property
    def fit(self) -> Fit:
        """What the manifest says of them."""
        return Fit(self.log_error, self.log_error_deviation)


@dataclass(frozen=True)
class EditQuality:
    """How well walks from strength 0 to 1 reach their target, and what else stays."""

    already_there: float
    """Share of faces that start at p ≥ 0.5."""
    success: Estimate
    """Share of faces with p ≥ 0.9 at the end, without those that are already there."""
    mean_end: Estimate
    """Probability at the end."""
    monotone: Estimate
    """Share of faces whose p never falls more than 0.05 below its highest so far, without those already there."""
    rank_correlation: Estimate
    """Spearman's ρ between step and p, -1 to 1, without the faces that are already there."""
    character_kept: Estimate
    """Share of faces that the judge reads as the same character at every step."""
    smoothness: Estimate
    """Largest step of a walk over its mean step, in the features of the judge; 1 is even."""


@dataclass(frozen=True)
class EmotionEdit(EditQuality):
    """How well walks to one emotion work."""

    kid_end: float | None
    """KID of the last frames against training pictures of the emotion."""
    kid_unmoved: float | None
    """The same for as many samples that show the emotion without an edit."""
    kid_middle: float | None
    """KID of the frames in the middle against all training pictures."""
    distance: float
    """Mean distance from first to last frame, in standard deviations of the prior."""
    end_norm: float
    """Mean length of the last latents over that of the first."""
    curves: list[list[float]] | None = None
    """(E, steps), mean probability of every emotion. A bundle leaves it out."""
    curve_quantiles: QuartileCurves | None = None
    """Probability of the emotion. A bundle leaves it out."""


@dataclass(frozen=True)
class EqualSuccess:
    """What a method and `paper` change where they succeed equally often; pairs hold the method first."""

    success: float
    strengths: list[float]
    """(2,), strengths at which as many faces succeed."""
    factors: dict[str, list[float]]
    """(2,) for each known factor: its mean absolute change, in standard deviations of the pictures."""


@dataclass(frozen=True)
class SameDistance:
    """What a straight axis does over the distance that the default method moves."""

    distance: float
    """Standard deviations of the prior."""
    success: Estimate
    mean_end: Estimate


@dataclass(frozen=True)
class MethodResult:
    """How well one method of moving faces works, by emotion."""

    emotions: dict[str, EmotionEdit]
    leakage: dict[str, list[float]]
    """(E,) for each axis: the mean change in the probability of every emotion, -1 to 1."""
    factor_leakage: dict[str, dict[str, float]]
    """For each axis, by known factor: its mean absolute change, in standard deviations of the pictures."""
    equal_success: dict[str, EqualSuccess] | None = None
    """None for `paper`, and where no factors are known."""
    same_distance: dict[str, SameDistance] | None = None
    """None for methods that do not follow straight lines."""


@dataclass(frozen=True)
class CharacterEdit:
    """How well faces turn into one character at strength 1."""

    success: Estimate
    """Share with p ≥ 0.9 for the character, without the faces that start at p ≥ 0.5."""
    emotion_kept: Estimate
    """Share in which the judge reads the same emotion as before."""
    already_there: float
    """Share of faces that start at p ≥ 0.5."""
    distance: float
    """Mean distance moved, in standard deviations of the prior."""


@dataclass(frozen=True)
class Weakness:
    """One thing that is wrong with a model."""

    kind: str
    """For programs: `classifier_chance`, `axes_fail`, …"""
    says: str
    """For people: one sentence without a full stop."""
    figures: dict[str, float]
    """The figures that show it, by the name of a class or of a figure."""
