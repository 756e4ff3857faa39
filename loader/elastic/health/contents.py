"""The checks of what this project puts into a cluster: the model, the indices and the assets."""
from __future__ import annotations

from contextlib import suppress
from functools import cached_property

from elasticsearch import ApiError, Elasticsearch

from eland_models.deployments import WARM_UP_CALLS, deployments
from loader.elastic.asset_writer import compare_fields, put_assets
from loader.elastic.assets import NAMED_MODEL, Asset, bind_model, read_assets, template_mappings
from loader.elastic.health.finding import Verdict
from loader.elastic.indices import PHOTOS, require_index
from loader.elastic.models import (
    DeployedModel,
    IndexModel,
    find_ingest_deployment,
    index_model,
    read_deployed_model,
    read_index_model,
    refuse_other_model,
)
from loader.errors import PeaksError
from loader.text import format_count, list_words


class Contents:
    """What a cluster holds for one text model.

    Args:
        client: of the cluster.
        model_id: the model; None for that of the photos' index, or of the files where there is none.
    """

    def __init__(self, client: Elasticsearch, model_id: str | None) -> None:
        self._client, self._given = client, model_id

    @cached_property
    def model_id(self) -> str:
        """The text model that is looked at."""
        if self._given is None:
            with suppress(PeaksError, ApiError):
                return read_index_model(self._client, PHOTOS).model_id
        return self._given or NAMED_MODEL

    @cached_property
    def _deployed(self) -> DeployedModel | None:
        with suppress(PeaksError, ApiError):
            return read_deployed_model(self._client, self.model_id)
        return None

    @cached_property
    def _assets(self) -> list[Asset]:
        """The assets as they should be: for the deployed model, else for that of the photos' index."""
        model: IndexModel | None = self._deployed
        ingest = None
        with suppress(PeaksError, ApiError):
            model = model or read_index_model(self._client, PHOTOS)
            ingest = find_ingest_deployment(self._client, self.model_id)
        return read_assets() if model is None else bind_model(read_assets(), model, ingest)

    @property
    def _apply(self) -> str:
        return "peaks apply" + ("" if self.model_id == NAMED_MODEL else f" --es-model-id {self.model_id}")

    def model(self) -> Verdict:
        """Whether the model is in the cluster."""
        model = read_deployed_model(self._client, self.model_id)
        return "ok", f"{model.model_id}: {model.dims} dimensions, fingerprint {model.model_fingerprint}", ""

    def deployment(self) -> Verdict:
        """Whether all allocations of the model's deployments run."""
        told, halted = [], []
        for name, stats in deployments(self._client, self.model_id):
            status = stats.get("allocation_status", {})
            running, wanted = status.get("allocation_count", 0), status.get("target_allocation_count", 0)
            told.append(f"{name} is {stats.get('state')}, {running} of {format_count(wanted, 'allocation')}")
            if stats.get("state") != "started" or running < wanted:
                halted.append(name)
        if not told and self._deployed is None:
            return "–", "none without the model", ""
        if not told:
            start = f"POST _ml/trained_models/{self.model_id}/deployment/_start"
            return "wrong", f"{self.model_id} is not started", start
        return "wrong" if halted else "ok", list_words(told), "peaks model deploy" if halted else ""

    def warm_up(self) -> Verdict:
        """Whether every allocation has answered often enough to be fast."""
        cold, running = [], list(deployments(self._client, self.model_id))
        for name, stats in running:
            calls = sum(node.get("inference_count", 0) for node in stats.get("nodes", ()))
            if calls < (wanted := WARM_UP_CALLS * stats.get("number_of_allocations", 1)):
                cold.append(f"{name} has answered {calls} of {wanted} calls: the first searches are slow")
        if cold or not running:
            return "–", list_words(cold) or "nothing is started", ""
        return "ok", "every allocation has answered", ""

    def index(self, alias: str) -> Verdict:
        """Whether an index is there, readable, of this model, and has the fields of its template."""
        index = require_index(self._client, alias)
        if self._deployed is not None:
            refuse_other_model(alias, index_model(index.name, index.mappings), self._deployed)
        count = self._client.count(index=index.name)
        told = f"{index.name}, {format_count(count['count'], 'document')}"
        if count["_shards"]["failed"]:
            return "wrong", f"{told} and shards that cannot be read", "GET _cluster/allocation/explain"
        missing, different = compare_fields(index, template_mappings(self._assets, alias))
        if different:
            told += f"; fields that differ from the template's: {list_words(different)}"
            return "wrong", told, f"{self._apply} --next --index {alias}"
        if missing:
            return "wrong", f"{told}; fields missing: {list_words(list(missing))}", self._apply
        return "ok", told, ""

    def assets(self, kind: str) -> Verdict:
        """Whether the assets of a kind are those of the files."""
        wanted = [asset for asset in self._assets if asset.kind == kind]
        found = list(put_assets(self._client, wanted, dry_run=True))
        missing = [change.name for change in found if change.action == "created"]
        others = [change.name for change in found if change.action == "changed"]
        if not missing and not others:
            return "ok", f"{sum(change.action == 'left' for change in found)} as in the files", ""
        parts = [(missing, "missing"), (others, "not as in the files")]
        told = "; ".join(f"{adjective}: {list_words(names)}" for names, adjective in parts if names)
        return "wrong", told, self._apply
