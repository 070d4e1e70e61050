"""What is kept of a call's own words: bodies, where the configuration says so, and the shape of a refused request."""
