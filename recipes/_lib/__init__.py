"""What the recipes and the commands share, a module for each purpose."""
