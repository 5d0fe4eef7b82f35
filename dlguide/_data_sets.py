"""Only until `dlguide.training` imports these from `_data_checks`: delete this module then."""

from dlguide._data_checks import Data, as_arrays, checked, kind_of  # noqa: F401
