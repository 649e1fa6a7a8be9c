"""The counter-based masks: the same bits everywhere, the right rate, and no dependence between any two of them."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest

from chainrule.core import rng
from chainrule.errors import ConfigError

SHAPE = (64, 64)


def mask(seed: int = 1, step=0, layer: int = 0, shape: tuple[int, ...] = SHAPE, p: float = 0.5, xp=np) -> np.ndarray:
    return np.asarray(rng.keep_mask(xp, seed, step, layer, shape, p))


# Known values -------------------------------------------------------------------------------------------------------

# Written down once: a model file that names a seed must mean the same masks for ever.
PINNED = {
    (0, 0, 0): "1111011001101100",
    (1, 0, 0): "0000101010001100",
    (0, 1, 0): "1101110100011001",
    (0, 0, 1): "0111011001101000",
    (2**63 + 5, 10**6, 3): "0110011011001101",
}


@pytest.mark.parametrize(("key", "bits"), PINNED.items(), ids=str)
def test_pinned_masks(key, bits: str):
    assert "".join(map(str, mask(*key, shape=(16,)).astype(int))) == bits


def test_pinned_checksum_of_a_large_mask():
    assert zlib.crc32(np.packbits(mask(7, 3, 1, (100, 101), 0.3)).tobytes()) == 3518170533


def test_the_definition_in_plain_integers():
    """The documented formula, computed element by element with Python's integers."""
    word = 0xFFFFFFFF

    def mix(x: int) -> int:
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & word
        x = ((x ^ (x >> 15)) * 0x846CA68B) & word
        return x ^ (x >> 16)

    seed, step, layer, p = 0x1234567890ABCDEF, 77, 2, 0.4
    base = mix((seed & word) ^ mix(((seed >> 32) + 0x9E3779B9) & word))
    k1 = mix((base + step * 0x85EBCA6B) & word)
    k2 = mix((k1 + (layer + 1) * 0xC2B2AE35) & word)
    expected = [mix(mix((element + k2) & word) ^ k1) >= round(p * 2**32) for element in range(30)]
    assert mask(seed, step, layer, (5, 6), p).reshape(-1).tolist() == expected


# The same bits everywhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [(0, 0, 0), (1, 5, 2), (2**64 - 1, 2**31, 7), (2**40, 123456789, 0)], ids=str)
def test_jax_makes_the_same_bits(key):
    jax = pytest.importorskip("jax")
    seed, step, layer = key
    expected = mask(seed, step, layer, (7, 9), 0.3)
    np.testing.assert_array_equal(mask(seed, step, layer, (7, 9), 0.3, jax.numpy), expected)
    if step < 2**31:
        traced = jax.jit(lambda s: rng.keep_mask(jax.numpy, seed, s, layer, (7, 9), 0.3))
        np.testing.assert_array_equal(traced(step), expected)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32])
def test_a_step_in_an_array_makes_the_same_bits(dtype):
    for step in (0, 1, 1000):
        np.testing.assert_array_equal(mask(3, np.asarray(step, dtype), 1), mask(3, step, 1))
        np.testing.assert_array_equal(mask(3, dtype(step), 1), mask(3, step, 1))


def test_the_shape_only_arranges_the_elements():
    flat = mask(shape=(24,))
    np.testing.assert_array_equal(mask(shape=(2, 3, 4)).reshape(-1), flat)
    np.testing.assert_array_equal(mask(shape=(12,)), flat[:12])
    assert mask(shape=()).shape == ()
    assert mask(shape=(0, 3)).shape == (0, 3)


def test_masks_do_not_touch_numpys_generator():
    rng.manual_seed(3)
    first = rng.generator().random()
    rng.manual_seed(3)
    mask()
    assert rng.generator().random() == first


# Statistics ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 0.1, 0.25, 0.5, 0.8, 0.99])
def test_rate(p: float):
    n = 1_000_000
    dropped = n - int(mask(5, 9, 1, (1000, 1000), p).sum())
    assert abs(dropped - n * p) <= 4 * np.sqrt(n * p * (1 - p))


def test_everything_is_dropped_at_one():
    assert not mask(p=1.0, shape=(1000, 1000)).any()


