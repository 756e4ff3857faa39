"""What is wrong with a catalogue and its reference photos."""
