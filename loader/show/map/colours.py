"""The map's colours, the same as on the Kibana map."""
from __future__ import annotations

PEAK = "#BD271E"
PALE_PEAK = "#D9A49F"
PHOTO = "#209280"
SIGHT = "#D6A13A"
DEEP_SIGHT = "#B07A12"
TRAIL = "#5B6B73"
INK = "#1F2A33"
GREY = "#69767F"
GRID = "#DEDACF"
PAPER = "#F6F4EE"
FRAME = "#A9A89F"

# The heat map's ramp, ColorBrewer's Reds, from nothing to most.
HEAT = ("#FFF5F0", "#FCBBA1", "#FB6A4A", "#CB181D")
