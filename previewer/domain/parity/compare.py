"""Two sides compared: every difference, what of it is declared, stale entries of allow-lists, and a score."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta

from msgspec import Struct

from previewer.domain.compose.definition import Role
from previewer.domain.compose.keys import in_units
from previewer.domain.json_value import JsonValue, as_text
from previewer.domain.parity.difference import (
    COST,
    Allowance,
    ParityDifference,
    ParitySide,
    SameFact,
    Side,
    allowances_between,
    by_weight,
    find_allowance,
    weigh_fact,
)
from previewer.domain.parity.facts import PRESENT, Facts, facts_of, package_facts
from previewer.domain.secrecy import Secrecy, is_secret_name

PREVIEWS_DIFFER = "previewer restricts every preview so"
FULL = 100
"""Percent: no difference but declared ones."""


class Parity(Struct, frozen=True):
    """How two sides differ."""

    left: ParitySide
    right: ParitySide
    differences: tuple[ParityDifference, ...]
    """Undeclared ones first, the worst first."""
    stale: tuple[Allowance, ...]
    """Entries of the allow-lists that cover no difference."""
    facts: int
    """How many facts were compared."""
    score: int
    """0 to 100; 100 exactly where there is no undeclared difference."""
    same: tuple[SameFact, ...] = ()
    """The facts that both sides have alike, by path."""

    @property
    def undeclared(self) -> tuple[ParityDifference, ...]:
        """Those that are not intended."""
        return tuple(difference for difference in self.differences if not difference.is_declared)

    @property
    def declared(self) -> tuple[ParityDifference, ...]:
        """Those that an allow-list has, with its reason."""
        return tuple(difference for difference in self.differences if difference.is_declared)

    @property
    def age(self) -> timedelta:
        """By how much the right side's commit is newer; negative where it is older."""
        return self.right.committed_at - self.left.committed_at


def compare_sides(left: ParitySide, right: ParitySide) -> Parity:
    """Compare them. Images are compared by digest where both sides were frozen, else as they are written.

    Where two images differ and the packages of both are known, so is each package that differs.
    """
    with_images = bool(left.release and right.release)
    ours = {**facts_of(left, with_images=with_images), "commit": left.commit}
    theirs = {**facts_of(right, with_images=with_images), "commit": right.commit}
    _add_packages(left, right, ours, theirs)
    allowances = allowances_between(left, right)
    used: set[Allowance] = set()
    by_role = _by_role(left, right, with_images=with_images)
    differences: list[ParityDifference] = []
    names = {*left.definition.services, *right.definition.services}
    for path in _differing(ours, theirs, names):
        service = _service_of(path, names)
        severity, why = weigh_fact(path, service)
        allowance = find_allowance(allowances, path)
        # An entry that covers what another one covers already is of use all the same.
        used.update(a for a in allowances if a.covers(path))
        reason = allowance.reason if allowance else by_role(path)
        differences.append(
            ParityDifference(path, service, severity, why, ours.get(path), theirs.get(path), reason)
        )
    return Parity(
        left=left,
        right=right,
        differences=tuple(sorted(differences, key=by_weight)),
        stale=tuple(allowance for allowance in allowances if allowance not in used),
        facts=len(ours.keys() | theirs.keys()),
        score=_score(ours, theirs, differences, names),
        same=tuple(
            SameFact(path, _service_of(path, names), ours[path])
            for path in sorted(ours.keys() & theirs.keys())
            if ours[path] == theirs[path]
        ),
    )


def _by_role(left: ParitySide, right: ParitySide, *, with_images: bool) -> Callable[[str], str]:
    """Why a path differs if it is only because one of the two is a preview; empty for any other difference."""
    if (left.role is Role.PREVIEW) is (right.role is Role.PREVIEW):
        return lambda _path: ""
    ours, theirs = (facts_of(side, with_images=with_images, as_preview=True) for side in (left, right))
    applied = (facts_of(side, with_images=with_images).keys() for side in (left, right))
    paths = {path for keys in applied for path in keys} | ours.keys()
    same = {path for path in paths if path != "commit" and ours.get(path) == theirs.get(path)}
    return lambda path: PREVIEWS_DIFFER if path in same else ""


def _add_packages(
    left: ParitySide, right: ParitySide, ours: dict[str, JsonValue], theirs: dict[str, JsonValue]
) -> None:
    for service in left.packages.keys() & right.packages.keys():
        image = f"services.{service}.image"
        if image in ours and image in theirs and ours[image] != theirs[image]:
            ours.update(package_facts(left, service))
            theirs.update(package_facts(right, service))


def _differing(left: Facts, right: Facts, names: Collection[str]) -> Iterator[str]:
    """The paths that differ, without those below a service or resource that one side lacks as a whole."""
    lacking: set[str] = set()
    for path in sorted(left.keys() | right.keys()):
        if left.get(path) == right.get(path) and (path in left) == (path in right):
            continue
        service = _service_of(path, names)
        if any(path.startswith(f"{whole}.") and service == _service_of(whole, names) for whole in lacking):
            continue
        if (path in left) != (path in right):
            lacking.add(path)
        yield path


def _service_of(path: str, names: Collection[str]) -> str:
    """A service's name may have dots in it."""
    fitting = (name for name in names if f"{path}.".startswith(f"services.{name}."))
    return max(fitting, key=len, default="")


def _score(left: Facts, right: Facts, differences: list[ParityDifference], names: Collection[str]) -> int:
    lost = sum(COST[difference.severity] for difference in differences if not difference.is_declared)
    if not lost:
        return FULL
    whole = sum(COST[weigh_fact(path, _service_of(path, names))[0]] for path in left.keys() | right.keys())
    return max(0, min(FULL - 1, FULL - -(-FULL * lost // whole)))


_VARIABLE = re.compile(r"^services\..+?\.(?:environment|args)\.(?P<name>.+)$")
_CREDENTIALS = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
"""``//user:password@`` of a URL."""
_CONTENT = re.compile(r"^(configs|secrets)\.[^.]+\.(content|environment)$")


def shown_value(difference: ParityDifference, side: Side, secrecy: Secrecy) -> str:
    """What one side says; empty where it says nothing. What may be a secret is a keyed hash."""
    value = difference.left if side is Side.LEFT else difference.right
    return show(difference.path, value, secrecy)


def show(path: str, value: JsonValue, secrecy: Secrecy) -> str:
    """``value`` of the fact at ``path`` as it may be seen."""
    if value is None:
        return ""
    if value == PRESENT:
        return "declared"
    text = secrecy.shown(value)
    variable = _VARIABLE.match(path)
    is_secret = variable is not None and is_secret_name(variable["name"])
    hides = is_secret or _CONTENT.match(path) or _CREDENTIALS.search(as_text(value) or text)
    if hides or text != _plain(value):
        return secrecy.hashed(as_text(value) or text)
    _, _, key = path.removeprefix("services.").partition(".")
    return in_units(key, text)


def conceal(path: str, value: JsonValue, secrecy: Secrecy) -> JsonValue:
    """``value`` of the model at ``path``, whole, with every text in it that may be a secret as a keyed hash."""
    if isinstance(value, Mapping):
        return {key: conceal(f"{path}.{key}", inner, secrecy) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [conceal(path, inner, secrecy) for inner in value]
    return show(path, value, secrecy) if isinstance(value, str) and value else value


def _plain(value: JsonValue) -> str:
    return Secrecy(b"").shown(value)
