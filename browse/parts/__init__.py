"""The parts of the page, a file each, and the HTML that they share."""
