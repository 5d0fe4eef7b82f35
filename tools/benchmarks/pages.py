"""What the pages show of the published benchmarks, as Markdown. The other tables were measured once, and stay."""

from recipes._lib.words import read_words
from tools.benchmarks.diagnosis import TOOLS, agreement, summary
from tools.benchmarks.tables import WORDS, read, table


def published(language: str) -> dict[str, str]:
    """Return the Markdown of each benchmark by its marker, in "en" or "zh"; paths start at the root of the project."""
    phrases, content = read_words(WORDS, language), read("diagnosis")
    unit = phrases["core" if content["cores"] == 1 else "cores"]
    software = phrases["list_comma"].join(map(" ".join, content["versions"].items()))
    return {"diagnosis": _diagnosis({**content, "unit": unit, "software": software}, phrases)}


def _diagnosis(content, phrases) -> str:
    rows = []
    for backend, judged in content["rows"].items():
        shares = summary(judged)
        counts = {f"num_{kind}": sum(row["kind"] == kind for row in judged) for kind in ("buggy", "fixed", "healthy")}
        same = "–" if backend == "tensorflow" else f"{agreement(judged, content['rows']['tensorflow']):.0%}"
        rows.append({"backend": phrases[backend], **counts, **shares, "same": same})
    buggy = [row for row in content["rows"]["tensorflow"] if row["kind"] == "buggy"]
    lists = {tool: [row for row in buggy if tool in row["sources"]] for tool in TOOLS}
    parts = [
        {"tool": tool, "count": len({row["name"] for row in own}), **summary(own)} for tool, own in lists.items() if own
    ]
    note = phrases["diagnosis_note"].format(**content)
    return "\n\n".join([table("diagnosis", phrases, rows), note, table("diagnosis_lists", phrases, parts)])
