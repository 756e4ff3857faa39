"""A question becomes a stored template with parameters, and the hits become an answer.

filters → question → asking → answer; template_call checks parameters, asked_image reads an image, trek
the photos of a map.
"""
