"""Arithmetic on latents: what `latent.py` promises, on axes with known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tiny_bundle import axis_directions
from tlgan_runtime.latent.centres import BetweenCentres, Centres, even_pace
from tlgan_runtime.latent.keep import basis, hold
from tlgan_runtime.latent.motions import StraightLines
from tlgan_runtime.latent.moves import move
from tlgan_runtime.latent.sampling import sample
from tlgan_runtime.latent.strengths import walk_strengths

pytestmark = pytest.mark.numerical

FIRST_OF_SEED_0 = [1.117622, -1.3871249, -0.4265716, -0.80358726]


NAMES = ("anger", "joy", "fear")


def lines(keep_norm: bool) -> StraightLines:
    return StraightLines(NAMES, axis_directions(3, 6), np.array([1.0, 2.0, 3.0]), keep_norm)


def between(centres: Centres) -> BetweenCentres:
    return BetweenCentres(NAMES, axis_directions(3, 6), np.ones(3), centres)


def test_same_seed_same_latents_whatever_the_count() -> None:
    many = sample(100, 6, seed=3)
    assert many.dtype == np.float32 and many.shape == (100, 6)
    np.testing.assert_array_equal(many[:4], sample(4, 6, seed=3))
    assert (many[:4] != sample(4, 6, seed=4)).any()


def test_latents_of_seed_0_are_the_same_on_every_machine() -> None:
    first = sample(1, 4, seed=0)[0]
    np.testing.assert_array_equal(first, np.array(FIRST_OF_SEED_0, dtype=np.float32))


def test_latents_are_standard_normal() -> None:
    z = sample(20_000, 4, seed=1)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(z.T), np.eye(4), atol=0.03)


@pytest.mark.parametrize("keep_norm", [True, False])
def test_strength_0_returns_the_same_bits(keep_norm: bool) -> None:
    z = sample(50, 6, seed=0)
    assert move(z, lines(keep_norm), np.zeros(3)).tobytes() == z.tobytes()


def test_move_is_strength_times_max_strength_along_the_direction() -> None:
    z = sample(5, 6, seed=0)
    axes = lines(keep_norm=False)
    moved = move(z, axes, np.array([0.0, 0.5, -1.0]))
    expected = z + 0.5 * 2.0 * axes.directions[1] - 1.0 * 3.0 * axes.directions[2]
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_opposite_moves_cancel_without_keep_norm() -> None:
    z = sample(5, 6, seed=0)
    axes = lines(keep_norm=False)
    there = move(z, axes, np.array([0.3, 0.5, 1.0]))
    np.testing.assert_allclose(move(there, axes, np.array([-0.3, -0.5, -1.0])), z, atol=1e-6)


def test_keep_norm_keeps_the_norm_and_the_direction_of_the_sum() -> None:
    z = sample(5, 6, seed=0)
    strengths = np.array([0.0, 1.0, 0.0])
    free = move(z, lines(keep_norm=False), strengths)
    kept = move(z, lines(keep_norm=True), strengths)
    np.testing.assert_allclose(np.linalg.norm(kept, axis=1), np.linalg.norm(z, axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        kept / np.linalg.norm(kept, axis=1, keepdims=True),
        free / np.linalg.norm(free, axis=1, keepdims=True),
        atol=1e-6,
    )


def test_strengths_may_differ_between_faces() -> None:
    z = sample(2, 6, seed=0)
    axes = lines(keep_norm=True)
    moved = move(z, axes, np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    assert moved[0].tobytes() == z[0].tobytes()
    np.testing.assert_array_equal(moved[1:], move(z[1:], axes, np.array([0.0, 1.0, 0.0])))


def test_walk_goes_from_0_to_1_in_even_steps() -> None:
    strengths = walk_strengths(5)
    np.testing.assert_allclose(strengths, [0, 0.25, 0.5, 0.75, 1])
    assert strengths[0] == 0 and strengths[-1] == 1


STEADY = even_pace(3)
CENTRES = Centres(
    4 * np.eye(3, 6), slopes=10 * np.eye(3, 6), intercepts=np.zeros(3), targets=4 * np.eye(3, 6), pace=STEADY
)
"""Each of three emotions is at home on an axis of its own; latents near a centre have it for certain."""


def around_centres() -> np.ndarray:
    return (np.repeat(CENTRES.latents, 4, axis=0) + 0.1 * sample(12, 6, seed=5)).astype(np.float32)


def test_with_centres_a_face_goes_from_its_own_to_the_other_and_keeps_its_place() -> None:
    z, axes = around_centres(), between(CENTRES)
    place = z - np.repeat(CENTRES.latents, 4, axis=0)
    moved = move(z, axes, np.array([0.0, 1.0, 0.0]))
    np.testing.assert_allclose(moved, CENTRES.latents[1] + place, atol=1e-5)
    half = move(z, axes, np.array([0.0, 0.5, 0.0]))
    np.testing.assert_allclose(half, (z + moved) / 2, atol=1e-5)
    both = move(z, axes, np.array([0.0, 0.5, 0.5]))
    np.testing.assert_allclose(both, CENTRES.latents[1:].mean(axis=0) + place, atol=1e-5)
    assert move(z, axes, np.zeros(3)).tobytes() == z.tobytes()


def test_with_centres_strengths_that_add_up_to_more_than_one_are_shared_out() -> None:
    z, axes = around_centres(), between(CENTRES)
    shared = move(z, axes, np.array([0.0, 0.5, 0.5]))
    np.testing.assert_allclose(move(z, axes, np.array([0.0, 1.0, 1.0])), shared, atol=1e-5)
    farther = move(z, axes, np.array([0.0, 1.5, 0.0])) - z  # one alone may go beyond its centre
    np.testing.assert_allclose(farther, 1.5 * (move(z, axes, np.array([0.0, 1.0, 0.0])) - z), atol=1e-5)


def test_with_centres_less_of_an_emotion_moves_only_the_faces_that_show_it() -> None:
    z, axes = around_centres(), between(CENTRES)
    moved = move(z, axes, np.array([0.0, -1.0, 0.0]))
    np.testing.assert_allclose(
        moved[4:8] - z[4:8], np.tile(CENTRES.latents.mean(axis=0) - CENTRES.latents[1], (4, 1)), atol=1e-5
    )
    np.testing.assert_allclose(np.delete(moved, range(4, 8), axis=0), np.delete(z, range(4, 8), axis=0), atol=1e-5)


def test_a_face_between_two_emotions_starts_from_between_their_centres() -> None:
    middle = CENTRES.latents[:2].mean(axis=0, keepdims=True)
    np.testing.assert_allclose(CENTRES.posterior(middle), [[0.5, 0.5, 0.0]], atol=1e-6)
    moved = move(middle.astype(np.float32), between(CENTRES), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(moved, CENTRES.latents[2:], atol=1e-5)


def test_strength_one_leads_to_the_target_which_may_lie_beyond_the_centre() -> None:
    beyond = replace(CENTRES, targets=CENTRES.latents * np.array([[1.0], [1.5], [1.0]]))
    z = around_centres()
    moved = move(z, between(beyond), np.array([0.0, 1.0, 0.0]))
    place = z - np.repeat(CENTRES.latents, 4, axis=0)
    np.testing.assert_allclose(moved, beyond.targets[1] + place, atol=1e-5)


def test_a_pace_says_how_much_of_the_way_each_strength_is() -> None:
    pace = np.tile([0.0, 0.5, 1.0], (3, 3, 1))
    pace[0, 1] = [0.0, 0.8, 1.0]  # from the first emotion to the second most happens early
    z, axes = around_centres(), between(replace(CENTRES, pace=pace))
    whole = move(z, axes, np.array([0.0, 1.0, 0.0])) - z
    for strength, first, others in (
        (0.5, 0.8, 0.5),
        (0.25, 0.4, 0.25),
        (0.75, 0.9, 0.75),
        (1.0, 1.0, 1.0),
        (1.5, 1.5, 1.5),
    ):
        part = move(z, axes, np.array([0.0, strength, 0.0])) - z
        np.testing.assert_allclose(part[:4], first * whole[:4], atol=1e-5)
        np.testing.assert_allclose(part[8:], others * whole[8:], atol=1e-5)
    each = move(z[:2], axes, np.array([[0.0, 0.5, 0.0], [0.0, 0.25, 0.0]])) - z[:2]
    np.testing.assert_allclose(each, np.array([[0.8], [0.4]]) * whole[:2], atol=1e-5)


def test_hold_leaves_out_what_leads_along_the_kept_directions() -> None:
    start, moved = sample(5, 6, seed=0), sample(5, 6, seed=1)
    rows = np.array([[1.0, 1, 0, 0, 0, 0], [1.0, -1, 0, 0, 0, 0], [2.0, 0, 0, 0, 0, 0]])  # three span two
    kept = basis(rows)
    held = hold(start, moved, kept)
    np.testing.assert_allclose(held[:, :2], start[:, :2], atol=1e-6)
    np.testing.assert_allclose(held[:, 2:], moved[:, 2:], atol=1e-6)
    assert hold(start, start, kept).tobytes() == start.tobytes()
