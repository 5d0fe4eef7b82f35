"""Pages of the API, one for each public name, from the docstrings. Nothing is imported: griffe reads the source."""

import functools
import re
import textwrap

import griffe

from recipes._lib.words import read_words
from tools import ROOT
from tools.site import _pages


def pages(language: str) -> dict[str, str]:
    """Return the path and the text of each page; the index comes first."""
    texts = read_words(_pages.WORDS, language)
    found, index = {}, [f"# {texts['api']}\n\n{texts['api intro']}\n"]
    for module, items in _public().items():
        index.append(f"## {module or texts['builders']}\n\n| {texts['name']} | {texts['what']} |\n|---|---|")
        for name, item in items.items():
            path = _path(module, name)
            found[f"api/{path}.md"] = _page(path, item, texts)
            index.append(f"| [`{path}`]({path}.md) | {_sentence(item)} |")
        index.append("")
    return {"api/index.md": "\n".join(index), **found}


def navigation() -> list[dict]:
    """Return the pages of each module, for the navigation."""
    return [
        {f"dlguide{'.' if module else ''}{module}": [{name: f"api/{_path(module, name)}.md"} for name in items]}
        for module, items in _public().items()
    ]


def _path(module: str, name: str) -> str:
    return ".".join(filter(None, ("dlguide", module, name)))


@functools.cache
def _public() -> dict[str, dict[str, griffe.Object]]:
    """Return the public names of each module, "" for the builders, which stand in the package too."""
    package = griffe.load("dlguide", search_paths=[str(ROOT)], resolve_aliases=True)
    modules = {name: item for name, item in sorted(package.members.items()) if name[0] != "_" and not item.is_alias}
    found, seen = {}, set()
    for module, place in {"": package, **{name: item for name, item in modules.items() if item.is_module}}.items():
        members = [(name, item) for name, item in place.members.items() if not item.is_alias and item.is_public]
        names = place.exports or [name for name, item in members if item.is_function or item.is_class]
        items = {name: place[name].final_target if place[name].is_alias else place[name] for name in names}
        found[module] = {name: item for name, item in items.items() if item.path not in seen}
        seen.update(item.path for item in items.values())
    return {module: items for module, items in found.items() if items}


def _page(path: str, item: griffe.Object, texts: dict[str, str]) -> str:
    lines = [f"# {path}\n", *_documented(path.rpartition(".")[2], item, texts)]
    if item.is_class:
        for name, member in item.members.items():
            if member.is_function and member.is_public and member.docstring and not member.is_alias:
                lines += [f"## {name}\n", *_documented(name, member, texts)]
    file = item.relative_package_filepath
    lines.append(f"{texts['source']}: [`{file}`](../{file})\n")
    return "\n".join(lines)


def _documented(name: str, item: griffe.Object, texts: dict[str, str]) -> list[str]:
    """Return the signature and the docstring of a function, method or class as Markdown."""
    call = item["__init__"] if item.is_class and "__init__" in item.members else item
    lines = [f"```python\n{_signature(name, call)}\n```\n"] if call.is_function else []
    for text in filter(None, (item.docstring, call.docstring if call is not item else None)):
        lines += _sections(text.value, texts)
    if item.is_class and "NamedTuple" in map(str, item.bases):
        lines.append(f"**{texts['Attributes']}**\n")
        for attribute in (member for member in item.members.values() if member.is_attribute and member.is_public):
            about = _joined(attribute.docstring.value) if attribute.docstring else ""
            lines.append(f"- `{attribute.name}` (`{attribute.annotation}`){': ' if about else ''}{about}")
        lines.append("")
    return lines


def _signature(name: str, function: griffe.Function) -> str:
    text = function.signature(name=name).replace("(self, ", "(").replace("(self)", "()")
    if len(text) <= 80:
        return text
    inside, _, end = text.removeprefix(f"{name}(").rpartition(")")
    parts = re.split(r", (?![^\[(]*[\])])", inside)
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){end}"


def _sections(docstring: str, texts: dict[str, str]) -> list[str]:
    """Return a docstring as Markdown: `Args:` and the like become headings, what is indented below them a list."""
    text, *sections = re.split(r"^(\w+):\n(?=    )", docstring, flags=re.MULTILINE)
    lines = [text.rstrip() + "\n"]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        body = textwrap.dedent(body).strip("\n")
        if ">>>" in body:
            body = f"```pycon\n{body}\n```"
        elif title in ("Args", "Raises", "Warns", "Attributes"):
            body = re.sub(r"^(\*{0,2}\w+): ", r"- `\1`: ", body, flags=re.MULTILINE)
        lines.append(f"**{texts[title]}**\n\n{body}\n")
    return lines


def _joined(text: str) -> str:
    return " ".join(text.split())


def _sentence(item: griffe.Object) -> str:
    """Return the first sentence of a docstring."""
    return _joined(item.docstring.value.partition("\n\n")[0]).replace("|", "\\|") if item.docstring else ""
