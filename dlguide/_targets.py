"""Only until `dlguide.training` imports these from `_data_checks`: delete this module then."""

from dlguide._data_checks import loss_name, num_classes, takes_logits  # noqa: F401
