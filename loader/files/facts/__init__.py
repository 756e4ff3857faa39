"""What a photo's file says beside its pixels: where, when and what."""
