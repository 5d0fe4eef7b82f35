"""A figure that a notebook shows; imported when the first picture is drawn, because it imports matplotlib."""

import io

import matplotlib.figure


class Figure(matplotlib.figure.Figure):
    """A figure without a window, which a notebook shows as the last value of a cell, whatever backend is set."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png", bbox_inches="tight")
        return picture.getvalue()
