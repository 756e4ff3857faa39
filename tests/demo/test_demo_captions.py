"""Captions: true exactly where their conditions hold, in every language, drawn evenly."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from demo.caption_sampler import KIND_SHARES, CaptionSampler, truth_table
from demo.captions import Attributes, Caption, combined_caption, load_vocabulary, single_captions
from demo.scene import PEAKS, SKIES, THINGS, choose_scene

SCENE = Attributes("ama-dablam", "sunset", frozenset({"yak", "stupa"}))


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        (Caption("Ama Dablam", "peak", "en", peak="ama-dablam"), True),
        (Caption("Pumori", "peak", "en", peak="pumori"), False),
        (Caption("yak", "thing", "en", things=frozenset({"yak"})), True),
        (Caption("yak and tent", "thing", "en", things=frozenset({"yak", "tent"})), False),
        (Caption("sunset", "sky", "en", sky="sunset"), True),
        (Caption("a map", "absent", "en", absent=True), False),
    ],
)
def test_truth(caption: Caption, expected: bool) -> None:
    assert caption.is_true_of(SCENE) is expected
    assert truth_table([SCENE], [caption]).tolist() == [[1.0 if expected else -1.0]]


def test_every_subject_has_words_in_every_language() -> None:
    vocabulary = load_vocabulary()
    assert len(vocabulary.languages) >= 7
    assert set(vocabulary.words["things"]) == {*THINGS, "fresh-snow"}
    assert set(vocabulary.words["skies"]) == set(SKIES)
    for language in vocabulary.languages:
        for group in ("things", "skies"):
            for key in vocabulary.words[group]:
                assert vocabulary.names(group, key, language)
                assert vocabulary.phrase(group, key, language)
        for peak in PEAKS:
            assert vocabulary.peak_names(peak, language)


def test_no_caption_is_true_of_two_peaks() -> None:
    owners: dict[str, set[str]] = {}
    for caption in single_captions(load_vocabulary()):
        if caption.peak:
            owners.setdefault(caption.text.lower(), set()).add(caption.peak)
    assert all(len(peaks) == 1 for peaks in owners.values())


def test_combined_captions_are_true_of_their_scene() -> None:
    rng = random.Random(0)
    for seed in range(50):
        scene = choose_scene(seed).attributes
        caption = combined_caption(load_vocabulary(), scene, rng)
        assert caption.is_true_of(scene)
        assert "  " not in caption.text


def test_the_sampler_draws_its_shares_and_the_same_again() -> None:
    scenes = [choose_scene(seed).attributes for seed in range(32)]
    drawn = [CaptionSampler(load_vocabulary(), 4).draw(scenes, 100) for _ in range(2)]
    assert drawn[0] == drawn[1]
    kinds = Counter(caption.kind for caption in drawn[0])
    assert set(kinds) == set(KIND_SHARES)
    table = truth_table(scenes, drawn[0])
    assert table.shape == (32, len(drawn[0]))
    assert set(np.unique(table)) == {-1.0, 1.0}
