"""Catalogues of peaks and concepts: read strictly, refused with a line; those that come with the project."""
from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Entry, Peak
from loader.peaks.catalogue_file import parse_catalogue, read_catalogue
from loader.place import Point
from tests.conftest import REPOSITORY

GOOD = """\
# a comment
- id: ama-dablam
  names: ["Ama Dablam"]
  latlon: {lat: 27.86167, lon: 86.86139}
  elev_m: 6812

- id: khumbila
  names:
    - Khumbila
    - "Khumbu Yül-Lha"
  latlon:
    lat: 27.848427
    lon: 86.709144
"""
NO_LIST = (
    "'names' must be a list, as in [\"Ama Dablam\"], or a list for each language, as in "
    "{en: [\"Ama Dablam\"]}."
)
PROJECT = [REPOSITORY / "catalogues" / "concepts.yaml", REPOSITORY / "demo" / "concepts.yaml"]


def entry(**changes: str) -> str:
    """A catalogue of one peak, line 1 to 4, with the text of some values replaced."""
    fields = {"id": "x", "names": "[X]", "latlon": "{lat: 27.5, lon: 86.5}", **changes}
    lines = [f"{key}: {value}".rstrip() for key, value in fields.items()]
    return "- " + "\n  ".join(lines) + "\n"


def refusal(text: str, kind: type[Entry] = Peak) -> str:
    with pytest.raises(PeaksError) as refused:
        parse_catalogue(text, "c.yaml", kind)
    return refused.value.message


def test_the_word_for_no_peak_is_no_id() -> None:
    assert refusal(entry(id="none")) == (
        "c.yaml, line 1: the id 'none' is a person's word for no peak; give the peak another id."
    )
    assert parse_catalogue('- {id: none, names: ["None"]}', "c.yaml", Concept)[0].id == "none"


def test_a_good_catalogue_is_read_whole() -> None:
    peaks = parse_catalogue(GOOD, "c.yaml", Peak)
    assert peaks == [
        Peak("ama-dablam", ("Ama Dablam",), Point(27.86167, 86.86139), 6812),
        Peak("khumbila", ("Khumbila", "Khumbu Yül-Lha"), Point(27.848427, 86.709144), None),
    ]
    assert peaks[1].names_by_language == {"und": ("Khumbila", "Khumbu Yül-Lha")}
    assert peaks[0].document() == {
        "id": "ama-dablam",
        "names": ["Ama Dablam"],
        "label": "Ama Dablam 6812 m",
        "latlon": {"lat": 27.86167, "lon": 86.86139},
        "elev_m": 6812,
    }
    assert "elev_m" not in peaks[1].document() and peaks[1].document()["label"] == "Khumbila"


