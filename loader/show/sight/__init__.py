"""What stood before a photo's camera: in `words`, as a `table`, and as a picture.

`diagram` draws the picture. `layout` says where things stand in it, and `lettering` which names it can write.
"""
