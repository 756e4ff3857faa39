"""Peaks and concepts found by whatever a person calls them."""
from __future__ import annotations

import re

import pytest
from elasticsearch import Elasticsearch

from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import choose_entry, find_entry, fold_name, say_entry, suggest_names
from loader.place import Point
from loader.text import list_words
from tests.conftest import NOWHERE

CATALOGUE = [
    Peak("ama-dablam", ("Ama Dablam",)),
    Peak("mount-everest", ("Mount Everest", "Sagarmatha", "Chomolungma", "सगरमाथा", "珠穆朗玛峰")),
    Peak("khumbila", ("Khumbila", "Khumbu Yül-Lha")),
    Peak("nuptse", ("Nuptse", "Nubtse")),
    Peak("nuptse-ii", ("Nuptse II",)),
    Peak("pumori", ("Pumori", "Pumo Ri")),
    Peak("kongde-ri", ("Kongde Ri",)),
    Peak("kongde-lho", ("Kongde Lho",)),
    Peak("lobuche-east", ("Lobuche East",)),
]


@pytest.mark.parametrize(
    ("name", "peak_id"),
    [
        ("ama-dablam", "ama-dablam"),
        (" ama  dablam ", "ama-dablam"),
        ("Khumbu Yul Lha", "khumbila"),
        ("khumbu yu\u0308l-lha", "khumbila"),
        ("sagarmāthā", "mount-everest"),
        ("सगरमाथा", "mount-everest"),
        ("珠穆朗玛峰", "mount-everest"),
        ("NUPTSE II", "nuptse-ii"),
        ("Amadablam", "ama-dablam"),
        ("ＡＭＡ　ＤＡＢＬＡＭ", "ama-dablam"),
        ("नुप्त्से", "nuptse"),
    ],
)
def test_choose(name: str, peak_id: str) -> None:
    assert choose_entry(name, CATALOGUE).id == peak_id


@pytest.mark.parametrize("name", ["", " ", "\u3000"])
def test_a_blank_name_is_refused_before_the_cluster_is_asked(name: str) -> None:
    """Elasticsearch would say `Ids can't be empty`."""
    for kind, noun in ((Peak, "peak"), (Concept, "concept")):
        with pytest.raises(PeaksError, match=re.escape(f"{name!r} is no name of a {noun}")):
            find_entry(Elasticsearch(NOWHERE), kind, name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("एभरेस्ट", "did you mean Mount Everest?"),
        ("Kongde", "did you mean Kongde Lho or Kongde Ri?"),
        ("ama", "did you mean Ama Dablam?"),
        ("Pumori 2", "did you mean Pumori?"),
        ("Pumori II", "did you mean Pumori?"),
        ("Lobuche West", "did you mean Lobuche East?"),
        ("Nuptse III", "did you mean Nup"),
        ("mount", "did you mean Mount Everest?"),
        ("xyzzy", f"it has {list_words([peak.name for peak in CATALOGUE], 20)}."),
    ],
)
def test_unknown(name: str, hint: str) -> None:
    with pytest.raises(PeaksError) as error:
        choose_entry(name, CATALOGUE)
    assert repr(name) in error.value.message
    assert hint in error.value.message


def test_many_names_are_not_listed() -> None:
    with pytest.raises(PeaksError, match=r"see the names in the file that was loaded\."):
        choose_entry("xyzzy", [Peak(f"peak-{number}", (f"Summit {number}",)) for number in range(21)])


@pytest.mark.parametrize(
    ("name", "peak_id"),
    [
        ("everest", "mount-everest"),
        ("evrest", "mount-everest"),
        ("Mt. Everst", "mount-everest"),
        ("Chomolangma", "mount-everest"),
        ("Ama Dablan", "ama-dablam"),
        ("dablam", "ama-dablam"),
        ("आमादब्लम", "ama-dablam"),
        ("numptse", "nuptse"),
        ("pumroi", "pumori"),
    ],
)
def test_one_close_name_is_taken_and_said(name: str, peak_id: str) -> None:
    entry = choose_entry(name, CATALOGUE)
    assert entry.id == peak_id and say_entry(entry, name) == f"{entry.name} (for {name!r})"


def test_a_common_word_offers_the_peaks_that_have_it() -> None:
    peaks = [Peak("lhotse", ("Lhotse",)), Peak("imja-tse", ("Imja Tse", "Island Peak"))]
    with pytest.raises(PeaksError, match=r"'Peak': did you mean Island Peak\?"):
        choose_entry("Peak", peaks)


def test_a_peak_is_said_by_its_own_name_alone() -> None:
    everest = CATALOGUE[1]
    for name in ("mount-everest", "Sagarmāthā", "सगरमाथा", "MOUNT EVEREST"):
        assert say_entry(everest, name) == "Mount Everest"


def test_a_name_in_another_script_finds_one_in_latin_letters() -> None:
    named = {"everest": ("Everest", "Sagarmatha"), "lhotse": ("Lhotse",), "lhotse-shar": ("Lhotse Shar",)}
    peaks = [Peak(peak_id, names) for peak_id, names in named.items()]
    assert choose_entry("सगरमाथा", peaks).id == choose_entry("Эверест", peaks).id == "everest"
    assert choose_entry("ल्होत्से", peaks).id == "lhotse"


def test_a_name_of_two_peaks_asks_for_an_id() -> None:
    twins = [Peak("kongde-1", ("Kongde",)), Peak("kongde-2", ("Kongdé",))]
    with pytest.raises(PeaksError, match="2 peaks in the catalogue: give an id, kongde-1, kongde-2"):
        choose_entry("KONGDE", twins)


def test_an_id_goes_before_a_name() -> None:
    assert choose_entry("nuptse", [Peak("x", ("nuptse",)), Peak("nuptse", ("Nuptse",))]).id == "nuptse"


def test_suggestions_are_few_and_one_a_peak() -> None:
    many = [Peak(f"tse-{n}", (f"Tse {n}", f"Tse-{n}")) for n in range(9)]
    assert len(suggest_names("Tse", many)) == 3


def test_fold_keeps_the_vowels_of_other_scripts() -> None:
    assert fold_name("सगरमाथा") == "सगरमाथा"
    assert fold_name("Chomo-Lungma (8848)") == "chomo lungma 8848"


def test_read_peak() -> None:
    hit = {"_id": "pumori", "fields": {"names": ["Pumori", "Pumo Ri"], "elev_m": [7165],
                                       "latlon": [{"type": "Point", "coordinates": [86.82806, 28.01472]}]}}
    assert Peak.from_hit(hit) == Peak("pumori", ("Pumori", "Pumo Ri"), Point(28.01472, 86.82806), 7165)
    assert Peak.from_hit({"_id": "x"}).name == "x"


def test_concepts_are_found_and_suggested_the_same_way() -> None:
    concepts = [Concept("prayer-flags", ("prayer flags", "Gebetsfahnen", "लुङ्दर")), Concept("yak", ("yak",))]
    for name in ("prayer-flags", "PRAYER FLAGS", "gebetsfahnen", "लुङ्दर"):
        assert choose_entry(name, concepts).id == "prayer-flags"
    assert choose_entry("Gebetsfahne", concepts).id == "prayer-flags"
    with pytest.raises(PeaksError, match=r"No concept among .* did you mean Gebetsfahnen\?"):
        choose_entry("Gebetskappe", concepts)


def test_read_concept() -> None:
    hit = {"_id": "yak", "fields": {"id": ["yak"], "names": ["yak", "याक"]}}
    assert Concept.from_hit(hit) == Concept("yak", ("yak", "याक"))
    assert Concept.from_hit({"_id": "x"}).name == "x"
