"""The report: one page that needs no other file, with every section, figure and number of the run."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import shutil
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tlgan_runtime.bundle.axes_json import parse_axes
from tlgan_train.axes.load import load_axes
from tlgan_train.axes.regression import gram_schmidt, symmetric_axes, unit_rows
from tlgan_train.axes.samples import read_faces
from tlgan_train.classifiers.judge import load_judge, train_judge
from tlgan_train.classifiers.training import class_scores
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.document import read_evaluation, write_evaluation
from tlgan_train.evaluation.evaluate import evaluate
from tlgan_train.evaluation.model import trained_model
from tlgan_train.evaluation.parts import EqualSuccess
from tlgan_train.gan.train import train_gan
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.models.dcgan import Generator
from tlgan_train.report.results import read_results
from tlgan_train.report.rule import FAILS, HOLDS, IN_PART, NOT_MEASURED
from tlgan_train.report.write import write_report
from tlgan_train.run_folder import write_json

EMOTIONS = ("anger", "joy", "<calm> & $sure$")
CHARACTERS = ("red", "blue")
SECTIONS = (
    "Summary", "The paper’s claims", "The generator", "The classifier and the judge", "The axes",
    "Probabilities along the axes", "Faces along the axes", "Leakage",
)  # fmt: skip
FIGURES = {
    "scores", "losses", "over_training", "learning", "samples", "shares", "nearest", "confusion", "cosines",
    "curves_logit", "curves_paper", "target", "before_after", "states", "walk", "all_axes_logit", "all_axes_paper",
    "leakage", "factor_leakage",
}  # fmt: skip
CONFIG = Config.from_dict(
    {
        "data": {"image_size": 32},
        "gan": {"latent_dim": 8, "generator_width": 4, "discriminator_width": 4, "batch_size": 8, "images": 32,
                "checkpoint_images": 8},
        "judge": {"batch_size": 32, "steps": 2},
        "evaluate": {"faces": 6, "steps": 4, "samples": 20},
    }
)  # fmt: skip


class Brightness(nn.Module):
    """A classifier whose logits are the brightness of rows of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(9.0))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        rows = x.mean(dim=(1, 3)) * self.gain
        return rows[:, : len(EMOTIONS)], rows[:, -len(CHARACTERS) :]


class Links(HTMLParser):
    """Everything in a page that could point elsewhere, its headings and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.headings: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if "src" in found:
            self.sources.append(found["src"] or "")
        if "href" in found:
            self.links.append(found["href"] or "")
        if "id" in found:
            self.anchors.add(found["id"] or "")
        if tag == "h2":
            self.headings.append("")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.headings and self.headings[-1] == "":
            self.headings[-1] = data


@pytest.fixture(scope="module")
def data() -> Dataset:
    random = np.random.default_rng(0)
    count = 120
    images = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    emotion, character = np.arange(count) % len(EMOTIONS), np.arange(count) // len(EMOTIONS) % len(CHARACTERS)
    split = np.repeat([0, 1, 2], [84, 18, 18]).astype(np.uint8)
    factors = {"yaw": random.standard_normal(count).astype(np.float32)}
    return Dataset(images, emotion, character, split, EMOTIONS, CHARACTERS, "0" * 64, "noise", factors)


@pytest.fixture(scope="module")
def run(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run made by the real stages, but for the classifier and the axes, whose fits would take a minute."""
    folder = tmp_path_factory.mktemp("run")
    train_gan(CONFIG, data, CHARACTERS[:1], folder, log=lambda line: None, progress=False)
    train_judge(CONFIG, data, folder, log=lambda line: None)
    classifier = Brightness().eval()
    test = data.indices("test")
    with torch.no_grad():
        outputs = classifier(torch.from_numpy(data.images[test]).permute(0, 3, 1, 2) / 127.5 - 1)
    scores = class_scores(tuple(out.numpy() for out in outputs), (data.emotion[test], data.character[test]))
    write_json(folder / "classifier" / "metrics.json", {"parameters": 0, "test": scores, "test_augmented": scores})
    slopes = unit_rows(np.random.default_rng(1).standard_normal((len(EMOTIONS), CONFIG.gan.latent_dim)))
    methods = {}
    for name, axes in (("paper", gram_schmidt(slopes)), ("logit", symmetric_axes(slopes))):
        fitted = {
            "samples": 800,
            "held_out_r2": [0.5] * 3,
            "calibrated_probability": [0.9] * 3,
            "cosine_before": slopes @ slopes.T,
        }
        methods[name] = {
            "directions": axes,
            "max_strength": [2.0, 3.0, 4.5],
            "keep_norm": name == "logit",
            "fitted": fitted,
        }
    document = {"schema_version": 1, "emotions": EMOTIONS, "latent_dim": 8, "default": "logit", "methods": methods}
    write_json(folder / "axes.json", document)
    generator = load_generator(folder)
    model = trained_model(
        generator,
        load_encoder(folder),
        classifier,
        load_judge(folder),
        EMOTIONS,
        CHARACTERS,
        CHARACTERS[:1],
        data.image_size,
        CONFIG.seed,
    )
    axes = parse_axes(load_axes(folder), EMOTIONS, generator.latent_dim)
    evaluation = evaluate(CONFIG.evaluate, data, model, axes, folder, log=lambda line: None)
    write_evaluation(folder / "evaluation.json", evaluation)
    return folder


