"""`CheerMeUp`: what the contract promises, on a bundle whose arithmetic is known."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.program import PATIENCE
from tests.tiny_bundle import CHARACTERS, EMOTION_GAIN, EMOTIONS, MAX_STRENGTH, axis_directions, draw, make_bundle
from tlgan_runtime import BundleDamagedError, CheerMeUp, CheerMeUpError, InputError

pytestmark = pytest.mark.numerical


def test_properties_say_what_is_in_the_bundle(editor: CheerMeUp, bundle: Path) -> None:
    assert editor.emotions == list(EMOTIONS) and editor.characters == list(CHARACTERS)
    assert editor.drawn_characters == list(CHARACTERS[:1])
    assert (editor.latent_dim, editor.image_size) == (8, 16)
    assert editor.methods == ["logit", "paper"] and editor.path == bundle.resolve()
    assert editor.providers[-1] == "CPUExecutionProvider"


def test_sample_is_seeded_and_does_not_depend_on_the_count(editor: CheerMeUp) -> None:
    z = editor.sample(8, seed=5)
    assert z.dtype == np.float32 and z.shape == (8, 8)
    np.testing.assert_array_equal(z[:3], editor.sample(3, seed=5))
    np.testing.assert_array_equal(editor.sample(2), editor.sample(2, seed=0))
    assert (z != editor.sample(8, seed=6)).any()


def test_render_draws_what_the_generator_means(editor: CheerMeUp) -> None:
    z = editor.sample(20, seed=1)
    np.testing.assert_array_equal(editor.render(z), draw(z))
    np.testing.assert_array_equal(editor.render(z.astype(np.float64)), draw(z))


def test_a_face_does_not_depend_on_its_neighbours(editor: CheerMeUp) -> None:
    z = editor.sample(19, seed=2)
    together = editor.render(z)
    np.testing.assert_array_equal(together, np.concatenate([editor.render(z[i : i + 1]) for i in range(len(z))]))
    scores = editor.classify(together)
    alone = [editor.classify(together[i : i + 1]) for i in range(len(z))]
    np.testing.assert_allclose(scores.emotion, np.concatenate([one.emotion for one in alone]), atol=1e-6)


def test_classify_gives_probabilities(editor: CheerMeUp) -> None:
    emotion, character = editor.classify(editor.render(editor.sample(9, seed=3)))
    assert emotion.shape == (9, 7) and character.shape == (9, 3)
    assert emotion.dtype == character.dtype == np.float32
    np.testing.assert_allclose(emotion.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(character.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_moving_raises_the_log_odds_of_the_emotion_by_the_known_amount(editor: CheerMeUp, emotion: str) -> None:
    z = 0.3 * editor.sample(16, seed=4)  # small, so that no level is clipped
    column = editor.emotions.index(emotion)
    moved = editor.move(z, {emotion: 1}, method="paper")
    before = np.log(editor.classify(editor.render(z)).emotion)
    after = np.log(editor.classify(editor.render(moved)).emotion)
    others = [index for index in range(7) if index != column]
    gained = (after - before)[:, column] - (after - before)[:, others].mean(axis=1)
    np.testing.assert_allclose(gained, EMOTION_GAIN * MAX_STRENGTH, atol=0.15)


def test_strength_0_is_no_move(editor: CheerMeUp) -> None:
    z = editor.sample(4, seed=0)
    for method in editor.methods:
        assert editor.move(z, {"joy": 0, "fear": 0.0}, method).tobytes() == z.tobytes()


def test_the_default_method_keeps_the_norm_and_paper_does_not(editor: CheerMeUp) -> None:
    z = editor.sample(4, seed=0)
    norm = np.linalg.norm(z, axis=1)
    np.testing.assert_array_equal(editor.move(z, {"joy": 1}), editor.move(z, {"joy": 1}, "logit"))
    np.testing.assert_allclose(np.linalg.norm(editor.move(z, {"joy": 1}), axis=1), norm, rtol=1e-5)
    assert not np.allclose(np.linalg.norm(editor.move(z, {"joy": 1}, "paper"), axis=1), norm, rtol=1e-2)


def test_mixes_add_and_negative_strength_goes_away(editor: CheerMeUp) -> None:
    z = editor.sample(2, seed=0)
    both = editor.move(z, {"joy": 0.8, "anger": -0.2}, "paper") - z
    one_by_one = [editor.move(z, {name: strength}, "paper") - z for name, strength in (("joy", 0.8), ("anger", -0.2))]
    np.testing.assert_allclose(both, sum(one_by_one), atol=1e-5)
    np.testing.assert_allclose(
        editor.move(z, {"joy": -1}, "paper") - z, z - editor.move(z, {"joy": 1}, "paper"), atol=1e-5
    )


def test_until_stops_each_face_where_the_emotion_is_seen(editor: CheerMeUp) -> None:
    z = editor.sample(20, seed=2)
    column, mix = editor.emotions.index("joy"), {"joy": 2.0, "anger": -0.2}
    seen = [editor.classify(editor.render(editor.move(z, {k: t * v for k, v in mix.items()}))).emotion[:, column]
            for t in np.linspace(0, 1, 17)]  # fmt: skip
    wanted = float(np.median(np.max(seen, axis=0)))  # half of the faces never get there
    moved = editor.move(z, mix, until=wanted)
    for face in range(20):
        reached = [step for step, row in enumerate(seen) if row[face] >= wanted]
        step = reached[0] if reached else int(np.argmax([row[face] for row in seen]))
        share = step / 16
        expected = editor.move(z[face : face + 1], {k: share * v for k, v in mix.items()})
        np.testing.assert_allclose(moved[face], expected[0], atol=1e-6)
    already = editor.move(z, mix, until=0.0)
    assert already.tobytes() == z.tobytes()


@pytest.mark.parametrize("faces", [1, 3, 8, 11])
def test_walk_renders_every_step_from_start_to_full_strength(editor: CheerMeUp, faces: int) -> None:
    z = editor.sample(faces, seed=0)
    frames = list(editor.walk(z, {"joy": 1, "fear": -0.5}, steps=7))
    assert len(frames) == 7
    for step, frame in enumerate(frames):
        share = step / 6
        np.testing.assert_array_equal(frame, editor.render(editor.move(z, {"joy": share, "fear": -0.5 * share})))


def test_walk_is_lazy_and_names_do_for_a_mix(editor: CheerMeUp) -> None:
    z = editor.sample(8, seed=0)
    frames = editor.walk(z, "joy", steps=10_000)
    np.testing.assert_array_equal(next(frames), editor.render(z))
    np.testing.assert_array_equal(
        np.stack(list(editor.walk(z, "joy", 3))), np.stack(list(editor.walk(z, {"joy": 1.0}, 3)))
    )


Z = np.zeros((2, 8), np.float32)
IMAGES = np.zeros((2, 16, 16, 3), np.uint8)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda editor: editor.sample(0), "number of faces must be a whole number from 1"),
        (lambda editor: editor.sample(10**12), "number of faces"),
        (lambda editor: editor.sample(2.0), "number of faces"),
        (lambda editor: editor.sample(True), "number of faces"),
        (lambda editor: editor.move(editor.sample(1), {"joy": 1}, until=90), "until must be a number from 0 to 1"),
        (lambda editor: editor.move(editor.sample(1), {"joy": -1}, until=0.9), "strength above 0"),
        (lambda editor: editor.sample(1, seed=-1), "seed must be"),
        (lambda editor: editor.sample(1, seed="0"), "seed must be"),
        (lambda editor: editor.render(Z[0]), r"\(N, 8\)"),
        (lambda editor: editor.render(Z[:, :7]), r"\(N, 8\)"),
        (lambda editor: editor.render(Z[:0]), "N at least 1"),
        (lambda editor: editor.render(Z.astype(int)), "float32, not int64"),
        (lambda editor: editor.render("joy"), "float32"),
        (lambda editor: editor.render([[1.0], [1.0, 2.0]]), "z must be an array"),
        (lambda editor: editor.render(range(10**15)), "z must be an array that fits into memory"),
        (lambda editor: editor.classify(range(10**15)), "images must be an array that fits into memory"),
        (lambda editor: editor.render(np.full((1, 8), np.nan, np.float32)), "finite"),
        (lambda editor: editor.render(np.full((1, 8), 1e300)), "finite"),
        (lambda editor: editor.classify(IMAGES.astype(np.float32)), "uint8"),
        (lambda editor: editor.classify(IMAGES[0]), r"\(N, 16, 16, 3\)"),
        (lambda editor: editor.classify(IMAGES[:, :8]), r"\(N, 16, 16, 3\)"),
        (lambda editor: editor.classify(IMAGES[:0]), r"\(N, 16, 16, 3\)"),
        (lambda editor: editor.move(Z, {"happyness": 1}), "unknown emotion 'happyness'.*anger.*joy"),
        (lambda editor: editor.move(Z, {"Joy": 1}), "did you mean joy"),
        (lambda editor: editor.move(Z, {}), "a mix holds strengths by name"),
        (lambda editor: editor.move(Z, "joy"), "a mix holds strengths by name"),
        (lambda editor: editor.move(Z, {"joy": float("nan")}), "strength of joy must be a number from -10 to 10"),
        (lambda editor: editor.move(Z, {"joy": 11}), "strength of joy"),
        (lambda editor: editor.move(Z, {"joy": "1"}), "strength of joy"),
        (lambda editor: editor.move(Z, {"joy": 1}, method="linear"), "unknown method 'linear'.*logit, paper"),
        (lambda editor: editor.walk(Z, "joy", steps=1), "steps must be a whole number from 2"),
        (lambda editor: editor.walk(Z, "joy", steps=10**9), "steps"),
        (lambda editor: editor.walk(Z, "glee"), "unknown emotion"),
        (lambda editor: editor.gif(3), "named by a path"),
        (lambda editor: editor.gif("out.gif", faces=10**6), "number of faces"),
        (lambda editor: editor.gif("out.gif", faces=900, size=512), "fewer or smaller faces"),
        (lambda editor: editor.gif("out.gif", steps=9000, faces=4), "million pixels"),
        (lambda editor: CheerMeUp(editor.path, provider="tpu"), "unknown provider 'tpu'.*auto, cpu, cuda"),
        (lambda editor: CheerMeUp(editor.path, threads=0), "threads must be"),
    ],
)
def test_bad_input_is_named_and_caught_as_a_value_error(
    editor: CheerMeUp, call: Any, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says) as caught:
        call(editor)
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, CheerMeUpError)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_threads_share_one_instance(bundle: Path) -> None:
    shared = CheerMeUp(bundle, threads=1)
    seeds = list(range(12))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: shared.render(shared.sample(9, seed)), seeds))
    for seed, images in zip(seeds, together, strict=True):
        np.testing.assert_array_equal(images, draw(shared.sample(9, seed)))


def test_threads_that_render_the_same_latents_see_what_one_thread_sees(bundle: Path) -> None:
    z = CheerMeUp(bundle).sample(11, seed=3)
    alone = CheerMeUp(bundle, threads=1)
    images = alone.render(z)
    scores = alone.classify(images)
    shared = CheerMeUp(bundle, threads=1)  # nothing of it has started: the threads race for that too
    gate = threading.Barrier(4)

    def work(_: int) -> tuple[Any, ...]:
        gate.wait(timeout=PATIENCE)
        drawn = shared.render(z)
        return (drawn, *shared.classify(drawn), next(shared.walk(z, "joy", 2)))

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(4)):
            for one, other in zip(found, (images, *scores, images), strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_pickle_is_small_and_renders_the_same_in_a_spawned_process(editor: CheerMeUp) -> None:
    z = editor.sample(3, seed=0)
    expected = editor.render(z)
    assert len(pickle.dumps(editor)) < 1000
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(editor)).render(z), expected)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        np.testing.assert_array_equal(pool.submit(editor.render, z).result(timeout=PATIENCE), expected)


def test_a_damaged_classifier_is_found_when_it_is_used(broken: Path) -> None:
    content = bytearray((broken / "classifier.onnx").read_bytes())
    content[200] ^= 1
    (broken / "classifier.onnx").write_bytes(content)
    editor = CheerMeUp(broken)
    images = editor.render(editor.sample(1))
    with pytest.raises(BundleDamagedError, match=r"classifier\.onnx"):
        editor.classify(images)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_memory_stays_level_over_many_calls(editor: CheerMeUp, tmp_path: Path) -> None:
    def resident_mib() -> float:
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def work(calls: int) -> None:
        for count in range(calls):
            editor.classify(editor.render(editor.sample(1 + count % 16)))
            if count % 20 == 0:
                editor.gif(
                    tmp_path / "a.gif", steps=2 + count % 7, faces=1 + count % 4, size=64, labels=True, bars=True
                )

    work(100)
    before = resident_mib()
    work(500)
    assert resident_mib() - before < 10


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    return CheerMeUp(make_bundle(tmp_path_factory.mktemp("cast") / "cast", drawn=2), threads=1)


def test_a_face_becomes_another_character_whatever_it_feels(cast: CheerMeUp) -> None:
    z = cast.sample(40, seed=3)
    before, after = (cast.classify(cast.render(latents)) for latents in (z, cast.move(z, {"bo": 1.0})))
    others = before.character[:, 1] < 0.5
    assert others.sum() > 10 and (after.character[others, 1] > before.character[others, 1]).all()
    both = cast.move(z, {"bo": 1.0, "joy": 0.5})
    np.testing.assert_array_equal(both, cast.move(cast.move(z, {"bo": 1.0}), {"joy": 0.5}))
    assert cast.move(z, {"bo": 0.0}).tobytes() == z.tobytes()


def test_until_also_waits_for_the_character(cast: CheerMeUp) -> None:
    z = cast.sample(30, seed=1)
    full = cast.move(z, {"bo": 1.0, "joy": 1.0})
    stopped = cast.move(z, {"bo": 1.0, "joy": 1.0}, until=0.6)
    seen = {name: cast.classify(cast.render(latents)) for name, latents in (("full", full), ("stopped", stopped))}
    lowest = {name: np.minimum(s.character[:, 1], s.emotion[:, 3]) for name, s in seen.items()}
    there = lowest["full"] >= 0.6
    assert there.any() and (lowest["stopped"][there] >= 0.6).all()
    nearer = np.linalg.norm(stopped - z, axis=1) < np.linalg.norm(full - z, axis=1) - 1e-3
    assert nearer.any()


def test_frames_and_captions_know_characters(cast: CheerMeUp, tmp_path: Path) -> None:
    frames = list(cast.walk(cast.sample(2), {"bo": 1.0}, steps=3))
    assert len(frames) == 3 and (frames[0] != frames[2]).any()
    written = cast.gif(tmp_path / "bo.gif", emotion="bo", steps=3, faces=1, size=64, labels=True, bars=True)
    assert written.frames == 4
    timed = cast.gif(tmp_path / "t.gif", timeline="start, bo@1s, bo+joy@2s", faces=1, size=64)
    assert timed.duration == pytest.approx(4, abs=0.1)


def test_one_character_cannot_become_another(editor: CheerMeUp) -> None:
    with pytest.raises(InputError, match="unknown emotion 'bo'"):
        editor.move(editor.sample(1), {"bo": 1.0})


def test_what_is_to_be_kept_does_not_change(cast: CheerMeUp) -> None:
    z = cast.sample(20, seed=2)
    joy = axis_directions(len(EMOTIONS), cast.latent_dim)[EMOTIONS.index("joy")]
    free, held = cast.move(z, {"joy": 1.0}, "paper"), cast.move(z, {"joy": 1.0}, "paper", keep=["character"])
    assert np.abs((free - z)[:, :2]).max() > 0.1  # the latents that tell the characters
    np.testing.assert_allclose((held - z)[:, :2], 0, atol=1e-5)
    assert ((held - z) @ joy > 0.3).all()
    stopped = cast.move(z, {"joy": 1.0}, "paper", keep=["character"], until=0.5)
    np.testing.assert_allclose((stopped - z)[:, :2], 0, atol=1e-5)
    assert (np.linalg.norm(stopped - z, axis=1) > 0).any()


def test_keep_takes_names_that_there_are(editor: CheerMeUp) -> None:
    z = editor.sample(2)
    np.testing.assert_array_equal(editor.move(z, {"joy": 1}, keep=["character"]), editor.move(z, {"joy": 1}))
    with pytest.raises(InputError, match="'smile'"):
        editor.move(z, {"joy": 1}, keep=["smile"])
    for keep in (["joy"], ["joy", "fear"]):
        with pytest.raises(InputError, match="next to nothing"):
            editor.move(z, {"joy": 1}, keep=keep)
    with pytest.raises(InputError, match="list of names"):
        editor.move(z, {"joy": 1}, keep="joy")


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_nothing_but_the_time(bundle: Path, editor: CheerMeUp, tmp_path: Path, threads: int) -> None:
    several = CheerMeUp(bundle, threads=threads)
    z = editor.sample(19)
    np.testing.assert_array_equal(several.sample(19), z)
    np.testing.assert_array_equal(several.render(z), editor.render(z))
    np.testing.assert_allclose(several.classify(several.render(z)).emotion, editor.classify(editor.render(z)).emotion)
    for name, app in (("one.gif", editor), ("several.gif", several)):
        app.gif(tmp_path / name, steps=7, faces=3, size=64, labels=True)
    assert (tmp_path / "one.gif").read_bytes() == (tmp_path / "several.gif").read_bytes()


def test_the_vocabulary_holds_all_names_that_mixes_may_use(editor: CheerMeUp) -> None:
    assert editor.vocabulary.emotions == tuple(editor.emotions)
    assert editor.vocabulary.characters == editor.vocabulary.attributes == ()
    editor.move(editor.sample(1), dict.fromkeys(editor.vocabulary.names, 0.1))
