"""Lists of summits that others keep (OpenStreetMap, GeoNames, GPX), as entries of a catalogue."""
