"""What an input of a saved run looks like, and how `recipes predict` reads one."""
