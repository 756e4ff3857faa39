"""A question becomes a stored template with parameters; what comes back becomes an answer."""
