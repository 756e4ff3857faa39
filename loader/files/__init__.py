"""Reads one file on disk: its pixels and facts.

`library` finds the files, `content` reads one of them, and `photo` makes the parts of its document. `images`
decodes pixels, with `kinds` for what one kind of file needs; `facts` holds what a file says beside them.
"""
