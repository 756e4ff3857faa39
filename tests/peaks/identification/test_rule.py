"""The rule: its clues, its probabilities, what they rest on."""
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.peaks.identification.rule import (
    LOWEST_PRIOR,
    Clues,
    ConceptRule,
    Weights,
    default_rule,
    gather_clues,
    name_evidence,
    read_rule,
)
from loader.peaks.siglip import SiglipSigmoid

SIGLIP = SiglipSigmoid(math.log(10), -3.0)
cosines = st.lists(st.floats(-1, 1), min_size=1, max_size=20)
weights = st.builds(
    Weights, st.floats(-5, 5), st.floats(0.01, 3), st.floats(0.01, 3), st.floats(0.01, 3)
)


def clues_of(
    cosines: Sequence[float], priors: Sequence[float] | None, siglip: SiglipSigmoid = SIGLIP
) -> Clues:
    """Clues of one photo's candidates; None for a photo without a position."""
    prior = np.full(len(cosines), np.nan) if priors is None else np.array(priors, dtype=np.float64)
    return gather_clues(np.array([cosines], dtype=np.float64), siglip, prior[None])


def test_clues_by_hand() -> None:
    clues = clues_of([0.5, 0.2], [0.8, 0.0])
    assert clues.log_match[0] == pytest.approx([-math.log(1 + math.exp(-2)), -math.log(1 + math.exp(1))])
    both = math.exp(5) + math.exp(2)
    assert clues.log_share[0] == pytest.approx([math.log(math.exp(5) / both), math.log(math.exp(2) / both)])
    assert clues.log_prior[0] == pytest.approx([math.log(0.8), math.log(LOWEST_PRIOR)])
    assert np.isnan(clues_of([0.5], None).log_prior).all()


def test_photos_of_a_table_are_weighed_apart() -> None:
    nan = np.nan
    table = gather_clues(
        np.array([[0.5, 0.2, nan], [nan, 0.4, 0.1], [nan, nan, nan]]), SIGLIP,
        np.array([[0.8, 0.1, nan], [nan, nan, nan], [nan, nan, nan]]),
    )
    rule = default_rule()
    chances = rule.weigh(table)
    assert chances[0, :2] == pytest.approx(rule.sighted.probability(clues_of([0.5, 0.2], [0.8, 0.1]))[0])
    assert chances[1, 1:] == pytest.approx(rule.picture.probability(clues_of([0.4, 0.1], None))[0])
    assert np.isnan(chances).tolist() == [[False, False, True], [True, False, False], [True, True, True]]


def test_probability_by_hand() -> None:
    clues = clues_of([0.5, 0.2], [0.8, 0.1])
    evidence = 1.0 + 0.5 * clues.log_match + 2.0 * clues.log_share + 1.5 * np.log([0.8, 0.1])
    assert Weights(1.0, 0.5, 2.0, 1.5).probability(clues) == pytest.approx(1 / (1 + np.exp(-evidence)))
    alone = 1.0 + 0.5 * clues.log_match + 2.0 * clues.log_share
    assert Weights(1.0, 0.5, 2.0, 0.0).probability(clues) == pytest.approx(1 / (1 + np.exp(-alone)))


@given(weights, cosines, st.data())
def test_a_clue_never_counts_against_what_it_speaks_for(
    rule: Weights, values: list[float], data: st.DataObject
) -> None:
    priors = data.draw(st.lists(st.floats(0, 1), min_size=len(values), max_size=len(values)))
    row = data.draw(st.integers(0, len(values) - 1))
    before = rule.probability(clues_of(values, priors))[0]
    likelier = [max(prior, 0.9) if place == row else prior for place, prior in enumerate(priors)]
    nearer = [min(value + 0.1, 1) if place == row else value for place, value in enumerate(values)]
    after = rule.probability(clues_of(nearer, likelier))[0]
    assert after[row] >= before[row] - 1e-12
    others = np.arange(len(values)) != row
    assert (after[others] <= before[others] + 1e-12).all()
    assert ((after >= 0) & (after <= 1)).all()


def test_nothing_to_weigh() -> None:
    assert default_rule().weigh(clues_of([], [])).shape == (1, 0)


@pytest.mark.parametrize(
    ("looks_like_it", "is_in_frame", "evidence"),
    [(True, True, "both"), (True, False, "visual"), (False, True, "sight"), (False, False, "both")],
)
def test_evidence(looks_like_it: bool, is_in_frame: bool, evidence: str) -> None:
    assert name_evidence(looks_like_it, is_in_frame) == evidence


def test_the_rule_that_ships_is_sound() -> None:
    rule = default_rule()
    assert read_rule(rule.as_dict()) == rule
    for part in (rule.picture, rule.sighted):
        assert min(part.match, part.share, part.prior) >= 0
    assert rule.picture.prior == 0 and 0 < rule.threshold < 1
    # What every clue is sure of is named, and what every clue denies is not.
    sure, denied = clues_of([1.0, -1.0], [1.0, 0.0], SiglipSigmoid(5.0, -17.0)), 1e-3
    for part in (rule.picture, rule.sighted):
        chances = part.probability(sure)[0]
        assert chances[0] > rule.threshold and chances[1] < denied


def test_concepts_by_hand() -> None:
    rule = ConceptRule(bias=1.0, logit=2.0, threshold=0.5)
    assert rule.probability(np.array([0.0, -0.5])) == pytest.approx([1 / (1 + math.exp(-1)), 0.5])
