"""The commands: one module for each noun, with options and texts; the work is done in other rooms."""
