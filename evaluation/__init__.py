"""How good the answers are: labels, metrics, report, and the fit of the identification rule."""
