"""What is wrong with a catalogue of peaks and its reference photos, before wrong prototypes do harm."""
