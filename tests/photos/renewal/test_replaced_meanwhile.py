"""What runs while the aliases move to another model's indices writes nothing of the old model there."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.models import read_deployed_model, read_index_model
from loader.elastic.renewal.next_indices import create_next
from loader.elastic.renewal.swap import read_model_assets
from loader.errors import PeaksError
from loader.files.library import list_files
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.catalogue_writer import PrototypeMaker, load_peaks
from loader.photos.load import PhotoLoad
from loader.photos.photo_model import PhotoModel, open_photo_model
from loader.photos.predictions import predict_photos
from loader.photos.report import PhotoReport
from loader.photos.settings import Settings
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, call_peaks

pytestmark = [pytest.mark.cluster, pytest.mark.release]

REPLACED = r"\[{0}-000002\] has taken the place of \[{0}-000001\] meanwhile"
Move = Callable[[str], None]


@pytest.fixture
def move(client: Elasticsearch, fresh_indices: str, other_model: str) -> Move:
    """Moves an alias to the next index, which is of the other model."""
    model = read_deployed_model(client, other_model)
    create_next(client, read_model_assets(client, model), model)

    def to_next(alias: str) -> None:
        client.indices.update_aliases(actions=[
            {"remove": {"index": f"{alias}-000001", "alias": alias}},
            {"add": {"index": f"{alias}-000002", "alias": alias}},
        ])

    return to_next


def test_a_load_of_photos_ends(client: Elasticsearch, move: Move, drawn: Path) -> None:
    def open_model() -> PhotoModel:
        index = read_index_model(client, "photos")
        move("photos")
        return open_photo_model(client, index, str(DEMO_CHECKPOINT), "fp32", 3)

    load = PhotoLoad(client, list_files(drawn), Settings("drawn", drawn), PhotoReport())
    with pytest.raises(PeaksError, match=REPLACED.format("photos")):
        load.run(open_model, lambda _: None)
    assert client.count(index="photos-00000*")["count"] == 0


def test_a_load_of_peaks_ends(client: Elasticsearch, move: Move, fresh_indices: str) -> None:
    peaks = read_catalogue(REPOSITORY / "demo" / "peaks.yaml", Peak)[:3]

    prototypes = PrototypeMaker(client, fresh_indices)

    def advance(_: int) -> None:
        move("peaks_catalog")

    with pytest.raises(PeaksError, match=REPLACED.format("peaks_catalog")):
        load_peaks(client, peaks, prototypes, advance)
    assert client.count(index="peaks_catalog-00000*")["count"] == 0


def test_naming_anew_ends(client: Elasticsearch, node: Node, move: Move, drawn: Path) -> None:
    call_peaks("load-photos", drawn, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)

    def fill_fields(vectors: object, photos: object) -> list[dict[str, object]]:
        move("photos")
        return [{"predicted_peaks": ["lhotse"], "peaks_in_frame": [], "predicted_concepts": []}] * 24

    with pytest.raises(PeaksError, match=REPLACED.format("photos")):
        predict_photos(client, fill_fields, lambda _: None)
    assert client.count(index="photos-000002")["count"] == 0
