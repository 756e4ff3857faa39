"""The project's Elasticsearch assets: files under mappings/, ingest_pipelines/ and search_templates/.

Every asset is a file that people can read, copy into Dev Tools or hand to Terraform. A search template is
packed before it is stored: Elasticsearch's mustache has no partials, so ``{{> name}}`` is replaced with
``search_templates/fragments/name.mustache``.

The files name one model, `NAMED_MODEL`, and its 768 dims; `bind_model` puts another one in their place.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loader.elastic.models import IndexModel

NAMED_MODEL = "google__siglip2-base-patch16-224"
# The templates that look a vector up, which a server before 9.4 refuses (see `connection.has_lookup`).
LIKE_PHOTO, OF_PEAK = LOOKUP_TEMPLATES = ("photos-like-photo", "photos-of-peak")

_ROOT = Path(__file__).resolve().parents[2]
_TEMPLATES = _ROOT / "search_templates"
_KEYS = _ROOT / "api_keys"
KEY_PURPOSES = ("setup", "loader", "search", "search-without-location")
_FRAGMENTS = _TEMPLATES / "fragments"

# In the order in which Elasticsearch needs them: an index template names component templates and a pipeline.
PIPELINE = "_ingest/pipeline"
_JSON_FOLDERS = {
    PIPELINE: _ROOT / "ingest_pipelines",
    "_component_template": _ROOT / "mappings" / "component_templates",
    "_index_template": _ROOT / "mappings" / "index_templates",
}
SCRIPTS = "_scripts"
KINDS = {
    PIPELINE: "ingest pipeline",
    "_component_template": "component template",
    "_index_template": "index template",
    SCRIPTS: "search template",
}

_INCLUDE = re.compile(r"(?P<indent>(?:^[ \t]+)?)\{\{>\s*(?P<name>[\w-]+)\s*\}\}", re.MULTILINE)
_COMMENT = re.compile(r"\{\{!.*?\}\}", re.DOTALL)
_CHECKS = "{{> checks}}"
_PARAMETER = re.compile(r"\{\{[#^/]?([a-z_]+)[a-z_.]*\}\}")


@dataclass(frozen=True)
class Asset:
    """One thing that Elasticsearch keeps under a name.

    Attributes:
        kind: the API that keeps it, a key of `KINDS`.
        name: its name there, which is the name of its file.
        body: the request that puts it there.
    """

    kind: str
    name: str
    body: dict[str, Any]

    @property
    def path(self) -> str:
        """Where a PUT of `body` creates it, relative to Elasticsearch's address."""
        return f"{self.kind}/{self.name}"


def read_assets() -> list[Asset]:
    """Read every asset as it stands, in the order in which they can be put into a cluster."""
    from_json = [
        Asset(kind, file.stem, _read_json(file))
        for kind, folder in _JSON_FOLDERS.items()
        for file in sorted(folder.glob("*.json"))
    ]
    return [*from_json, *map(_script, template_names())]


def bind_model(assets: list[Asset], model: IndexModel, ingest_id: str | None = None) -> list[Asset]:
    """Put a model's id, dims and fingerprints where the files name `NAMED_MODEL`.

    Args:
        assets: as `read_assets` gives them.
        model: that they are to name.
        ingest_id: of the deployment that the ingest pipelines are to name; None for the model's own id.
    """
    for_ingest = replace(model, model_id=ingest_id or model.model_id)
    return [
        replace(asset, body=_bound(asset.body, for_ingest if asset.kind == PIPELINE else model))
        for asset in assets
    ]


def _bound(value: Any, model: IndexModel) -> Any:
    if isinstance(value, str):
        return value.replace(NAMED_MODEL, model.model_id)
    if isinstance(value, list):
        return [_bound(item, model) for item in value]
    if not isinstance(value, dict):
        return value
    bound = {key: _bound(item, model) for key, item in value.items()}
    if value.get("type") == "dense_vector":
        bound["dims"] = model.dims
    if value == {"model_id": NAMED_MODEL}:  # the mappings' _meta
        bound |= {
            "model_fingerprint": model.model_fingerprint,
            "checkpoint_fingerprint": model.checkpoint_fingerprint,
        }
    return bound


