"""The cluster: connection and its error sentences, retries, bulk writing, assets, models, Kibana import."""
