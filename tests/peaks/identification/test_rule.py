"""The rule: its clues, its probabilities, what they rest on."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.peaks.identification.rule import (
    LOWEST_PRIOR,
    ConceptRule,
    Weights,
    default_rule,
    gather_clues,
    name_evidence,
    read_rule,
)
from loader.peaks.siglip import Calibration

SIGLIP = Calibration(math.log(10), -3.0)
cosines = st.lists(st.floats(-1, 1), min_size=1, max_size=20)
weights = st.builds(
    Weights, st.floats(-5, 5), st.floats(0.01, 3), st.floats(0.01, 3), st.floats(0.01, 3)
)


def test_clues_by_hand() -> None:
    clues = gather_clues([0.5, 0.2], SIGLIP, [0.8, 0.0])
    assert clues.log_match == pytest.approx([-math.log(1 + math.exp(-2)), -math.log(1 + math.exp(1))])
    both = math.exp(5) + math.exp(2)
    assert clues.log_share == pytest.approx([math.log(math.exp(5) / both), math.log(math.exp(2) / both)])
    assert clues.log_prior == pytest.approx([math.log(0.8), math.log(LOWEST_PRIOR)])
    assert gather_clues([0.5], SIGLIP, None).log_prior is None


def test_probability_by_hand() -> None:
    clues = gather_clues([0.5, 0.2], SIGLIP, [0.8, 0.1])
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
    before = rule.probability(gather_clues(values, SIGLIP, priors))
    likelier = [max(prior, 0.9) if place == row else prior for place, prior in enumerate(priors)]
    nearer = [min(value + 0.1, 1) if place == row else value for place, value in enumerate(values)]
    after = rule.probability(gather_clues(nearer, SIGLIP, likelier))
    assert after[row] >= before[row] - 1e-12
    others = np.arange(len(values)) != row
    assert (after[others] <= before[others] + 1e-12).all()
    assert ((after >= 0) & (after <= 1)).all()


@given(weights, cosines)
def test_without_a_position_the_prior_weighs_nothing(rule: Weights, values: list[float]) -> None:
    heavy = Weights(rule.bias, rule.match, rule.share, 99.0)
    clues = gather_clues(values, SIGLIP, None)
    assert heavy.probability(clues) == pytest.approx(rule.probability(clues))


def test_nothing_to_weigh() -> None:
    assert len(default_rule().sighted.probability(gather_clues([], SIGLIP, []))) == 0


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
    sure, denied = gather_clues([1.0, -1.0], Calibration(5.0, -17.0), [1.0, 0.0]), 1e-3
    for part in (rule.picture, rule.sighted):
        chances = part.probability(sure)
        assert chances[0] > rule.threshold and chances[1] < denied


def test_concepts_by_hand() -> None:
    rule = ConceptRule(bias=1.0, logit=2.0, threshold=0.5)
    assert rule.probability(np.array([0.0, -0.5])) == pytest.approx([1 / (1 + math.exp(-1)), 0.5])
