"""Photos of digits: finding the ink, making test photos, calibrated probabilities."""
