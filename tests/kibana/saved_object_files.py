"""A small folder of sources: a data view, a search and a map over it, a chart, and a dashboard of them."""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VERSIONS = {
    "index-pattern": "8.0.0", "search": "10.3.0", "map": "8.4.0", "lens": "8.9.0", "dashboard": "10.2.0",
}


def reference(name: str, target: str, of: str) -> dict[str, str]:
    return {"type": of, "id": target, "name": name}


def source(
    kind: str, name: str, attributes: Mapping[str, Any], *references: dict[str, str]
) -> dict[str, Any]:
    """One saved object as a file holds it."""
    return {
        "type": kind,
        "id": name,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": VERSIONS[kind],
    }


DATA_VIEW = source(
    "index-pattern",
    "peaks-photos",
    {
        "title": "photos",
        "name": "Photos",
        "timeFieldName": "shot_time",
        "fieldFormatMap": {"thumbnail": {"id": "url", "params": {"type": "img"}}},
        "fieldAttrs": {"path": {"customLabel": "Photo, “as filed”"}},
        "sourceFilters": [{"value": "clip_image"}],
    },
)
_SEARCH_META = "kibanaSavedObjectMeta.searchSourceJSON.index"
SEARCH = source(
    "search",
    "peaks-gallery",
    {
        "title": "Gallery",
        "columns": ["thumbnail", "path"],
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": {
                "query": {"query": "", "language": "kuery"}, "filter": [], "indexRefName": _SEARCH_META,
            }
        },
    },
    reference(_SEARCH_META, "peaks-photos", "index-pattern"),
)
MAP = source(
    "map",
    "peaks-photos-and-peaks",
    {
        "title": "Photos and peaks",
        "layerListJSON": [
            {"id": "photos", "sourceDescriptor": {"indexPatternRefName": "layer_0_source_index_pattern"}}
        ],
        "mapStateJSON": {"zoom": 10, "adHocDataViews": [{"fieldAttrs": {"gps": {"customLabel": "Place"}}}]},
        "uiStateJSON": {"isLayerTOCOpen": True},
    },
    reference("layer_0_source_index_pattern", "peaks-photos", "index-pattern"),
)
CHART = source(
    "lens",
    "peaks-photos-a-day",
    {"title": "Photos a day", "visualizationType": "lnsXY", "state": {"filters": []}},
    reference("indexpattern-datasource-layer-days", "peaks-photos", "index-pattern"),
)
DASHBOARD = source(
    "dashboard",
    "peaks-trek",
    {
        "title": "Trek",
        "panelsJSON": [
            {"type": "map", "panelIndex": "1", "panelRefName": "panel_1", "embeddableConfig": {"note": "日"}},
            {"type": "search", "panelIndex": "2", "panelRefName": "panel_2", "embeddableConfig": {}},
            {"type": "lens", "panelIndex": "3", "panelRefName": "panel_3", "embeddableConfig": {}},
        ],
        "optionsJSON": {"useMargins": True},
        "kibanaSavedObjectMeta": {"searchSourceJSON": {"query": {"query": "", "language": "kuery"}}},
        "controlGroupInput": {
            "controlStyle": "oneLine",
            "panelsJSON": {"peaks": {"type": "optionsListControl", "explicitInput": {"id": "peaks"}}},
            "ignoreParentSettingsJSON": {"ignoreFilters": False},
        },
    },
    reference("1:panel_1", "peaks-photos-and-peaks", "map"),
    reference("2:panel_2", "peaks-gallery", "search"),
    reference("3:panel_3", "peaks-photos-a-day", "lens"),
    reference("controlGroup_peaks:optionsListDataView", "peaks-photos", "index-pattern"),
)
ALL = (DATA_VIEW, SEARCH, MAP, CHART, DASHBOARD)


def write_sources(folder: Path, *sources: Mapping[str, Any]) -> Path:
    """Write sources to the files where they belong, and return the folder."""
    for one in sources:
        file = folder / one["type"] / f"{one['id'].removeprefix('peaks-')}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(one, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return folder
