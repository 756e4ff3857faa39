"""A change of the model while people search, and back."""