def test_rate_of_each_element_over_steps():
    """Over 2,000 steps each element is dropped at the same rate: χ² with one degree of freedom per element."""
    steps, p = 2_000, 0.3
    dropped = sum((~mask(11, step, 0, (200,), p)).astype(int) for step in range(steps))
    chi_square = ((dropped - steps * p) ** 2 / (steps * p * (1 - p))).sum()
    assert abs(chi_square - 200) < 4 * np.sqrt(2 * 200)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """In standard deviations of what independent masks have."""
    return float(abs(np.corrcoef(a.reshape(-1), b.reshape(-1))[0, 1]) * np.sqrt(a.size))


@pytest.mark.parametrize(
    "others",
    [
        [{"step": step} for step in range(20)],
        [{"layer": layer} for layer in range(20)],
        [{"seed": seed} for seed in range(20)],
        [{"seed": 1 << bit} for bit in range(64)],
        [{"step": 1 << bit} for bit in range(31)],
        [{"seed": a, "step": b, "layer": c} for a, b, c in itertools.product(range(3), repeat=3)],
    ],
    ids="steps layers seeds seed-bits step-bits all".split(),
)
def test_masks_of_different_counters_are_independent(others):
    masks = [mask(**other) for other in others]
    worst = max(correlation(a, b) for a, b in itertools.combinations(masks, 2))
    assert worst < 5.0  # the largest of up to 2,000 normal deviates


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 1024])
def test_elements_are_independent(lag: int):
    flat = mask(3, 1, 0, (400_000,), 0.5)
    assert correlation(flat[:-lag], flat[lag:]) < 4.5


def test_steps_do_not_shift_into_one_another():
    """No mask is another step's or layer's mask moved by some elements."""
    here = mask(3, 1, 0, (4096,))
    for other in (mask(3, 2, 0, (8192,)), mask(3, 1, 1, (8192,)), mask(4, 1, 0, (8192,))):
        agreement = [(here == other[lag : lag + 4096]).mean() for lag in range(0, 4096, 7)]
        assert max(agreement) < 0.6


def test_runs_have_the_geometric_distribution():
    flat = mask(3, 1, 0, (200_000,), 0.5).astype(int)
    edges = np.flatnonzero(np.diff(flat))
    lengths = np.diff(edges)
    observed = np.bincount(np.minimum(lengths, 10), minlength=11)[1:]
    expected = len(lengths) * np.append(0.5 ** np.arange(1, 10), 0.5**9)
    assert ((observed - expected) ** 2 / expected).sum() < 30  # χ², 9 degrees of freedom, p = 0.0004


# Counters of the present step ---------------------------------------------------------------------------------------


def test_next_mask_counts_layers_within_a_step():
    with rng.at_step(5, 12):
        first, second = rng.next_mask(np, SHAPE, 0.5), rng.next_mask(np, SHAPE, 0.5)
    np.testing.assert_array_equal(first, mask(5, 12, 0))
    np.testing.assert_array_equal(second, mask(5, 12, 1))
    with rng.at_step(5, 13):
        np.testing.assert_array_equal(rng.next_mask(np, SHAPE, 0.5), mask(5, 13, 0))


def test_steps_nest_and_restore_the_counters():
    with rng.at_step(5, 1):
        rng.next_mask(np, SHAPE, 0.5)
        with rng.at_step(6, 2):
            rng.next_mask(np, SHAPE, 0.5)
        np.testing.assert_array_equal(rng.next_mask(np, SHAPE, 0.5), mask(5, 1, 1))


def test_free_masks_follow_the_seed():
    rng.manual_seed(4)
    first = [rng.next_mask(np, SHAPE, 0.5) for _ in range(3)]
    rng.manual_seed(4)
    again = [rng.next_mask(np, SHAPE, 0.5) for _ in range(3)]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], first[1])


def test_seeds():
    assert rng.manual_seed(np.int64(3)) is rng.generator()
    assert rng.initial_seed() == 3
    first = rng.generator().random(3)
    assert np.array_equal(np.random.default_rng(3).random(3), first)


@pytest.mark.parametrize("wrong", [-1, 1.5, "a", None, True])
def test_bad_seeds(wrong):
    with pytest.raises(ConfigError, match="seed"):
        rng.manual_seed(wrong)
