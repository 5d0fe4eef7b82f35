"""Only until `dlguide.training` imports these from `_data_checks`: delete this module then."""

from dlguide._data_checks import Rows, as_floatx, blocks, floatx_of  # noqa: F401
