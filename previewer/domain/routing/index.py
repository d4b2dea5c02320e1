"""The page of a project: its environments and branches, for people without a terminal. Pure.

Each environment has a small file of its own, so that what changes is all that is written, however many there are.
The router puts them together when it is asked (Caddy's templates), and tells the time that is left then. Nothing
that comes from a repository is read as a template.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from previewer.domain.commit.revision import Branch, short_id
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import SERVING, Environment, State
from previewer.domain.labels import Ownership
from previewer.domain.routing.pages import document
from previewer.domain.routing.route_files import INDEX, RouterFiles, host_page_files
from previewer.domain.units import format_time

MOST_BRANCHES = 50
"""Branches without an environment that are listed, of the newest ones."""
_WAITING = frozenset({State.STARTING, State.ASLEEP, State.STOPPED})
_RANKS = {role: rank for rank, role in enumerate(reversed(Role))}
_EMPTY = "<p>There is no environment at the moment.</p>"
_PARITY, _BRANCHES = "parity", "branches"


def index_files(host: str, project: str) -> RouterFiles:
    """The page at a project's own host name, around what the other functions give."""
    each = f"/{INDEX}/{host}/of"
    parts = {part: f"/{INDEX}/{host}/{part}" for part in (_PARITY, _BRANCHES)}
    body = (
        f"<h1>{_text(project)}</h1>\n"
        f'{{{{if fileExists "{parts[_PARITY]}"}}}}{{{{include "{parts[_PARITY]}"}}}}{{{{end}}}}'
        f'{{{{$all := ""}}}}{{{{if fileExists "{each}"}}}}{{{{range listFiles "{each}" | sortAlpha}}}}'
        f'{{{{$all = print $all (include (print "{each}/" .))}}}}{{{{end}}}}{{{{end}}}}'
        f"{{{{if $all}}}}<ul>\n{{{{$all}}}}</ul>{{{{else}}}}{_EMPTY}{{{{end}}}}\n"
        f'{{{{if fileExists "{parts[_BRANCHES]}"}}}}{{{{include "{parts[_BRANCHES]}" $all}}}}{{{{end}}}}'
    )
    return host_page_files(host, page=document(_text(project), body))


def environment_files(host: str, environment: Environment, *, now: datetime) -> RouterFiles:
    """What the page at ``host`` says of one environment, as it is now."""
    return {_place(host, environment.ownership): "".join(_item(environment, now)).encode()}


def removed_files(host: str, owner: Ownership) -> RouterFiles:
    """Nothing is said any more of an environment that was removed."""
    return {_place(host, owner): b""}


def parity_files(host: str, sentence: str) -> RouterFiles:
    """How staging and production stand to each other; empty where there are not both."""
    return {f"{INDEX}/{host}/{_PARITY}": f"<p>{_text(sentence)}</p>\n".encode() if sentence else b""}


def branches_files(host: str, branches: Iterable[Branch]) -> RouterFiles:
    """The newest branches; those that have an environment when the page is asked for are left out."""
    items = "".join(map(_branch, list(branches)[:MOST_BRANCHES]))
    found = (
        f'{{{{$all := index .Args 0}}}}{{{{$rest := ""}}}}{items}'
        "{{if $rest}}<h2>Branches without an environment</h2>\n<ul>\n{{$rest}}</ul>{{end}}"
    )
    return {f"{INDEX}/{host}/{_BRANCHES}": found.encode()}


def _place(host: str, owner: Ownership) -> str:
    """Production and staging first, then previews by name."""
    return f"{INDEX}/{host}/of/{_RANKS[owner.role]}-{owner.environment}"


def _item(environment: Environment, now: datetime) -> Iterator[str]:
    owner, url = environment.ownership, environment.url
    name = _text(environment.name)
    link = f'<a href="{_text(url)}">{name}</a>' if url and url.startswith("http") else name
    tone = "good" if environment.state in SERVING else "wait" if environment.state in _WAITING else "bad"
    mark = f' data-branch="{_key(owner.branch)}"' if owner.branch else ""
    yield f'<li{mark}><strong>{link}</strong> <span class="{tone}">{environment.state.value}</span><dl>'
    facts = {
        "role": owner.role.value,
        "branch": owner.branch or "",
        "commit": short_id(owner.commit),
        "by": owner.owner,
        "since": format_time(environment.created_at),
        "marks": "changed by hand" if environment.is_tainted else "",
        "as of": format_time(now),
    }
    for term, text in facts.items():
        if text:
            yield f"<div><dt>{term}</dt><dd>{_text(text)}</dd></div>"
    if (expires := environment.expires_at) is not None:
        yield f"<div><dt>time left</dt><dd>{_time_left(int(expires.timestamp()))}</dd></div>"
    yield "</dl></li>\n"


def _branch(branch: Branch) -> str:
    facts = {"commit": branch.short, "by": branch.author, "of": format_time(branch.committed_at)}
    told = "".join(f"<div><dt>{term}</dt><dd>{_text(text)}</dd></div>" for term, text in facts.items())
    item = (
        f"<li><strong>{_text(branch.name)}</strong> <dl>{told}</dl>"
        f"<code>previewer up {_text(branch.name)}</code></li>\n"
    )
    names = dict.fromkeys((branch.name, branch.remote_name or branch.name))
    known = " ".join(f'(contains "data-branch=\\"{_key(name)}\\"" $all)' for name in names)
    return f"{{{{if not (or false {known})}}}}{{{{$rest = print $rest `{item}`}}}}{{{{end}}}}"


def _time_left(until: int) -> str:
    """Days, hours and minutes when the page is asked for, rounded up as everywhere; ``until`` in Unix seconds."""
    return (
        f"{{{{$m := div (add (max 0 (sub {until} (now | unixEpoch | int64))) 59) 60}}}}"
        "{{$d := div $m 1440}}{{$h := div (mod $m 1440) 60}}{{$m = mod $m 60}}"
        "{{if $d}}{{$d}}d{{end}}{{if $h}}{{$h}}h{{end}}{{if or $m (not (or $d $h))}}{{$m}}m{{end}}"
    )


def _key(branch: str) -> str:
    return hashlib.sha256(branch.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _text(text: str) -> str:
    """Neither HTML nor, by its braces and backquotes, a template."""
    return escape(text).replace("{", "&#123;").replace("`", "&#96;")
