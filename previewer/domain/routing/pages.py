"""What people without a terminal see where an environment does not answer. Pure.

Everything that comes from a repository is escaped. A page works without scripts, fonts and other files.
"""

from __future__ import annotations

from html import escape

from msgspec import Struct

RELOAD_SECONDS = 2
LONGEST_WORDS = 4000
"""Characters of an environment's last words."""
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:light-dark(#555,#aaa);--link:light-dark(#0b57d0,#8ab4f8);
--good:light-dark(#12692f,#7bd88f);--bad:light-dark(#a8201a,#ff8f87);--wait:light-dark(#7a5200,#f2c55c)}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;padding:1.5rem 1rem;max-width:60rem;
background:light-dark(#fff,#161616);color:light-dark(#1a1a1a,#eee)}
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem}a{color:var(--link)}
code,pre{font:0.9rem ui-monospace,monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.75rem;
border:1px solid var(--line);border-radius:.4rem}
ul{list-style:none;padding:0}li{border-top:1px solid var(--line);padding:.75rem 0;overflow-wrap:break-word}
dl{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;margin:.2rem 0 0;color:var(--dim)}dl div{max-width:100%}
dt,dd{display:inline;margin:0 .3rem 0 0}.good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}
"""


class Page(Struct, frozen=True):
    """Why an environment does not answer, in words for everybody."""

    environment: str
    what: str
    """What follows its name: ``is asleep``."""
    how: str = ""
    """The command that helps, or a sentence."""
    words: str = ""
    """The last words of what failed."""
    is_gone: bool = False
    """Whether it was removed, and does not come back by itself."""
    reloads: bool = False
    """Whether the page looks again by itself."""


def state_page(page: Page) -> str:
    """One environment's page."""
    is_command = page.how.startswith("previewer ")
    how = f"<code>{escape(page.how)}</code>" if is_command else escape(page.how)
    parts = [
        f"<h1>{escape(page.environment)} {escape(page.what)}</h1>",
        f"<p>{'To get it: ' if is_command else ''}{how}</p>" if page.how else "",
        f"<pre>{escape(page.words[-LONGEST_WORDS:])}</pre>" if page.words else "",
    ]
    return document(
        escape(f"{page.environment} {page.what}"), "\n".join(filter(None, parts)), reloads=page.reloads
    )


_LOOK_AGAIN = f"""<noscript><meta http-equiv="refresh" content="{RELOAD_SECONDS}"></noscript>
<script>
setInterval(async () => {{
  const answer = await fetch(location.href, {{cache: "no-store"}});
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.status !== 503 || page.title !== document.title) location.replace(location.href);
}}, {RELOAD_SECONDS * 1000});
</script>
"""
"""It is loaded again when it changed: what is loaded every other second cannot be read with a screen reader."""


def document(title: str, body: str, *, reloads: bool = False) -> str:
    """A whole page; ``title`` and ``body`` are HTML."""
    reload = _LOOK_AGAIN if reloads else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n{reload}<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
