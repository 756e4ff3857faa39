"""The trek as a map without Kibana: peaks, photos, sight lines and heat, as one HTML file or one PNG."""
