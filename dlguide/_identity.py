"""What is known of objects by their identity, for as long as they live."""

import weakref


class ByIdentity:
    """A mapping from objects, equal or not, hashable or not; an entry is gone with its object."""

    def __init__(self):
        self._values = {}

    def get(self, owner, default=None):
        return self._values.get(id(owner), default)

    def set(self, owner, value):
        """Note a value of an object, and return it."""
        if id(owner) not in self._values:
            weakref.finalize(owner, self._values.pop, id(owner), None)
        self._values[id(owner)] = value
        return value
