"""The demo's commands and the keys of other clusters."""
from __future__ import annotations

from demo.run import step_environment
from loader.elastic.connection import Connection


def test_the_demos_node_is_not_sent_another_clusters_keys() -> None:
    keys = {"CLOUD_ID": "prod", "ES_API_KEY": "key", "ES_USERNAME": "me", "ES_PASSWORD": "secret"}
    around = {**keys, "ES_URL": "https://prod:9200", "PATH": "/bin"}
    told = step_environment(Connection(url="http://127.0.0.1:9200"), around)
    assert told == {"ES_URL": "http://127.0.0.1:9200", "PATH": "/bin"}
