"""Only until `dlguide.training` imports these from `_data_checks`: delete this module then."""

from dlguide._data_checks import warn_of_logits  # noqa: F401
