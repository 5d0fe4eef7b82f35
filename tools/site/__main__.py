"""Build the site: python -m tools.site"""

from pathlib import Path

from recipes._lib.runs import command_line
from tools.site import _build


def main(folder: str = "site") -> dict:
    """Build the guide as a site in English and Chinese.

    Args:
        folder: Folder of the site, new or with an earlier one, which is replaced.
    """
    _build.build(Path(folder))
    print(f"open {Path(folder) / 'index.html'}")
    return {}


if __name__ == "__main__":
    command_line.run_tool(main, "tools.site")
