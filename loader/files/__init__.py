"""One file on disk becomes pixels and facts.

`library` finds the files, and `photo` makes of each what its document needs. `images` decodes pixels, with
`heif_tiles` for the HEIC of phones; `exif` judges what the tags of `exif_block` say.
"""
