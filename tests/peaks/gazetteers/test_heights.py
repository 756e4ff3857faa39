"""Heights as people write them."""
from __future__ import annotations

import pytest

from loader.peaks.gazetteers.summit import parse_height


@pytest.mark.parametrize(("written", "metres"), [
    ("8848", 8848), ("8848.86", 8849), ("8848,86", 8849), ("8848 m", 8848), ("8848m", 8848),
    ("8848 M", 8848),
    ("8,848", 8848), ("8.848", 8848), ("8.848 m", 8848), ("8 848 m", 8848),
    ("8'848", 8848), ("8’848 m", 8848),
    ("8\N{NARROW NO-BREAK SPACE}848", 8848), ("8,848.86 m", 8849), ("8.848,86", 8849),
    ("29029 ft", 8848), ("29,029 ft", 8848), ("29029'", 8848), ("29029ft", 8848),
    ("29,029.5 feet", 8848),
    ("12.345", 12), ("123.456", 123), ("0.5", None), ("0.8", 1), ("1,5", 2),
    ("1.234", 1234), ("8.8 km", 8800),
    ("8844-8848", 8846), ("8844 – 8848 m", 8846), ("29000-29029 ft", 8844), ("8848;8844", 8848),
    ("8848 m; 29029 ft", 8848), ("8848 m (29029 ft)", 8848), ("8848 (snow)", 8848), ("~8848", 8848),
    ("8848 m/29029 ft", 8848), ("8848 м", 8848),
    ("ca. 8848 m", 8848), ("8848 m a.s.l.", 8848), ("2962 m ü. M.", 2962), ("4810 mètres", 4810),
    ("8848?", 8848), ("8848 masl", 8848), ("8848 m asl", 8848), ("2962 müM", 2962), ("6768 msnm", 6768),
    ("-12", -12), ("−12 m", -12), ("", None), ("  ", None), ("0", None), ("0.0", None), (";8848", 8848),
])
def test_height(written: str, metres: int | None) -> None:
    assert parse_height(written) == metres


@pytest.mark.parametrize("written", [
    "abc", "high", "2019-01-01", "99999", "8848 furlongs", "29029", "12-", "NaN", "1e3", "--", "m", "-8848",
])
def test_no_height(written: str) -> None:
    with pytest.raises(ValueError, match=r"is no height|no mountain is"):
        parse_height(written)
