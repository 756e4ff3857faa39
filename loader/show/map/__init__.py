"""The trek as one page: a map with photos, peaks and sight lines, and a gallery."""
