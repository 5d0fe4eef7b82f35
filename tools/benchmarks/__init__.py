"""What is measured beside the recipes: speed, memory, exports, photos, the worth of a search."""
