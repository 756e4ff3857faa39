"""JPEGs without an end marker, and forms of JPEG that libjpeg does not decode (ITU-T T.81, annex B)."""
from __future__ import annotations

from loader.files.decoding_cost import START_OF_SCAN, segments

END = b"\xff\xd9"
FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
HUFFMAN = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive
BITS = 8
COEFFICIENTS = 64  # of a block
# If pixels are missing, a decoder makes them from these bits. Without them they would be grey.
FILLER = bytes((0x5A, 0xC3, 0x96, 0x3C)) * 64


def add_end(data: bytes) -> bytes | None:
    """Return a JPEG that ends in its last scan with the end marker that it lacks, zeros behind it left out.

    Returns:
        None when there is a marker, or more is missing.
    """
    first = next((start for marker, start, _ in segments(data) if marker == START_OF_SCAN), None)
    if first is None or data.find(END, first) >= 0:  # quick, and scans hold no such bytes
        return None
    _, last, size = list(segments(data))[-1]
    if last + size > len(data) or not _has_all_scans(data):
        return None
    stripped = data.rstrip(b"\0")
    return (stripped + b"\0" if stripped.endswith(b"\xff") else stripped) + END


def fill_end(closed: bytes) -> bytes:
    """Return a file of `add_end` with bits before its end; it gives another picture if pixels are missing."""
    return closed[: -len(END)] + FILLER + END


def find_unsupported(data: bytes) -> str | None:
    """Name the form of a JPEG that libjpeg does not decode; None when it is a usual one."""
    for marker, start, _ in segments(data):
        if marker in FRAMES:
            if data[start : start + 1] != bytes([BITS]):
                return f"{data[start]} bits a sample"
            return None if marker in HUFFMAN else "lossless, hierarchical or arithmetic coding"
    return None


def _has_all_scans(data: bytes) -> bool:
    """Tell whether the scans give every bit of every coefficient of each component."""
    missing: dict[int, list[int]] = {}
    for marker, start, size in segments(data):
        body = data[start : start + size]
        if marker in FRAMES:
            missing = {body[place]: [1] * COEFFICIENTS for place in range(6, 6 + 3 * body[5], 3)}
        elif marker == START_OF_SCAN:
            first, last, bits = body[1 + 2 * body[0] :][:3]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                missing[component][first : last + 1] = [bits & 15] * (last + 1 - first)
    return bool(missing) and not any(map(any, missing.values()))
