"""The trek as one HTML page: choose the `view`, draw the `figure`, fill the `page`."""