def template_names() -> list[str]:
    """Ids of the stored search templates."""
    return sorted(file.stem for file in _TEMPLATES.glob("*.mustache"))


@cache
def read_schema(template: str) -> Mapping[str, Any]:
    """The JSON schema of a search template's parameters.

    Its file lists its parameters. ``true`` stands for the one of that name in fragments/parameters.json.

    Raises:
        FileNotFoundError: no such template.
    """
    schema = _read_json(_TEMPLATES / f"{template}.schema.json")
    shared = _read_json(_FRAGMENTS / "parameters.json")
    properties = {
        name: shared["properties"][name] if parameter is True else parameter
        for name, parameter in schema["properties"].items()
    }
    return {**shared, **schema, "properties": properties}


def read_key_request(purpose: str) -> dict[str, Any]:
    """The request that makes an API key for one of `KEY_PURPOSES`: its name and its privileges."""
    return _read_json(_KEYS / f"{purpose}.json")


def _read_json(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def pack_template(name: str) -> str:
    """A search template as Elasticsearch stores it: fragments inlined, comments and blank lines left out."""
    text = (_TEMPLATES / f"{name}.mustache").read_text(encoding="utf-8")
    text = _inlined(_guarded(text, read_schema(name)["properties"]))
    lines = _COMMENT.sub("", text).splitlines()
    return "\n".join(line for line in lines if line.strip()) + "\n"


def _guarded(text: str, parameters: Mapping[str, Any]) -> str:
    """Put the checks of a template's parameters before its search.

    The search stands in inverted sections, which a list in place of one value leaves out: it never repeats.
    """
    begin, search = text.removesuffix("\n}\n").split(_CHECKS)
    checks = re.split(r"\n(?=\")", _COMMENT.sub("", _fragment("checks")).strip())
    own = [check for check in checks if parameters.keys() >= set(_PARAMETER.findall(check))]
    single = list(_single_values(parameters))
    opened = "".join(f"{{{{^{each}.size}}}}" for each in single)
    closed = "".join(f"{{{{/{each}.size}}}}" for each in reversed(single))
    fields = indent(",\n".join(own), "    ")
    return f'{begin}"highlight": {{"fields": {{\n{fields}\n  }}}}\n{opened}\n  ,{search}\n{closed}\n}}\n'


def _single_values(parameters: Mapping[str, Any]) -> Iterator[str]:
    """What of the parameters is one value. A list has a size, and so has an object that feigns one."""
    for name, parameter in parameters.items():
        if parameter["type"] != "array":
            yield name
            yield from (f"{name}.{key}" for key in parameter.get("properties", ()))


def _inlined(text: str) -> str:
    """Replace each include with its fragment, indented as the include is."""
    return _INCLUDE.sub(lambda include: indent(_fragment(include["name"]), include["indent"]), text)


def _fragment(name: str) -> str:
    return _inlined((_FRAGMENTS / f"{name}.mustache").read_text(encoding="utf-8").strip("\n"))


def _script(name: str) -> Asset:
    return Asset(SCRIPTS, name, {"script": {"lang": "mustache", "source": pack_template(name)}})


def render_requests(assets: Sequence[Asset], folder: Path) -> dict[Path, bytes]:
    """Return each asset's request body, by a file in the folder whose path is the URL to PUT it to."""
    return {
        folder / f"{asset.path}.json": f"{json.dumps(asset.body, ensure_ascii=False, indent=2)}\n".encode()
        for asset in assets
    }


def template_mappings(assets: Sequence[Asset], alias: str) -> dict[str, Any]:
    """The mappings that the alias's index template composes, component after component."""
    return template_index(assets, alias)["mappings"]


def template_index(assets: Sequence[Asset], alias: str) -> dict[str, dict[str, Any]]:
    """The settings and mappings of an index that the alias's index template composes."""
    bodies = {(asset.kind, asset.name): asset.body for asset in assets}
    settings: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    for component in bodies["_index_template", alias]["composed_of"]:
        template = bodies["_component_template", component]["template"]
        settings |= template.get("settings", {}).get("index", {})
        mappings |= template.get("mappings", {})
    return {"settings": {"index": settings}, "mappings": mappings}
