"""The catalogue of peaks: read strictly, refused with a line."""
from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loader.errors import PeaksError
from loader.peaks.catalogue import Peak, parse_catalogue, read_catalogue

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

BY_LANGUAGE = """\
- id: mount-everest
  names:
    en: [Mount Everest, Sagarmatha]
    ne: [सगरमाथा]
    no: [mount everest, Everest]
  latlon: {lat: 27.98833, lon: 86.92528}
"""


def entry(**changes: str) -> str:
    """A catalogue of one peak, line 1 to 4, with the text of some values replaced."""
    fields = {"id": "x", "names": "[X]", "latlon": "{lat: 27.5, lon: 86.5}", **changes}
    lines = [f"{key}: {value}".rstrip() for key, value in fields.items()]
    return "- " + "\n  ".join(lines) + "\n"


def refusal(text: str) -> str:
    with pytest.raises(PeaksError) as refused:
        parse_catalogue(text, "peaks.yaml")
    return refused.value.message


def test_a_good_catalogue_is_read_whole() -> None:
    assert parse_catalogue(GOOD, "peaks.yaml") == [
        Peak("ama-dablam", ("Ama Dablam",), 27.86167, 86.86139, 6812),
        Peak("khumbila", ("Khumbila", "Khumbu Yül-Lha"), 27.848427, 86.709144, None),
    ]


def test_the_document_has_the_fields_of_the_index() -> None:
    first, second = (peak.document() for peak in parse_catalogue(GOOD, "peaks.yaml"))
    assert first == {
        "id": "ama-dablam",
        "names": ["Ama Dablam"],
        "label": "Ama Dablam 6812 m",
        "latlon": {"lat": 27.86167, "lon": 86.86139},
        "elev_m": 6812,
    }
    assert "elev_m" not in second and second["label"] == second["names"][0]


def test_names_by_language_are_one_list_too() -> None:
    (peak,) = parse_catalogue(BY_LANGUAGE, "peaks.yaml")
    assert peak.names == ("Mount Everest", "Sagarmatha", "सगरमाथा", "Everest")
    assert peak.names_by_language == {
        "en": ("Mount Everest", "Sagarmatha"), "ne": ("सगरमाथा",), "no": ("mount everest", "Everest"),
    }
    assert peak.document()["names"] == list(peak.names)


def test_a_plain_list_has_no_language() -> None:
    first, second = parse_catalogue(GOOD, "peaks.yaml")
    assert first.names_by_language == {"und": ("Ama Dablam",)}
    assert second.names_by_language == {"und": second.names}
    assert Peak("x", ("X",), 1, 2).names_by_language == {"und": ("X",)}


