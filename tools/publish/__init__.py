"""Put a finished run into `recipes/published`."""
