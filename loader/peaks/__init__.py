"""The catalogue of peaks and concepts, and their prototype vectors."""