def test_names_by_language_are_one_list_too_and_a_word_that_languages_share_stands_once() -> None:
    text = "- id: yak\n  names: {en: [yak], de: [Yak], no: [yak, jakokse], ne: [याक]}\n"
    [yak] = parse_catalogue(text, "c.yaml", Concept)
    assert yak == Concept("yak", ("yak", "jakokse", "याक"))
    assert yak.document() == {"id": "yak", "names": ["yak", "jakokse", "याक"]}
    assert yak.names_by_language == {
        "en": ("yak",), "de": ("Yak",), "no": ("yak", "jakokse"), "ne": ("याक",)
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "c.yaml holds no peak: give at least one '- id: …' entry."),
        ("[]\n", "c.yaml holds no peak: give at least one '- id: …' entry."),
        ("id: x\n", "line 1: the catalogue must be a list of peaks, each starting with '- id:'."),
        ("- 1\n", "line 1: a peak must be given as id: …, names: …, latlon: …."),
        ("- id: x\n  names: [X]\n", "line 1: the peak 'x' has no 'latlon'; add it."),
        ("- names: [X]\n", "line 1: the peak has no 'id'; add it."),
        (GOOD + "- id: ama-dablam\n  names: [Other]\n  latlon: {lat: 1, lon: 2}\n",
         "c.yaml: the id 'ama-dablam' stands on line 2 and again on line 14; an id names one peak, so "
         "remove or rename one of them."),
        (entry(id=""), "line 1: the id is empty; write it."),
        (entry(id="Ama Dablam"),
         "line 1: the id 'Ama Dablam' is not a slug; use lower-case letters a-z, digits and single hyphens, "
         "as in 'ama-dablam'."),
        (entry(id="no"), "line 1: the id 'no' is not text; put it in quotes."),
        (entry(names=""), f"line 2: {NO_LIST}"),
        (entry(names="[]"), "line 2: 'names' is empty; a peak needs at least one name."),
        (entry(names="{en: Everest}"),
         "line 2: the names under 'en' must be a list, as in [\"Ama Dablam\"]."),
        (entry(names="{en: [X], ja: []}"),
         "line 2: there is no name under 'ja'; write one or leave the language out."),
        (entry(names="{English: [X]}"),
         "line 2: 'English' is no language; give its BCP 47 code, as in 'en' or 'ne'."),
        (entry(names="{[en]: [X]}"),
         "line 2: '(not a word)' is no language; give its BCP 47 code, as in 'en' or 'ne'."),
        (entry(names="{en: [X], en: [Y]}"), "line 2: 'en' is given twice, first on line 2; remove one."),
        (entry(names="{en: [Pumori, PUMORI]}"),
         "line 2: the name 'PUMORI' stands twice under 'en'; remove one."),
        (entry(names="[Pumori, pumori]"), "line 2: the name 'pumori' stands twice in one peak; remove one."),
        (entry(names="[X, 8848]"), "line 2: a name '8848' is not text; put it in quotes."),
        (entry(names='["  "]'), "line 2: a name is empty; write the peak's name."),
        (entry(names="[X, {a: b}]"), "line 2: a name must be text."),
        (entry(names='["A | B"]'),
         "line 2: the name 'A | B' holds '|', which separates names; give two names."),
        (entry(latlon="{lat: 27}"), "line 3: 'latlon' must be {lat: …, lon: …} in degrees."),
        (entry(latlon="{lat: 91, lon: 0}"),
         "line 3: the latitude 91 is impossible; it must be -90 to 90 degrees."),
        (entry(latlon="{lat: 9, lon: 186.5}"),
         "line 3: the longitude 186.5 is impossible; it must be -180 to 180 degrees."),
        (entry(latlon="{lat: .nan, lon: 1}"),
         "line 3: the latitude '.nan' is not a plain number of degrees."),
        (entry(latlon="{lat: 27:59:18, lon: 1}"),
         "line 3: the latitude '27:59:18' is not a plain number of degrees."),
        (entry(latlon="{lat: 0, lon: 0.0}"),
         "line 3: latitude 0, longitude 0 is open sea; give the peak's position."),
        (entry(latlon="{lat: 27, long: 86}"), "line 3: unknown key 'long'; the keys are lat, lon."),
        (entry(elev_m="29029"),
         "line 4: the height elev_m 29029 is impossible; it must be -500 to 9000 metres."),
        (entry(elev_m="6812.5"), "line 4: the height elev_m 6812.5 must be whole metres."),
        (entry(elev_m="high"), "line 4: the height elev_m 'high' is not a plain number of metres."),
        (entry(elevation="6812"), "line 4: unknown key 'elevation'; the keys are id, names, latlon, elev_m."),
        ("- id: x\n  id: y\n", "line 2: 'id' is given twice, first on line 1; remove one."),
        ("- id: [x\n", "line 2: not valid YAML (expected ',' or ']', but got '<stream end>')."),
        ("- id: x\n\tnames: [X]\n",
         "line 2: not valid YAML (found character '\\t' that cannot start any token)."),
        ("- id: x\n---\n- id: y\n", "line 2: not valid YAML (but found another document)."),
        ("- id: x\n  names: [\x07]\n", "line 2: YAML does not allow the character U+0007; remove it."),
        ("[" * 5000, "c.yaml is nested too deeply."),
    ],
)
def test_bad_input_is_one_sentence_with_the_line(text: str, sentence: str) -> None:
    assert refusal(text) == (sentence if sentence.startswith("c.yaml") else f"c.yaml, {sentence}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]\n", "c.yaml holds no concept: give at least one '- id: …' entry."),
        ("- yak\n", "c.yaml, line 1: a concept must be given as id: …, names: …."),
        ("- id: Yak\n  names: [yak]\n",
         "c.yaml, line 1: the id 'Yak' is not a slug; use lower-case letters a-z, digits and single hyphens, "
         "as in 'prayer-flags'."),
        (entry(), "c.yaml, line 3: unknown key 'latlon'; the keys are id, names."),
    ],
)
def test_a_concept_is_called_one(text: str, sentence: str) -> None:
    assert refusal(text, Concept) == sentence


