"""Kibana's saved objects: readable sources packed to NDJSON, and their way into a Kibana."""
