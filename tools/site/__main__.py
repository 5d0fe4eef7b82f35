"""Build the site: python -m tools.site"""

from recipes._lib.runs import command_line
from tools.site import _build

if __name__ == "__main__":
    command_line.run_tool(_build.build, "tools.site")
