"""The front door of the site, from home.md, the README's results and its citation."""

import re
from pathlib import Path
from string import Template

import yaml

from questions import _questions
from recipes._lib.published import published_runs
from recipes._lib.runs import recipe_list
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT
from tools.site import _pages, _play, _scripts

HERE = Path(__file__).parent
DEMO = "<!-- demo digits cnn_mnist -->\n{recorded}<!-- end demo -->"


def page(language: str, files: _pages.Files) -> str:
    """Return the front door of a language as a page of the site."""
    suffix = LANGUAGES[language]
    readme = (ROOT / f"README{suffix}.md").read_text(encoding="utf-8")
    door = "play door" if _scripts.has_runtime() else "play door without npm"
    parts = {
        "play": read_words(_pages.WORDS, language)[door].format(models=len(published_runs.models())),
        "questions": len(_questions.names()),
        "demo": DEMO.format(recorded=_recorded(suffix)),
        "table": _table(readme, language),
        "code": code(address(), language),
        "book": _book_line(language),
        "citation": re.search(r"^```bibtex\n.*?^```$", readme, re.MULTILINE | re.DOTALL)[0],
    }
    text = Template((HERE / f"home{suffix}.md").read_text(encoding="utf-8")).substitute(parts)
    text = _pages.transformed(_pages.with_places(text, language), "README.md", "index.md", files)
    return text.replace("data-demo=", "data-start=use data-demo=")


def address(settings: Path = HERE / "mkdocs.yml") -> str:
    """Return where the code is kept, as the site's settings say; empty if they do not."""
    return yaml.load(settings.read_text(encoding="utf-8"), yaml.BaseLoader)["repo_url"]


def code(repository: str, language: str) -> str:
    """Return how to get the code at an address; without one, how the site was made."""
    texts = read_words(_pages.WORDS, language)
    if not repository:
        return texts["no address"]
    folder = repository.rstrip("/").rpartition("/")[2].removesuffix(".git")
    commands = [f"git clone {repository}", f"cd {folder}", 'pip install -e ".[recipes]"', "python -m recipes.mlp_mnist"]
    return "\n".join(["```", *commands, "```", "", texts["needs"]])


def _recorded(suffix: str) -> str:
    """Return the recorded example of the demo, for a browser in which the model does not run."""
    own = (_pages.PUBLISHED / f"cnn_mnist/README{suffix}.md").read_text(encoding="utf-8")
    return _pages.DEMO.search(own)[3].replace("](", "](recipes/published/cnn_mnist/")


def _table(readme: str, language: str) -> str:
    """Return the README's results with the recipes in plain words, without the last column, the time of training."""
    head, line, *rows = re.search(r"<!-- results -->\n(.*?)\n<!-- end results -->", readme, re.DOTALL)[1].splitlines()
    found = [head, line]
    for row in rows:
        name = re.search(r"`(\w+)`", row)[1]
        own = recipe_list.FOLDER / f"published/{name}/README{LANGUAGES[language]}.md"
        title = re.match(r"# \w+[:：] ?(.+)", own.read_text(encoding="utf-8"))[1]
        badge = f" {_play.badge(language)}" if name in published_runs.models() else ""
        found.append(re.sub(r"\[.*?\]\(.*?\)", f"[{title}](recipes/published/{name}/README.md){badge}", row, count=1))
    return "\n".join(row.rstrip("|").rpartition("|")[0] + "|" for row in found)


def book(language: str) -> Path:
    """Return where `python -m tools.book` writes the book of a language."""
    return ROOT / f"book/dlguide{LANGUAGES[language]}.pdf"


def _book_line(language: str) -> str:
    pdf, texts = book(language), read_words(_pages.WORDS, language)
    if not pdf.exists():
        return texts["no book"]
    return texts["book link"].format(name=pdf.name, megabytes=f"{pdf.stat().st_size / 1e6:.0f}")
