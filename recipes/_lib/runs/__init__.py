"""A recipe as a command: its options, its run folder, its published results."""