@pytest.fixture(scope="module")
def generator(run: Path) -> Generator:
    return load_generator(run)


@pytest.fixture(scope="module")
def report(data: Dataset, run: Path, generator: Generator) -> Path:
    return write_report(CONFIG, data, generator, run, log=lambda line: None)


@pytest.fixture
def copied(run: Path, tmp_path: Path) -> Path:
    """A copy of the run without a report, to break."""
    return Path(shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("report.html", "figures")))


def test_page_needs_no_other_file(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    page = Links()
    page.feed(text)
    assert page.sources and all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert page.links and all(link.startswith("#") and link[1:] in page.anchors for link in page.links)
    assert not page.tags & {"link", "script", "iframe", "object"}
    assert "http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text


def test_page_has_every_section_and_figure(report: Path) -> None:
    page = Links()
    page.feed(report.read_text(encoding="utf-8"))
    assert tuple(page.headings) == SECTIONS
    assert {path.stem for path in (report.parent / "figures").glob("*.png")} == FIGURES
    embedded = {base64.b64decode(source.partition(",")[2]) for source in page.sources}
    assert embedded == {path.read_bytes() for path in (report.parent / "figures").glob("*.png")}
    for picture in embedded:
        with Image.open(io.BytesIO(picture)) as image:
            assert image.convert("L").getextrema()[0] < 250  # something is drawn


def test_table_holds_the_figures_of_the_evaluation(report: Path) -> None:
    evaluation = read_evaluation(report.parent / "evaluation.json")
    text = report.read_text(encoding="utf-8")
    first = text[text.index("<table>") : text.index("</table>")]
    for emotion in EMOTIONS:
        assert f">{escape(emotion)}</th>" in first
    assert first.count("<tr>") == 1 + (len(EMOTIONS) + 1) * 3
    for method in ("logit", "paper", "random"):
        for edit in evaluation.methods[method].emotions.values():
            assert f"<td>{edit.mean_end.value:.2f} " in first
            assert f"[{edit.mean_end.low:.2f}, {edit.mean_end.high:.2f}]" in first


def test_figure_grids_show_the_generators_faces(data: Dataset, report: Path, generator: Generator) -> None:
    results = read_results(CONFIG, data, generator, report.parent)
    assert [images for images, _ in results.grids] == [8, 16, 24, 32]
    with Image.open(report.parent / "figures" / "samples.png") as shown, Image.open(results.grids[-1][1]) as drawn:
        assert np.array_equal(np.asarray(shown), np.asarray(drawn.convert("RGB")))
    assert results.target == "joy"
    assert list(results.evaluation.methods) == ["logit", "paper", "random"]


def test_every_figure_of_the_paper_has_a_counterpart_with_verdicts(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    captions = re.findall(r"<figcaption><b>Figure \d+ \(the paper’s ([^)]*)\)\.</b>(.*?)</figcaption>", text)
    numbers = {int(number) for shown, _ in captions for number in re.findall(r"\d+", shown)}
    assert numbers == set(range(4, 17))
    verdicts = {HOLDS, IN_PART, FAILS, NOT_MEASURED}
    for shown, caption in captions:
        remarks = re.findall(r"<li>The paper: .*?Measured.*?<b>(.*?)</b></li>", caption)
        assert remarks and set(remarks) <= verdicts, shown


def test_claims_are_written_as_the_page_tells_them(report: Path) -> None:
    lines = (report.parent / "claims.md").read_text(encoding="utf-8").splitlines()
    page = Links()
    page.feed(report.read_text(encoding="utf-8"))
    words = "".join(page.words)
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("| ")]
    assert len(rows) > 20
    for row in rows:
        for cell in row:
            assert cell.strip().replace("\\|", "|") in words or set(cell.strip()) == {"-"}, cell


@pytest.mark.slow
def test_faces_of_several_characters_are_shown_before_and_after(
    data: Dataset, copied: Path, generator: Generator
) -> None:
    evaluation = read_evaluation(copied / "evaluation.json")
    write_evaluation(copied / "evaluation.json", dataclasses.replace(evaluation, drawn_characters=CHARACTERS))
    page = write_report(CONFIG, data, generator, copied, log=lambda line: None)
    caption = re.search(
        r"<img[^>]*alt=\"(Faces before and at the end of the axis of joy[^\"]*)\"", page.read_text("utf-8")
    )
    assert caption
    # Told of both methods: which characters are read before and after.
    told = re.findall(r"(Logit|Paper): (.*?)\.(?= |$)", caption[1])
    assert [method for method, _ in told] == ["Logit", "Paper"]
    names = "|".join(CHARACTERS)
    for _, changes in told:
        changed = re.fullmatch(rf"((; )?({names}) is then read as ({names}))+", changes)
        assert changed or changes == "the character read stays the same in every face"
    results = read_results(CONFIG, data, generator, copied)
    read = read_faces(generator, results.reader, results.latents(6, "evaluation faces"))[2].argmax(axis=1)
    missing = [name for place, name in enumerate(CHARACTERS) if place not in read]
    assert ("it reads none as" in caption[1]) == bool(missing)
    assert all(name in caption[1] for name in missing)


@pytest.mark.parametrize(
    ("missing", "stage"),
    [
        ("gan/metrics.jsonl", "gan"),
        ("gan/samples", "gan"),
        ("classifier/metrics.json", "classifier"),
        ("judge/metrics.json", "judge"),
        ("axes.json", "axes"),
        ("evaluation.json", "evaluate"),
    ],
)
def test_a_stage_that_has_not_run_is_named(
    data: Dataset, copied: Path, generator: Generator, missing: str, stage: str
) -> None:
    path = copied / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(TrainError, match=f"{missing} is missing; run `tlgan-train {stage}`") as raised:
        write_report(CONFIG, data, generator, copied, log=lambda line: None)
    assert "\n" not in str(raised.value)
    assert not (copied / "report.html").exists() and not (copied / "figures").exists()


@pytest.mark.slow
def test_changes_at_equal_success_are_a_table(data: Dataset, copied: Path, generator: Generator) -> None:
    evaluation = read_evaluation(copied / "evaluation.json")
    equal_success, noise = evaluation.methods["logit"].equal_success, evaluation.judge.factor_noise["yaw"]
    assert equal_success.keys() <= set(EMOTIONS)
    equal_success.clear()
    equal_success[EMOTIONS[0]] = EqualSuccess(0.5, [0.25, 1.0], {"yaw": [noise, 2 * noise]})
    write_evaluation(copied / "evaluation.json", evaluation)
    page = write_report(CONFIG, data, generator, copied, log=lambda line: None).read_text("utf-8")
    assert "stopped on the way" in page
    numbers = "".join(f"<td>{number}</td>" for number in (f"{noise:.2f}", f"{noise:.2f}", f"{2 * noise:.2f}", "0.00"))
    assert re.search(f"yaw</th>{numbers}", page)


@pytest.mark.slow
def test_without_joy_factors_measurable_faces_and_early_adversarial_losses(
    data: Dataset, copied: Path, generator: Generator
) -> None:
    names = ("anger", "glee", "calm")
    losses = copied / "gan" / "metrics.jsonl"
    losses.write_text(
        json.dumps({"images": 4, "reconstruction": 0.5, "images_per_second": 9}) + "\n" + losses.read_text()
    )
    evaluation = json.loads((copied / "evaluation.json").read_text())
    axes = json.loads((copied / "axes.json").read_text())
    nothing = {"value": None, "low": None, "high": None, "faces": 0}
    for result in evaluation["methods"].values():
        for key in ("emotions", "leakage", "factor_leakage"):
            result[key] = dict(zip(names, result[key].values(), strict=True))
        result["factor_leakage"] = {name: {} for name in names}
        for figures in result["emotions"].values():
            figures["success"] = nothing
    evaluation["judge"]["ceiling"] = dict.fromkeys(names)
    evaluation["judge"]["factor_r2"] = evaluation["judge"]["factor_noise"] = {}
    half = {"value": 0.5, "low": 0.25, "high": 0.75, "faces": 4}
    evaluation["character_edits"] = {
        "ada": {"success": half, "emotion_kept": nothing, "already_there": 0.5, "distance": 3.25}
    }
    for key in ("emotion_share", "emotion_share_of_data"):
        evaluation["generator"][key] = dict(zip(names, evaluation["generator"][key].values(), strict=True))
    write_json(copied / "evaluation.json", {**evaluation, "emotions": names})
    write_json(copied / "axes.json", {**axes, "emotions": names})
    plain = dataclasses.replace(data, emotions=names, factors={})
    page = write_report(CONFIG, plain, generator, copied, log=lambda line: None)
    assert "end of the axis of anger" in page.read_text(encoding="utf-8")
    assert "<td>–</td>" in page.read_text(encoding="utf-8")
    assert "turned into each drawn character" in page.read_text(encoding="utf-8")
    assert {path.stem for path in (copied / "figures").glob("*.png")} == FIGURES - {"factor_leakage"}
