"""The trek as one HTML page: `read` it, choose the `view`, draw the `figure`, fill the `page`."""
