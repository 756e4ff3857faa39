"""The lines of the left side that are not simply a facet's values."""
from __future__ import annotations

from datetime import date, timedelta

from browse.address import Address
from browse.parts.rail import list_altitudes, list_days, list_places

DAYS = {(date(2022, 12, 1) + timedelta(days)).isoformat(): 2 for days in range(90)}  # of three months


def test_few_days_stand_alone() -> None:
    few = dict(list(DAYS.items())[:31])
    assert [choice.name for choice in list_days(Address(), few)] == list(few)
    chosen = list_days(Address(from_day="2022-12-02", to_day="2022-12-02"), few)
    assert len(chosen) == 31 and [choice.name for choice in chosen if choice.is_on] == ["2022-12-02"]
    assert chosen[1].link == "?" and chosen[2].link == "?from_day=2022-12-03&to_day=2022-12-03"


def test_many_days_are_months_and_a_month_opens() -> None:
    lines = [(choice.name, choice.photos, choice.is_on) for choice in list_days(Address(), DAYS)]
    assert lines == [("2022-12", 62, False), ("2023-01", 62, False), ("2023-02", 56, False)]
    inside = list_days(Address(from_day="2023-02", to_day="2023-02"), DAYS)
    assert [inside[0].name, inside[0].photos, inside[0].is_on] == ["2023-02", 56, True]
    assert [choice.name for choice in inside[1:]] == [day for day in DAYS if day.startswith("2023-02")]
    day = list_days(Address(from_day="2023-02-03", to_day="2023-02-03"), DAYS)
    assert len(day) == 28 and [choice.name for choice in day if choice.is_on] == ["2023-02-03"]


def test_a_chosen_month_counts_its_own_days_where_few_are_left() -> None:
    few = {"2022-12-31": 2, "2023-02-01": 3, "2023-02-28": 4}
    month = list_days(Address(from_day="2023-02", to_day="2023-02"), few)
    assert [(choice.name, choice.photos) for choice in month] == [("2023-02", 7), *few.items()]
    assert list_days(Address(from_day="2023-02-03", to_day="2023-02-03"), few)[0].photos == 0


def test_places_are_counted_and_linked_without_an_outline() -> None:
    outlined = Address(area="86 27,87 27,87 28,86 27", concept=("yak",))
    links = [choice.link for choice in list_places(outlined, {"with": 4, "without": 2})]
    assert links == ["?concept=yak&box=90%2C-180%2C-90%2C180", "?concept=yak&box=none"]


def test_many_months_are_years() -> None:
    years = {f"{year}-{month:02d}-01": 1 for year in range(2000, 2020) for month in range(1, 13)}
    lines = [choice.name for choice in list_days(Address(), years)]
    assert lines == [str(year) for year in range(2000, 2020)]
    year = list_days(Address(from_day="2001", to_day="2001"), years)
    assert [year[0].name, year[0].photos, len(year)] == ["2001", 12, 13]
    assert len(list_days(Address(from_day="2001", to_day="2003"), years)) == 20


def test_ranges_of_altitude() -> None:
    address = Address(altitude="4000,4500")
    off, on = list_altitudes(address, {-500.0: 1, 4000.0: 3})
    assert (off.name, off.photos, off.link, off.is_on) == ("-500 to 0 m", 1, "?altitude=-500%2C0", False)
    assert (on.name, on.link, on.is_on) == ("4,000 to 4,500 m", "?", True)
    (own,) = list_altitudes(Address(altitude="1,2"), {})
    assert (own.name, own.photos, own.is_on) == ("1 to 2 m", 0, True)