def test_a_duplicate_id_names_both_lines() -> None:
    text = GOOD + "- id: ama-dablam\n  names: [Other]\n  latlon: {lat: 1, lon: 2}\n"
    assert refusal(text) == (
        "peaks.yaml: the id 'ama-dablam' stands on line 2 and again on line 14; an id names one peak, so "
        "remove or rename one of them."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "peaks.yaml is empty: give at least one '- id: …' entry."),
        ("# only a comment\n", "peaks.yaml is empty: give at least one '- id: …' entry."),
        ("[]\n", "peaks.yaml holds no peak: give at least one '- id: …' entry."),
        ("id: x\n", "line 1: the catalogue must be a list of peaks, each starting with '- id:'."),
        ("- 1\n", "line 1: a peak must be given as 'id: …', 'names: […]', 'latlon: {…}'."),
        ("- id: x\n  names: [X]\n", "line 1: the peak 'x' has no 'latlon'; add it."),
        ("- names: [X]\n", "line 1: the peak has no 'id'; add it."),
        (entry(id=""), "line 1: the id is empty; write it."),
        (entry(id="Ama Dablam"),
         "line 1: the id 'Ama Dablam' is not a slug; use lower-case letters a-z, digits "
                                 "and single hyphens, as in 'ama-dablam'."),
        (entry(id="no"), "line 1: the id 'no' is not text; put it in quotes."),
        (entry(names=""), f"line 2: {NO_LIST}"),
        (entry(names="X"), f"line 2: {NO_LIST}"),
        (entry(names="{}"), "line 2: 'names' is empty; a peak needs at least one name."),
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
        (entry(names="{en: [8848]}"), "line 2: a name '8848' is not text; put it in quotes."),
        (entry(names="[]"), "line 2: 'names' is empty; a peak needs at least one name."),
        (entry(names="[X, 8848]"), "line 2: a name '8848' is not text; put it in quotes."),
        (entry(names='["  "]'), "line 2: a name is empty; write the peak's name."),
        (entry(names="[X, {a: b}]"), "line 2: a name must be text."),
        (entry(names="[Pumori, pumori]"), "line 2: the name 'pumori' stands twice in one peak; remove one."),
        (entry(names='["A | B"]'),
         "line 2: the name 'A | B' holds '|', which separates names; give two names."),
        (entry(latlon="[27, 86]"), "line 3: 'latlon' must be {lat: …, lon: …} in degrees."),
        (entry(latlon="{lat: 27}"), "line 3: 'latlon' must be {lat: …, lon: …} in degrees."),
        (entry(latlon="{lat: 91, lon: 0}"),
         "line 3: the latitude 91 is impossible; it must be -90 to 90 degrees."),
        (entry(latlon="{lat: 9, lon: 186.5}"),
         "line 3: the longitude 186.5 is impossible; it must be -180 to 180 degrees."),
        (entry(latlon="{lat: .nan, lon: 1}"),
         "line 3: the latitude '.nan' is not a plain number of degrees."),
        (entry(latlon="{lat: 27:59:18, lon: 1}"),
         "line 3: the latitude '27:59:18' is not a plain number of degrees."),
        (entry(latlon="{lat: '27.5', lon: 1}"),
         "line 3: the latitude '27.5' is not a plain number of degrees."),
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
        ("[" * 5000, "peaks.yaml is nested too deeply to be a catalogue of peaks."),
    ],
)
def test_bad_input_is_one_sentence_with_the_line(text: str, sentence: str) -> None:
    message = refusal(text)
    assert message == (sentence if sentence.startswith("peaks.yaml") else f"peaks.yaml, {sentence}")


def test_an_empty_height_is_no_height() -> None:
    assert parse_catalogue(entry(elev_m="~"), "peaks.yaml")[0].elev_m is None


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_bytes(entry(names='["Y').encode() + b"\xfcl\"]\n")
    with pytest.raises(PeaksError, match=r"line 4: not UTF-8; save the file as UTF-8\."):
        read_catalogue(path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(read_catalogue(path)) == 2


def test_the_catalogue_in_the_wild_is_refused_with_both_lines(shared: Path) -> None:
    with pytest.raises(PeaksError, match=r"'ama-dablam' stands on line 4 and again on line 59;"):
        read_catalogue(shared / "peaks.yaml")


NAMES = st.text(min_size=1, max_size=30).map(lambda name: " ".join(name.split())).filter(
    lambda name: name and "|" not in name
)
PEAKS = st.builds(
    Peak,
    id=st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True),
    names=st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold).map(tuple),
    lat=st.floats(-90, 90, allow_subnormal=False),
    lon=st.floats(-180, 180, allow_subnormal=False).filter(bool),
    elev_m=st.none() | st.integers(-500, 9000),
)


@given(st.lists(PEAKS, min_size=1, max_size=5, unique_by=lambda peak: peak.id))
def test_what_a_yaml_library_writes_is_read_back(peaks: list[Peak]) -> None:
    keys = ("id", "names", "latlon", "elev_m")
    documents = [{key: value for key, value in peak.document().items() if key in keys} for peak in peaks]
    text = yaml.safe_dump(documents, allow_unicode=True)
    assert parse_catalogue(text, "peaks.yaml") == peaks


@given(st.text(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["id", "names", "latlon", "lat", "lon", "elev_m", "en", "x"]), inner, max_size=5),
    max_leaves=12,
).map(lambda value: str(yaml.safe_dump(value))))
def test_any_text_gives_peaks_or_one_sentence(text: str) -> None:
    try:
        assert parse_catalogue(text, "peaks.yaml")
    except PeaksError as refused:
        assert refused.message.startswith("peaks.yaml") and "\n" not in refused.message
        assert refused.message.endswith(".")
