"""What was measured, for people and programs: the `report` with its `plots`, the `calibration_table`."""
