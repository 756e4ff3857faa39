"""The cluster: what several rooms ask of Elasticsearch, and what is put into it and into Kibana.

- `connection`, `error_sentences`: Eland's flags, a client, and its refusals in plain words.
- `retries`, `bulk`: requests that wait for a busy cluster; documents in and out.
- `indices`, `models`, `photo_index`: what stands behind an alias, whose vectors it holds, its photos.
- `assets`, `asset_writer`: templates, pipelines and search templates, from files into the cluster.
- `kibana_sources`, `kibana_import`: data views, map and dashboard, from files into Kibana.
"""
