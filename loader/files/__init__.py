"""Reads one file on disk: its pixels and facts.

`library` finds the files, `content` reads one of them, and `photo` makes the parts of its document. `images`
decodes pixels, with `heif_tiles` for the HEIC of phones; `facts` holds what the file says beside its pixels.
"""
