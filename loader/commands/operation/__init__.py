"""What an operator of a cluster asks: who may do what, what is wrong, and another model."""
