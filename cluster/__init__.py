"""Elasticsearch to work against: `embedded` without Docker, `compose` as Elastic ships it."""
