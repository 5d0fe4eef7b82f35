"""When the command started."""

import time

START = time.perf_counter()
