"""The error for a mistake of the caller."""

__all__ = ["ArgumentError"]


class ArgumentError(ValueError):
    """An argument, or the data in it, cannot be used; the message names the argument, what it must be and its value."""
