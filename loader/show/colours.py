"""The colours of maps, the same as on the Kibana map."""
from __future__ import annotations

PEAK = "#BD271E"
PALE_PEAK = "#D9A49F"
PHOTO = "#209280"
SIGHT = "#D6A13A"
TRAIL = "#7B8B93"
GRID = "rgba(128,128,128,0.18)"
GREY = "#808A90"
