"""A figure that a notebook shows. It imports matplotlib, so it is imported when the first picture is drawn."""

import io

import matplotlib.figure


class Figure(matplotlib.figure.Figure):
    """A figure without a window. A notebook shows it as the last value of a cell, with any matplotlib backend."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png", bbox_inches="tight")
        return picture.getvalue()
