"""The catalogue of concepts: read as strictly as the peaks', and the two that come with the project."""
from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from loader.errors import PeaksError
from loader.peaks.concept_catalogue import Concept, parse_concepts, read_concepts
from tests.conftest import REPOSITORY

GOOD = """\
- id: prayer-flags
  names:
    en: [prayer flags]
    ne: [प्रार्थना झण्डा, लुङ्दर]
- id: yak
  names: [yak, याक]
"""


def test_a_good_catalogue_is_read_whole() -> None:
    flags = {"en": ("prayer flags",), "ne": ("प्रार्थना झण्डा", "लुङ्दर")}
    assert parse_concepts(GOOD, "concepts.yaml") == [
        Concept("prayer-flags", ("prayer flags", "प्रार्थना झण्डा", "लुङ्दर"), flags),
        Concept("yak", ("yak", "याक"), {"und": ("yak", "याक")}),
    ]


def test_the_document_has_the_fields_of_the_index() -> None:
    assert parse_concepts(GOOD, "concepts.yaml")[1].document() == {"id": "yak", "names": ["yak", "याक"]}


def test_a_word_that_languages_share_is_one_name() -> None:
    (yak,) = parse_concepts("- id: yak\n  names: {en: [yak], de: [Yak], fr: [yak, yack]}\n", "c.yaml")
    assert yak.names == ("yak", "yack")
    assert yak.names_by_language["de"] == ("Yak",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "c.yaml is empty: give at least one '- id: …' entry."),
        ("[]\n", "c.yaml holds no concept: give at least one '- id: …' entry."),
        ("yak\n", "c.yaml, line 1: the catalogue must be a list of concepts, each starting with '- id:'."),
        ("- yak\n", "c.yaml, line 1: a concept must be given as 'id: …', 'names: […]'."),
        ("- id: yak\n", "c.yaml, line 1: the concept 'yak' has no 'names'; add it."),
        ("- id: Yak\n  names: [yak]\n",
         "c.yaml, line 1: the id 'Yak' is not a slug; use lower-case letters a-z, digits and single hyphens, "
         "as in 'prayer-flags'."),
        ("- id: yak\n  names: [yak]\n  latlon: {lat: 1, lon: 2}\n",
         "c.yaml, line 3: unknown key 'latlon'; the keys are id, names."),
        ("- id: yak\n  names: [a]\n- id: yak\n  names: [b]\n",
         "c.yaml: the id 'yak' stands on line 1 and again on line 3; an id names one concept, so remove or "
         "rename one of them."),
        ("- id: yak\n  names: ['']\n", "c.yaml, line 2: a name is empty; write the concept's name."),
        ("[" * 5000, "c.yaml is nested too deeply to be a catalogue of concepts."),
    ],
)
def test_bad_input_is_one_sentence_with_the_line(text: str, sentence: str) -> None:
    with pytest.raises(PeaksError) as refused:
        parse_concepts(text, "c.yaml")
    assert refused.value.message == sentence


@pytest.mark.parametrize("file", ["catalogues/concepts.yaml", "demo/concepts.yaml"])
def test_catalogues_of_the_project_speak_eight_languages(file: str) -> None:
    concepts = read_concepts(REPOSITORY / Path(file))
    languages = {language for concept in concepts for language in concept.names_by_language}
    assert languages == {"en", "de", "fr", "es", "it", "ne", "hi", "ja"}
    for concept in concepts:
        assert next(iter(concept.names_by_language)) == "en"


@pytest.mark.parametrize("file", ["catalogues/concepts.yaml", "demo/concepts.yaml"])
def test_no_two_concepts_share_a_name(file: str) -> None:
    owners: dict[str, str] = {}
    for concept in read_concepts(REPOSITORY / Path(file)):
        for name in concept.names:
            assert owners.setdefault(name.casefold(), concept.id) == concept.id, name


def test_the_demos_concepts_are_what_it_draws_in_its_own_words() -> None:
    words = yaml.safe_load((REPOSITORY / "demo" / "captions.yaml").read_text(encoding="utf-8"))
    drawn = {**words["things"], **words["skies"]}
    concepts = {concept.id: concept for concept in read_concepts(REPOSITORY / "demo" / "concepts.yaml")}
    assert list(concepts) == list(drawn)
    for key, languages in drawn.items():
        expected = {language: tuple(said["names"]) for language, said in languages.items()}
        assert concepts[key].names_by_language == expected
