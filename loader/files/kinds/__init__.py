"""What one kind of image file needs beside the common decoders."""
