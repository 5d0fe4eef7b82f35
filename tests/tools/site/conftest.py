"""The built site, over http and from disk, in headless Chromium."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "site"


def pytest_ignore_collect(collection_path):
    """These tests need the site that `python -m tools.site` builds, and a browser: `.ci/run` has both."""
    return not (FOLDER / "index.html").exists() or None


@pytest.fixture(scope="session")
def site():
    """Return the folder of the site."""
    return FOLDER


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(site):
    """Serve the site; return where."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])


class Visit:
    """A page that is open, with what the browser complained of and what it asked of other machines."""

    def __init__(self, browser, base, **settings):
        self.base, self.errors, self.outside = base, [], []
        self.page = browser.new_context(**settings).new_page()
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url):
        if not url.startswith((self.base, "data:", f"blob:{self.base}", "blob:null")):
            self.outside.append(url)

    def open(self, place):
        self.page.goto(self.base + place)
        return self.page


@pytest.fixture(params=["http", "file"])
def visit(request, browser):
    """Return a function that makes a `Visit`, over http or from disk."""
    yield from _visits(request, browser, request.param)


@pytest.fixture
def visit_disk(request, browser):
    """The same from disk only."""
    yield from _visits(request, browser, "file")


def _visits(request, browser, scheme):
    base = request.getfixturevalue("address") if scheme == "http" else f"file://{request.getfixturevalue('site')}/"
    opened = []

    def opener(**settings):
        opened.append(Visit(browser, base, **settings))
        return opened[-1]

    yield opener
    for each in opened:
        each.page.context.close()
