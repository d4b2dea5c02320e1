"""The sample application's page, as a visitor of its URL gets it."""

from __future__ import annotations

import html
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass

PATIENCE = 10


@dataclass(frozen=True)
class Page:
    """What is on the page."""

    title: str
    facts: dict[str, str]
    """``branch``, ``commit``, ``environment``, ``role``, ``entries``, …"""


def read_page(url: str) -> Page:
    """Get the page. Raises :class:`OSError` where it does not come."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        text = answer.read().decode()
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    facts = re.findall(r'<dd data-fact="(.*?)">(.*?)</dd>', text)
    return Page(
        title=html.unescape(title[1]) if title else "",
        facts={html.unescape(name): html.unescape(value) for name, value in facts},
    )


def sign(url: str, *, guest: str, message: str) -> None:
    """Leave an entry, as the page's form does. Raises :class:`OSError` where it is not taken."""
    form = urllib.parse.urlencode({"guest": guest, "message": message}).encode()
    with urllib.request.urlopen(urllib.parse.urljoin(url, "/sign"), form, timeout=PATIENCE):
        pass
