"""Labels stay on the map and off one another."""
from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from loader.show.map.labels import Rectangle, Wanted, place_labels

MAP = Rectangle(0, 0, 600, 400)
MARKS = st.builds(
    Wanted, x=st.floats(0, 600), y=st.floats(0, 400), width=st.floats(20, 120), height=st.floats(10, 30),
    gap=st.floats(3, 12),
)


@given(st.lists(MARKS, max_size=25))
def test_labels_hardly_cover_each_other_and_stay_inside(wanted: list[Wanted]) -> None:
    boxes = [place.box for place in place_labels(wanted, [], [], MAP) if place]
    assert all(MAP.holds(box) for box in boxes)
    assert all(one.shared(other) <= 0.13 * max(one.area, other.area) for one, other in combinations(boxes, 2))


def test_a_label_stands_beside_its_mark_on_the_side_with_room() -> None:
    place, = place_labels([Wanted(300, 200, 80, 20, 6, (0.0, -1.0))], [], [], MAP)
    assert place is not None
    assert place.side == (0, -1)
    assert place.box == Rectangle(260, 174, 80, 20)


def test_a_label_avoids_marks_and_what_is_kept_free() -> None:
    label = Wanted(300, 200, 80, 20, 6, (1.0, 0.0))
    right = Rectangle(306, 190, 80, 20)
    for marks, kept in (([right], []), ([], [right])):
        place, = place_labels([label], marks, kept, MAP)
        assert place is not None
        assert place.box.shared(right) < 0.1 * right.area


def test_a_label_without_room_is_left_out() -> None:
    same = Wanted(300, 200, 500, 300, 6)
    assert [bool(place) for place in place_labels([same] * 4, [], [], MAP)].count(True) < 4


def test_the_important_choose_first() -> None:
    first, *_ = place_labels([Wanted(300, 200, 80, 20, 6, (1.0, 0.0))] * 12, [], [], MAP)
    assert first is not None
    assert first.side == (1, 0)
