"""Treks to draw in tests: along the real trail, with what may be missing missing in some photos."""
from __future__ import annotations

import io
import random
from base64 import b64encode
from datetime import datetime, timedelta

from PIL import Image

from loader.peaks.catalogue import Concept, Peak
from loader.place import Point
from loader.search.answer import PeakPrediction, ShotTime
from loader.search.trek import Trek, TrekPhoto

WAY = ((27.6881, 86.7314), (27.8049, 86.7140), (27.8362, 86.7640), (27.8923, 86.8312), (27.9957, 86.8285))
EVEREST = Peak("mount-everest", ("Mount Everest", "Sagarmatha", "सगरमाथा"), Point(27.98833, 86.92528), 8849)
AMA_DABLAM = Peak("ama-dablam", ("Ama Dablam",), Point(27.86167, 86.86139), 6812)
PUMORI = Peak("pumori", ("Pumori",), Point(28.01472, 86.82806), 7161)
UNSEEN = Peak("kyajo-ri", ("Kyajo Ri",), Point(27.90972, 86.67111), 6151)
NO_HEIGHT = Peak("nameless", (), Point(27.80, 86.80))
NO_PLACE = Peak("somewhere", ("Somewhere",))
PEAKS = (EVEREST, AMA_DABLAM, PUMORI, UNSEEN, NO_HEIGHT, NO_PLACE)
YAK = Concept("yak", ("yak", "याक"))
START = datetime(2023, 10, 26, 6)

HOSTILE = (
    "</script><script>window.stolen = 1</script>",
    "<img src=x onerror='window.stolen = 1'>",
    "'\"><svg onload=window.stolen=1>",
    "{{ 7 * 7 }} ${window.stolen = 1} $$x^2$$ \\frac",
    "<!-- <script> ]]> &lt;b&gt; \u2028 \u202e drow \x00\x07",
)


def thumbnail(colour: str = "steelblue", size: tuple[int, int] = (64, 48)) -> str:
    """A base64 JPEG of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG")
    return b64encode(stream.getvalue()).decode("ascii")


def along(share: float) -> Point:
    """The place at a share, 0 to 1, of the way."""
    leg, rest = divmod(min(share, 0.9999) * (len(WAY) - 1), 1)
    (lat, lon), (to_lat, to_lon) = WAY[int(leg)], WAY[int(leg) + 1]
    return Point(lat + rest * (to_lat - lat), lon + rest * (to_lon - lon))


def make_photo(number: int, count: int, chance: random.Random) -> TrekPhoto:
    """One of ``count`` photos of twelve days."""
    clock = START + timedelta(days=12 * number / count)
    instant = (clock - timedelta(hours=5, minutes=45)).isoformat() + "Z"
    seen = chance.sample([EVEREST, AMA_DABLAM, PUMORI], 2)
    return TrekPhoto(
        id=str(number),
        path=f"day {clock.day}/IMG_{number:05d}.HEIC",
        gps=along(number / count),
        time=ShotTime(instant, clock.isoformat(), "+05:45"),
        predictions=(PeakPrediction(seen[0], 0.93, "both"),) if number % 3 else (),
        in_frame=tuple(peak.id for peak in seen) if number % 4 else (),
        concepts=(YAK,) if number % 5 == 0 else (),
        altitude=2800 + 2800 * number / count,
        bearing=chance.uniform(0, 360) if number % 7 else None,
        field_of_view=60.0,
        thumbnail=thumbnail() if number % 2 == 0 else None,
    )


def make_trek(count: int = 40) -> Trek:
    """A trek of so many photos; the same each time."""
    chance = random.Random(7)
    photos = tuple(make_photo(number, count, chance) for number in range(count))
    return Trek(photos, {peak.id: peak for peak in PEAKS})


def make_hostile_trek() -> Trek:
    """Photos, peaks, concepts and filters whose texts would like to be markup."""
    peaks = {f"peak-{place}": Peak(f"peak-{place}", (words, words), along(place / 5), 5000 + 500 * place)
             for place, words in enumerate(HOSTILE)}
    photos = tuple(
        TrekPhoto(
            id=words, path=words, gps=along(place / 5 + 0.05),
            time=ShotTime(None, "2023-10-26T06:00:00", words),
            predictions=(PeakPrediction(peaks[f"peak-{place}"], 0.5, words),),
            in_frame=(f"peak-{place}",), concepts=(Concept(words, (words,)),), altitude=4000.0, bearing=45.0,
            field_of_view=60.0, description=words, thumbnail=words,
        )
        for place, words in enumerate(HOSTILE)
    )
    return Trek(photos, peaks, filters=HOSTILE)


def lonely_trek() -> Trek:
    """One photo that tells nothing but its position, and no peak."""
    return Trek((TrekPhoto("1", "only.jpg", Point(27.9, 86.8)),), {})
