"""A real Elasticsearch node on this machine, with no Docker: for the first run, the tests and CI."""
