"""Who may do what: `peaks keys`."""
