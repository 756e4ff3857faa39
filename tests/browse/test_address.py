"""The page's state in its address."""
from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from browse.address import NOWHERE, WHOLE_WORLD, Address


def read(query: str) -> Address:
    """The state of an address as it stands in a browser."""
    values = parse_qs(query.removeprefix("?"))
    return Address.read(lambda name: values.get(name, []))


def test_an_address_says_all_of_its_state() -> None:
    address = Address(q="yak & 夜", peak=("ama-dablam", "lhotse"), from_day="2023-10-05", to_day="2023-10-05",
                      box="28,86,27,87", altitude="4000,4500", sort="-time", stack="x", photo="abc",
                      view="map")
    assert read(address.link()) == address
    assert Address().link() == "?" and read("") == Address()


def test_what_cannot_be_meant_is_left_out() -> None:
    assert read("?sort=upwards&view=all&page=-3&size=many&peak=&other=1") == Address()
    assert read("?page=99999999999999999999").page == 1
    assert read("?peak=a&peak=b&peak=a").peak == ("a", "b")


def test_another_filter_begins_at_the_first_page_and_leaves_the_photo() -> None:
    address = Address(q="yak", page=3, photo="abc", sight="1")
    assert read(address.toggle("peak", "lhotse")) == Address(q="yak", peak=("lhotse",))
    assert read(address.link(page=4)).page == 4
    assert read(address.link(sight="")) == Address(q="yak", page=3, photo="abc")
    assert read(Address(peak=("a", "b")).toggle("peak", "a")) == Address(peak=("b",))


def test_each_chip_leaves_out_one_thing() -> None:
    address = Address(like="x", peak=("lhotse",), in_frame=("nuptse",), library=("trek",), box=WHOLE_WORLD,
                      from_day="2023-10-05", to_day="2023-10-05")
    chips = dict(address.chips({"lhotse": "Lhotse", "x": "a/yak.jpg"}))
    assert list(chips) == [
        "2023-10-05", "like a/yak.jpg", "shows Lhotse", "nuptse in the frame", "library trek",
        "with a position",
    ]
    assert read(chips["2023-10-05"]).from_day == read(chips["2023-10-05"]).to_day == ""
    assert read(chips["shows Lhotse"]).peak == () and read(chips["shows Lhotse"]).like == "x"
    days = [words for words, _ in Address(from_day="2023", to_day="2024", box="1,2,3,4").chips({})]
    assert days == ["from 2023", "to 2024", "inside a box of the map"]
    rest = Address(q="yak", altitude="-500,0", box=NOWHERE, stack="x").chips({})
    assert [words for words, _ in rest] == [
        "“yak”", "-500 to 0 m", "without a position", "copies and burst of x",
    ]
    assert [words for words, _ in Address(altitude="<b>").chips({})] == ["<b>"]


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "a&peak=b", "a#b", "\u202e"])
def test_hostile_values_stay_values(hostile: str) -> None:
    assert read(Address(q=hostile, peak=(hostile,)).link()) == Address(q=hostile, peak=(hostile,))
