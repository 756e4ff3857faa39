"""What `peaks catalog import` made of a list of summits, and what it left out."""
from __future__ import annotations

from collections.abc import Iterator

from loader.peaks.gazetteers.selection import Selection
from loader.peaks.gazetteers.summit import Gazetteer, LeftOut
from loader.show.tables import fold_line
from loader.text import clean_text, format_count, list_words, shorten

_EXAMPLES = 3


def summarize_import(gazetteer: Gazetteer, selection: Selection, source: str, output: str) -> str:
    """A sentence for each thing that a person should know, the most telling first."""
    count, without = len(selection.peaks), sum(peak.elev_m is None for peak in selection.peaks)
    lines = [f"{output}: {format_count(count, 'peak')} of {gazetteer.origin}."]
    if not count:
        lines = [f"{source} holds no summit to keep, so {output} was not written."]
    if selection.twice:
        count_twice = f"{len(selection.twice):,} second {'entry' if len(selection.twice) == 1 else 'entries'}"
        some = list_words(list(dict.fromkeys(selection.twice)), _EXAMPLES)
        lines.append(f"  left out: {count_twice} of one summit ({some})")
    lines += [f"  left out: {said}" for said in _describe_reasons(selection.left_out)]
    lines += [f"  passed over: {said}" for said in _describe_reasons(gazetteer.passed_over)]
    lines += _describe_heights(gazetteer)
    if without:
        cannot = f"no sight line can say whether {'it is' if without == 1 else 'they are'} hidden"
        lines.append(f"  {format_count(without, 'peak')} of the catalogue without a height: {cannot}")
    lines = list(map(fold_line, lines))
    if count:  # commands that are copied stay on their line
        next_steps = f"Next: peaks catalog check {output} --offline, then peaks load-peaks {output}"
        lines.append(clean_text(next_steps))
    return "\n".join(lines)


def _describe_reasons(left_out: LeftOut) -> Iterator[str]:
    """``12 too low: Kala Patthar, Gokyo Ri, Nangkartshang and 9 more``."""
    for reason, number in left_out.most_common():
        names = [shorten(name, 40) for name in left_out.names[reason]]
        rest = number - len(names)
        some = list_words([*names, f"{rest:,} more"] if rest else names) if names else ""
        yield f"{number:,} {reason}{': ' if some else ''}{some}"


def _describe_heights(gazetteer: Gazetteer) -> Iterator[str]:
    if gazetteer.heights:
        some = [f"'{shorten(each, 30)}'" for each in dict.fromkeys(gazetteer.heights)][:_EXAMPLES]
        count = format_count(len(gazetteer.heights), "height")
        yield f"  {count} could not be read and left out: {', '.join(some)}"
    if gazetteer.rough:
        some = [f"'{shorten(each, 30)}'" for each in dict.fromkeys(gazetteer.rough)][:_EXAMPLES]
        count = format_count(len(gazetteer.rough), "height")
        yield f"  {count} of the list said to be approximate, taken as written: {', '.join(some)}"
    if gazetteer.estimates:
        count = format_count(gazetteer.estimates, "height")
        yield f"  {count} of the list from a terrain model, somewhat too low"
