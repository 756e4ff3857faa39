"""Which mountain a photo shows: one calibrated rule over picture and sight line."""
