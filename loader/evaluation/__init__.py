"""How well a library's photos are found and its mountains named: labels, metrics, calibration, report."""
