"""A folder of photo files becomes the photos index: compare, decode, embed, identify, write."""
