"""Helpers of recipes on images."""
