"""What a person types: one module a noun, with the options and words of its commands, and no work."""
