"""The front end: one page that shows the guestbook and which environment this is, and the way to the API."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from service import Reply, Request, call, healthy, serve

PORT = int(os.environ.get("PORT", "8080"))
API = os.environ.get("API_URL", "http://api:8000")
HERE = Path(__file__).parent

SITE: dict[str, str] = json.loads((HERE / "site.json").read_text(encoding="utf-8"))
PAGE = Template((HERE / "page.html").read_text(encoding="utf-8"))
THEME = (HERE / "theme.css").read_text(encoding="utf-8")

FACTS = {
    "branch": "PREVIEWER_BRANCH",
    "commit": "PREVIEWER_COMMIT",
    "environment": "PREVIEWER_ENVIRONMENT",
    "role": "PREVIEWER_ROLE",
    "release": "PREVIEWER_RELEASE",
    "url": "PREVIEWER_URL",
}
"""What the page says about its environment, and the variable that each fact comes from."""

NO_BOOK = b'{"entries": [], "facts": {"api": "away"}}'
"""What is shown where the API does not answer."""


def environment_facts() -> dict[str, str]:
    """The facts as this container was told them; a dash where it was started by hand."""
    return {name: os.environ.get(variable) or "–" for name, variable in FACTS.items()}


def fact_rows(facts: dict[str, str]) -> str:
    """The facts as the rows of a definition list."""
    row = '<div class="fact"><dt>{0}</dt><dd data-fact="{0}">{1}</dd></div>'
    return "\n".join(row.format(html.escape(name), html.escape(str(value))) for name, value in facts.items())


def entry_items(entries: list[dict[str, str]]) -> str:
    """The entries as list items, newest first."""
    if not entries:
        return '<li class="empty">Nobody has signed yet. Be the first.</li>'
    item = "<li><p>{message}</p><cite>{guest}</cite></li>"
    return "\n".join(
        item.format(message=html.escape(entry["message"]), guest=html.escape(entry["guest"]))
        for entry in reversed(entries)
    )


def show_page(_request: Request) -> Reply:
    """The page; it says so where the API does not answer."""
    answer = call(API, "GET", "/entries")
    book = json.loads(answer.body if answer.status == 200 else NO_BOOK)
    facts = environment_facts()
    page = PAGE.substitute(
        {name: html.escape(value) for name, value in (SITE | facts).items()},
        theme=THEME,
        facts=fact_rows(facts),
        entries=entry_items(book["entries"]),
        api_facts=fact_rows({"web": SITE["version"], **book["facts"]}),
    )
    return Reply(page.encode(), content_type="text/html")


def sign(request: Request) -> Reply:
    """Pass what a guest wrote in the form on to the API, and show the page again."""
    form = parse_qs(request.body.decode("utf-8", "replace"))
    entry = {field: form.get(field, [""])[0] for field in ("guest", "message")}
    answer = call(API, "POST", "/entries", json.dumps(entry).encode())
    return Reply(b"", 303, location="/") if answer.status == 201 else answer


def forward(request: Request) -> Reply:
    """``/api/entries`` here is ``/entries`` of the API."""
    return call(API, request.method, request.path.removeprefix("/api"), request.body or None)


if __name__ == "__main__":
    routes = {
        "GET /": show_page,
        "GET /healthz": healthy,
        "POST /sign": sign,
        "GET /api/*": forward,
        "POST /api/*": forward,
    }
    serve(routes, port=PORT)
