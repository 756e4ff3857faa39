"""Reads one file on disk: its pixels and facts.

`library` finds the files, and `photo` makes the parts of each document. `images` decodes pixels, with
`heif_tiles` for the HEIC of phones; `exif` judges what the tags of `exif_block` say.
"""
