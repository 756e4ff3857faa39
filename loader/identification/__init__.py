"""Which mountain is that: what the picture looks like and where the camera looked, in one calibrated rule."""