def test_an_empty_height_is_no_height() -> None:
    assert parse_catalogue(entry(elev_m="~"), "c.yaml", Peak)[0].elev_m is None


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_bytes(entry(names='["Y').encode() + b"\xfcl\"]\n")
    with pytest.raises(PeaksError, match=r"line 4: not UTF-8; save the file as UTF-8\."):
        read_catalogue(path, Peak)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(read_catalogue(path, Peak)) == 2


def test_the_catalogue_in_the_wild_is_refused_with_both_lines(shared: Path) -> None:
    with pytest.raises(PeaksError, match=r"'ama-dablam' stands on line 4 and again on line 59;"):
        read_catalogue(shared / "peaks.yaml", Peak)


NAMES = st.text(min_size=1, max_size=30).map(lambda name: " ".join(name.split())).filter(
    lambda name: name and "|" not in name
)
PEAKS = st.builds(
    Peak,
    id=st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True),
    names=st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold).map(tuple),
    position=st.builds(
        Point,
        lat=st.floats(-90, 90, allow_subnormal=False),
        lon=st.floats(-180, 180, allow_subnormal=False).filter(bool),
    ),
    elev_m=st.none() | st.integers(-500, 9000),
)


@given(st.lists(PEAKS, min_size=1, max_size=5, unique_by=lambda peak: peak.id))
def test_what_a_yaml_library_writes_is_read_back(peaks: list[Peak]) -> None:
    documents = [
        {key: value for key, value in peak.document().items() if key in Peak.keys} for peak in peaks
    ]
    text = yaml.safe_dump(documents, allow_unicode=True)
    assert parse_catalogue(text, "c.yaml", Peak) == peaks


@given(st.text(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["id", "names", "latlon", "lat", "lon", "elev_m", "en", "x"]), inner, max_size=5),
    max_leaves=12,
).map(lambda value: str(yaml.safe_dump(value))))
def test_any_text_gives_peaks_or_one_sentence(text: str) -> None:
    try:
        assert parse_catalogue(text, "c.yaml", Peak)
    except PeaksError as refused:
        assert refused.message.startswith("c.yaml") and "\n" not in refused.message
        assert refused.message.endswith(".")


@pytest.mark.parametrize("file", PROJECT, ids=str)
def test_catalogues_of_the_project_speak_eight_languages_and_share_no_name(file: Path) -> None:
    owners: dict[str, str] = {}
    for concept in read_catalogue(file, Concept):
        assert next(iter(concept.names_by_language)) == "en"
        assert set(concept.names_by_language) <= {"en", "de", "fr", "es", "it", "ne", "hi", "ja"}
        for name in concept.names:
            assert owners.setdefault(name.casefold(), concept.id) == concept.id, name


def test_the_demos_concepts_are_what_it_draws_in_its_own_words() -> None:
    words = yaml.safe_load((REPOSITORY / "demo" / "captions.yaml").read_text(encoding="utf-8"))
    drawn = {**words["things"], **words["skies"]}
    concepts = {concept.id: concept for concept in read_catalogue(PROJECT[1], Concept)}
    assert list(concepts) == list(drawn)
    for key, languages in drawn.items():
        expected = {language: tuple(said["names"]) for language, said in languages.items()}
        assert concepts[key].names_by_language == expected
