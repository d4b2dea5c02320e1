"""What can be done from here, a row each: verb, words, what it needs and changes, and the operations behind it."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment, OverviewRow, State
from previewer.domain.naming import environment_name
from previewer.domain.record.notes import KnownGood
from previewer.domain.units import counted, format_memory, format_time
from previewer.operations.down import down, plan_down
from previewer.operations.extend import extend, pin, plan_extend, plan_pin
from previewer.operations.promote import plan_promote, promote
from previewer.operations.prune import describe, plan_prune, prune
from previewer.operations.replace import plan_replace, plan_update, replace_environment, update
from previewer.operations.rollback import RollbackOptions, plan_rollback, rollback
from previewer.operations.sleep import plan_sleep, plan_wake, sleep, wake
from previewer.operations.up import plan_up, up
from previewer.session.run import Run
from previewer.tui.data_jobs import DATA_JOBS
from previewer.tui.request import Choice, Done, JobKind, Request, deployed, names_of


def _nothing_is_lost(_request: Request) -> None:
    return None


def _up_request(request: Request) -> DeployRequest:
    return DeployRequest(role=request.option if isinstance(request.option, Role) else Role.PREVIEW)


def _up_endangers(request: Request) -> str | None:
    is_production = request.option is Role.PRODUCTION
    return environment_name(request.project, Role.PRODUCTION.value) if is_production else None


UP = JobKind(
    verb="up",
    progress_label="going up",
    button="Bring it up",
    title=lambda request: f"Bring up {request.subject}",
    meaning="The commit is frozen into images, then runs from these. A failure undoes all of it.",
    nothing="It runs this very commit already and is well: there is nothing to do.",
    choices=lambda _request: tuple(
        Choice(role.value, role, () if role is Role.PREVIEW else ("--role", role.value)) for role in Role
    ),
    endangers=_up_endangers,
    propose=lambda session, request: plan_up(session, request.revision, _up_request(request)),
    perform=lambda run, request: deployed(up(run, request.revision, _up_request(request))),
)


def _update_disabled_reason(row: OverviewRow) -> str | None:
    if row.environment is None or row.environment.ownership.branch is None:
        return "it was made of a commit, not of a branch"
    if row.branch is None:
        return "its branch is gone"
    if not row.is_behind and not row.environment.is_tainted:
        return "it runs the newest commit of its branch already"
    return None


UPDATE = JobKind(
    verb="update",
    progress_label="updating",
    button="Update it",
    title=lambda request: f"Update {request.subject} to the newest commit of {request.branch or 'its branch'}",
    meaning="The newest commit is frozen and starts beside it; the old generation goes once that is healthy.",
    nothing="It runs the newest commit already and is well: there is nothing to do.",
    disabled_reason=_update_disabled_reason,
    propose=lambda session, request: plan_update(session, request.environment.name, DeployRequest()),
    perform=lambda run, request: deployed(update(run, request.environment.name, DeployRequest())),
)
REPLACE = JobKind(
    verb="replace",
    progress_label="replacing",
    button="Replace it",
    title=lambda request: f"Replace {request.subject}",
    meaning="The same release starts fresh beside it and takes its ports once it is healthy.",
    propose=lambda session, request: plan_replace(session, request.environment.name, DeployRequest()),
    perform=lambda run, request: deployed(replace_environment(run, request.environment.name, DeployRequest())),
)


def _down(run: Run, request: Request) -> Done:
    result = down(run, names_of(request))
    removed = f"{counted(len(result.removed), 'object')} removed, none left"
    return Done((removed, *(f"{name} is gone" for name in result.environments)))


DOWN = JobKind(
    verb="down",
    progress_label="going down",
    button="Tear it down",
    button_for_several="Tear them down",
    title=lambda request: f"Tear down {request.subject}",
    meaning=lambda request: (
        f"{'Its' if len(request.environments) == 1 else 'Their'} containers, networks and volumes go, "
        "with all that they hold."
    ),
    nothing="Nothing of it is left: there is nothing to do.",
    takes_several=True,
    propose=lambda session, request: plan_down(session, names_of(request)),
    perform=_down,
)


def _promotions(request: Request) -> tuple[Choice, ...]:
    """Staging goes only to production, and has proven what it runs."""
    to_production = Choice("production", DeployRequest(role=Role.PRODUCTION), ("--to", "production"))
    if request.environment.role is Role.STAGING:
        return (to_production,)
    unproven = Choice(
        "production, unproven",
        DeployRequest(role=Role.PRODUCTION, takes_unproven=True),
        ("--to", "production", "--force"),
    )
    return (Choice("staging", DeployRequest(role=Role.STAGING), ("--to", "staging")), to_production, unproven)


def _promotion(request: Request) -> DeployRequest:
    option = request.option
    return option if isinstance(option, DeployRequest) else DeployRequest(role=Role.STAGING)


def _promoted(request: Request) -> tuple[str, ...]:
    """The environment that is replaced."""
    return (environment_name(request.project, _promotion(request).role.value),)


PROMOTE = JobKind(
    verb="promote",
    progress_label="promoting",
    button="Promote it",
    title=lambda request: f"Promote {request.subject} to {_promotion(request).role.value}",
    meaning=lambda request: (
        "Staging need not have proven it; every other rule holds. The very same images run there."
        if _promotion(request).takes_unproven
        else "The very same images run there, beside what runs now, which goes once they are healthy."
    ),
    nothing=lambda request: (
        f"{_promotion(request).role.value.capitalize()} runs this very release already: there is nothing to do."
    ),
    choices=_promotions,
    changes=_promoted,
    endangers=lambda request: _promoted(request)[0] if _promotion(request).role is Role.PRODUCTION else None,
    disabled_reason=lambda row: (
        "it is production already" if row.environment and row.environment.role is Role.PRODUCTION else None
    ),
    propose=lambda session, request: plan_promote(session, request.environment.name, _promotion(request)),
    perform=lambda run, request: deployed(promote(run, request.environment.name, _promotion(request))),
)

MOST_OFFERED = 6
"""As many releases as there are keys to choose them."""


def known_good_others(environment: Environment) -> tuple[KnownGood, ...]:
    """The known-good releases of an environment that it does not run, newest first, each once."""
    others: dict[str, KnownGood] = {}
    for good in environment.notes.known_good:
        if good.release != environment.ownership.release:
            others.setdefault(good.release, good)
    return tuple(others.values())


def _rollback_options(request: Request) -> RollbackOptions:
    option = request.option
    return option if isinstance(option, RollbackOptions) else RollbackOptions()


def _outlives(environment: Environment) -> bool:
    return any(volume.outlives for volume in environment.data)


def _rollback_meaning(request: Request) -> str:
    options, environment = _rollback_options(request), request.environment
    good = next(one for one in known_good_others(environment) if one.release == options.release)
    if options.with_data:
        return f"Its data goes back to what generation {good.generation} left; that of now becomes a snapshot."
    if good.generation in environment.notes.kept and not _outlives(environment):
        return f"Generation {good.generation} is kept: it starts again, with the volumes that it had."
    return f"Release {short_id(good.release)} starts as a new generation."


def _rollback_choices(request: Request) -> tuple[Choice, ...]:
    """The newest known-good releases, or the one that is asked for; with its data too, where that is kept."""
    environment, found = request.environment, list[Choice]()
    for good in known_good_others(environment):
        if request.revision in ("", good.release):
            label, flags = f"{short_id(good.release)} (g{good.generation})", (short_id(good.release),)
            found.append(Choice(label, RollbackOptions(release=good.release), flags))
            if good.generation in environment.notes.kept and _outlives(environment):
                options = RollbackOptions(release=good.release, with_data=True)
                found.append(Choice(f"{label} with its data", options, (*flags, "--with-data")))
    return tuple(found[:MOST_OFFERED])


ROLLBACK = JobKind(
    verb="rollback",
    progress_label="rolling back",
    button="Roll it back",
    title=lambda request: f"Roll {request.subject} back",
    meaning=_rollback_meaning,
    choices=_rollback_choices,
    disabled_reason=lambda row: (
        "no other release is known to be good here"
        if row.environment and not known_good_others(row.environment)
        else None
    ),
    propose=lambda session, request: plan_rollback(session, request.environment.name, _rollback_options(request)),
    perform=lambda run, request: deployed(rollback(run, request.environment.name, _rollback_options(request))),
)


def _extend(run: Run, request: Request) -> Done:
    until = extend(run.session, request.environment.name, str(request.option)).environment.expires_at
    return Done((f"lives until {format_time(until)}" if until else "lives for ever",), request.environment.name)


TIMES = ("8h", "1d", "3d", "7d", "30d", "never")
"""What is offered; any other may be typed."""
EXTEND = JobKind(
    verb="extend",
    progress_label="extending",
    button="Let it live",
    title=lambda request: (
        f"Let {request.subject} live "
        f"{'for ever' if request.option == 'never' else f'for {request.option} from now'}"
    ),
    meaning="Nothing is restarted: the time is noted in the ledger. `never` pins it, a time takes a pin away.",
    nothing="It lives exactly so long already: there is nothing to do.",
    choices=lambda _request: tuple(Choice(time, time, (time,)) for time in TIMES),
    other="90m, 10h, 5d, 1d12h · enter takes it",
    endangers=_nothing_is_lost,
    is_quick=True,
    propose=lambda session, request: plan_extend(session, request.environment.name, str(request.option)),
    perform=_extend,
)


def _is_pinned(request: Request) -> bool:
    return request.environment.notes.pinned


def _pin(run: Run, request: Request) -> Done:
    pin(run.session, request.environment.name, is_pinned=not _is_pinned(request))
    return Done(("no longer pinned" if _is_pinned(request) else "pinned",), request.environment.name)


PIN = JobKind(
    verb="pin",
    progress_label="pinning",
    button=lambda request: "Unpin it" if _is_pinned(request) else "Pin it",
    title=lambda request: f"{'Unpin' if _is_pinned(request) else 'Pin'} {request.subject}",
    meaning=lambda request: (
        "It expires again when it would have without a pin."
        if _is_pinned(request)
        else "It no longer expires, and stays until it is removed by name."
    ),
    choices=lambda request: (Choice("", None, ("--off",) if _is_pinned(request) else ()),),
    endangers=_nothing_is_lost,
    is_quick=True,
    propose=lambda session, request: plan_pin(
        session, request.environment.name, is_pinned=not _is_pinned(request)
    ),
    perform=_pin,
)


def _sleep(run: Run, request: Request) -> Done:
    result = sleep(run, names_of(request))
    asleep = (f"{name} is asleep" for name in result.environments)
    return Done((*asleep, *(f"{name} was asleep already" for name in result.already_asleep)))


SLEEP = JobKind(
    verb="sleep",
    progress_label="stopping",
    button="Put it to sleep",
    button_for_several="Put them to sleep",
    title=lambda request: f"Put {request.subject} to sleep",
    meaning="The containers are stopped and kept, with their volumes and ports: nothing answers until it wakes.",
    nothing="Nothing of it runs: there is nothing to do.",
    takes_several=True,
    disabled_reason=lambda row: (
        "it is asleep already" if row.environment and row.environment.state is State.ASLEEP else None
    ),
    propose=lambda session, request: plan_sleep(session, names_of(request)),
    perform=_sleep,
)
WAKEABLE = frozenset({State.ASLEEP, State.STOPPED, State.FAILED})
"""What can be woken: what sleeps, and what ended with the engine."""


def _wake(run: Run, request: Request) -> Done:
    woken = wake(run, request.environment.name).environment
    return Done(woken.urls or (f"{woken.name} is awake",), woken.name)


WAKE = JobKind(
    verb="wake",
    progress_label="waking",
    button="Wake it",
    title=lambda request: f"Wake {request.subject}",
    meaning="Its containers start in the order of its definition, with the volumes and ports that they had.",
    nothing="It is awake: there is nothing to do.",
    endangers=_nothing_is_lost,
    disabled_reason=lambda row: (
        "it is awake" if row.environment and row.environment.state not in WAKEABLE else None
    ),
    propose=lambda session, request: plan_wake(session, request.environment.name),
    perform=_wake,
)


def _prune(run: Run, request: Request) -> Done:
    result = prune(run, releases=bool(request.option))
    return Done((f"{describe(result.removed) or 'nothing'} removed, {format_memory(result.bytes)} freed",))


PRUNE = JobKind(
    verb="prune",
    progress_label="pruning",
    button="Remove all of it",
    title=lambda request: f"Remove unused images and files of {request.subject}",
    meaning="Never what an environment runs, what a rollback needs, or the newest releases.",
    nothing="Everything is needed: there is nothing to remove.",
    choices=lambda _request: (
        Choice("images", option=False),
        Choice("images and old releases", option=True, flags=("--releases",)),
    ),
    propose=lambda session, request: plan_prune(session, releases=bool(request.option)),
    perform=_prune,
)
KINDS = (UP, DOWN, REPLACE, UPDATE, PROMOTE, ROLLBACK, EXTEND, PIN, SLEEP, WAKE, PRUNE)
BY_VERB: Mapping[str, JobKind] = {**{kind.verb: kind for kind in KINDS}, **DATA_JOBS}
"""The jobs by the ids of the actions that ask for them."""


def default_choice(kind: JobKind) -> int:
    """The index of what is offered first: three days, else the first choice."""
    return TIMES.index("3d") if kind is EXTEND else 0
