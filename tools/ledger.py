"""Say which published results still hold by all checks of them, and add checks that were made elsewhere.

    python -m tools.ledger               # the state of each result
    python -m tools.ledger checks.jsonl  # add checks first: lines that `tools.verify` printed on another machine

The state is a two-sided CUSUM of the z of a result's checks. If a result has shifted, to worse or to better, the sum
grows with each check, and above 5 there is an alarm: the exit status is 1. `tools.verify` makes checks.
"""

import sys
from pathlib import Path

from recipes._lib.runs import arguments, command_line, recipe_list
from tools import checks


def main(files: tuple[str, ...] = ()) -> None:
    """Say which published results still hold.

    Args:
        files: Files with checks to add: what `tools.verify` printed, or the ledger of another machine. Checks that
            this ledger has are left out. If a new one does not fit, none is added.
    """
    known, added = checks.read(), []
    known_lines = set(map(checks.line, known))
    for file in files:
        if not Path(file).is_file():
            raise arguments.error("files", "files that exist", file)
        try:
            lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise arguments.error("files", "text files in UTF-8", file) from None
        found = [line for line in lines if line.startswith("{")]  # `tools.verify` prints sentences too.
        if not found:
            raise arguments.error("files", "files with checks, a line of JSON each", file)
        for line in found:
            if line not in known_lines:
                added.append(checks.received(line, known + added))
                known_lines.add(line)
    if added:
        checks.append(added)
        print(f"{len(added)} checks added to {checks.path()}")
    alarms = [name for name in recipe_list.rows() if _print_state(name)]
    if alarms:
        print(f"shifted: {', '.join(alarms)}")
        sys.exit(1)


def _print_state(name: str) -> bool:
    """Print the state of a row with checks; return whether there is an alarm."""
    own = checks.valid(name)
    if own:
        chart = checks.chart(check["z"] for check in own)
        alarm = "" if chart.alarm is None else f"  ALARM at check {chart.alarm}"
        print(f"{name}  {len(own)} checks, last {own[-1]['date']}, z {own[-1]['z']:+.1f}, ", end="")
        print(f"CUSUM +{chart.high:.1f} −{chart.low:.1f}{alarm}")
    return bool(own) and chart.alarm is not None


if __name__ == "__main__":
    command_line.run_tool(main)
