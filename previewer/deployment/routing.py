"""Let host names lead to environments: start the router with the first one, tell it of each change, let it go.

The router knows only what is written here, and all of it can be written again from the engine's labels and the
ledger's notes: what a killed command or a removed router left is mended by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec.structs import replace

from previewer.deployment.generation import Generation, names_of, served_definition
from previewer.deployment.index import index_of
from previewer.deployment.sharing import files_of_share, names_at_router
from previewer.deployment.snapshot import EnvironmentSnapshot, take_snapshot
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.routes import routes_of, speaks_http
from previewer.domain.engine.observation import Observation, ObservedContainer
from previewer.domain.environment.environment import Environment, State, list_environments
from previewer.domain.labels import NamedRoute
from previewer.domain.progress import Noted
from previewer.domain.record.notes import Share
from previewer.domain.routing.caddy import CERTIFICATE_FILE, KEY_FILE, ROOTS_FILE, Acme, router_configuration
from previewer.domain.routing.host_names import NamedService, RouterAddress
from previewer.domain.routing.pages import Page, state_page
from previewer.domain.routing.route_files import (
    Link,
    RouterFiles,
    page_files,
    route_files,
)
from previewer.engine.protocol import ROUTER, Selection
from previewer.engine.router import RouterSpec, RouterState, configuration_digest
from previewer.errors import EngineError, PortTakenError, PreviewerError, UnsupportedError, UsageError
from previewer.records.masking import Mask, mask_of_definitions, mask_of_release
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.settings.model import RouterSettings, RouterTls, RouterUse

USUAL_PORT = 80
OTHER_PORT = 7080
"""Where the router answers if the usual port is taken."""
GONE, WAITING = 410, 503
"""The HTTP statuses of what was removed, and of what does not answer yet."""


def expected_router(session: Session, definition: Definition) -> RouterAddress | None:
    """Where the router that gives an environment its names answers, or would; ``None`` where none does."""
    settings = session.settings.router
    if not _is_wanted(session, settings, definition):
        return None
    state = session.router.find(settings.name)
    if state is None and settings.use is RouterUse.AUTO and session.router.reason_against(settings.image):
        return None
    return router_address(settings, state)


def with_router(run: Run, snapshot: EnvironmentSnapshot, definition: Definition) -> EnvironmentSnapshot:
    """The snapshot with the router, which is started where it does not run.

    Where one is only used if it can be had, and it cannot, that is told, and the environment has ports alone.
    """
    expected = expected_router(run.session, definition)
    if expected is None:
        return snapshot
    settings = run.session.settings.router
    try:
        state = start_router(run, may_pull=settings.use is RouterUse.ON)
    except (PortTakenError, UnsupportedError) as error:
        if settings.use is RouterUse.ON:
            raise
        run.report(Noted(f"host names are not to be had: {error}", hint='`router = "off"` asks for ports'))
        return snapshot
    if state.digest != configuration_digest(_configuration(settings, state.port)):
        run.report(
            Noted(
                "the router was made by another version of previewer, or with other settings",
                hint="previewer router down, then previewer router up",
            )
        )
    return replace(snapshot, router=router_address(settings, state))


def start_router(run: Run, *, may_pull: bool) -> RouterState:
    """The router as it runs; started, and told of everything that it has to know, where it did not.

    Raises :class:`PortTakenError` and :class:`UnsupportedError`.
    """
    session = run.session
    if reason := session.engine.capabilities.missing.get(ROUTER):
        raise UnsupportedError(f"no host names: {reason}")
    settings, router = session.settings.router, session.router
    state = router.find(settings.name)
    if state is not None and state.is_running:
        return state
    ports = (state.port,) if state else _ports(settings)
    for port in ports:
        try:
            router.start(_spec(settings, port), may_pull=may_pull)
        except PortTakenError as error:
            if port == ports[-1]:
                raise PortTakenError(
                    error.message,
                    where=error.where,
                    hint='network.router_port chooses another one, `router = "off"` does without',
                ) from error
            continue
        break
    run.report(Noted(f"the router {settings.name} answers at {settings.addresses[0]}:{port}"))
    found = router.find(settings.name)
    if found is None:
        raise EngineError("the router disappeared while it was started", where=settings.name)
    _write_everything(session)
    return found


def lead_names(run: Run, environment: Environment) -> None:
    """Let its names lead to it from the next request on. What goes wrong is told: its ports answer anyway."""
    _change(run, environment, lambda: _files_of(environment))


def show_page(run: Run, environment: Environment, page: Page) -> None:
    """Let its names answer with a page from the next request on."""
    names = _names(_containers(environment))
    text = state_page(page)
    _change(run, environment, lambda: page_files(names, status=WAITING, page=text))


def announced(run: Run, generation: Generation, snapshot: EnvironmentSnapshot) -> AbstractContextManager[None]:
    """Say on its pages that an environment starts, inside the block, and that it failed if the block does.

    One that serves goes on serving, and has no such page.
    """
    owner, names = generation.owner, tuple[NamedService, ...]()
    if snapshot.environment is None:
        definition = served_definition(run.session, generation).definition
        names = names_of(run.session, owner.environment, owner.branch, definition, snapshot)
    how = f"previewer up {owner.branch or short_id(owner.commit)}"
    return _telling(
        run,
        names,
        Page(owner.environment, "did not start", how=how),
        doing="is starting",
        mask=lambda: mask_of_release(run.session, generation.release),
    )


def announced_build(
    run: Run, environment: str, branch: str | None, commit: str, definition: Definition
) -> AbstractContextManager[None]:
    """As :func:`announced`, while an environment that is not there yet is being built.

    Nothing is announced where no router runs yet.
    """
    settings, names = run.session.settings.router, tuple[NamedService, ...]()
    if settings.use is not RouterUse.OFF and _is_wanted(run.session, settings, definition):
        state = run.session.router.find(settings.name)
        snapshot = take_snapshot(run.session, environment) if state is not None and state.is_running else None
        if snapshot is not None and snapshot.ours.is_empty:
            snapshot = replace(snapshot, router=router_address(settings, state))
            names = names_of(run.session, environment, branch, definition, snapshot)
    how = f"previewer up {branch}" if branch else ""
    return _telling(
        run,
        names,
        Page(environment, "could not be built", how=how),
        doing="is being built",
        mask=lambda: mask_of_definitions(run.session, commit, [definition]),
    )


@contextmanager
def _telling(
    run: Run, names: Iterable[NamedService], failed: Page, *, doing: str, mask: Callable[[], Mask]
) -> Iterator[None]:
    """Pages are seen by more people than terminals: no value of a secret is in the words of what ``failed``."""
    routes = tuple(named.route for named in names)

    def show(page: Page) -> None:
        if routes:
            text = state_page(page)
            _write(run, lambda: page_files(routes, status=WAITING, page=text))

    show(Page(failed.environment, doing, how="This page goes away by itself.", reloads=True))
    try:
        yield
    except PreviewerError as error:
        show(replace(failed, words=mask()(str(error)) if routes else ""))
        raise


def write_share(run: Run, share: Share, *, key: str = "") -> None:
    """Let the router know of it: it is over at its time, whatever else happens."""
    _write(run, lambda: files_of_share(share, key))


def forget_names(run: Run, removed: Observation) -> None:
    """Let the names of what was removed say so; the router goes where no environment has a name that it knows.

    Where nothing with a name was removed, a killed command may have left the router behind.
    """
    session, name = run.session, run.session.settings.router.name
    gone = tuple(container for container in removed.containers if container.router == name)
    try:
        if not gone and not _may_be_left(session, removed):
            return
        everything = session.engine.observe(Selection())
        if not any(container.router == name for container in everything.containers):
            session.router.remove(name)
            return
    except EngineError as error:
        run.report(Noted(f"the router could not be removed: {error}", hint="previewer router down"))
        return
    if gone:
        files = dict[str, bytes | Link]()
        for container in gone:
            how = f"previewer up {container.ownership.branch or short_id(container.ownership.commit)}"
            page = Page(container.ownership.environment, "was removed", how=how, is_gone=True)
            files |= page_files(container.names, status=GONE, page=state_page(page))
        _write(run, lambda: {**files, **index_of(session, (), removed=removed.owners)})


def _may_be_left(session: Session, removed: Observation) -> bool:
    """Whether a router may be there that nothing needs. Its files can be all that is left of it."""
    settings = session.settings.router
    if settings.use is RouterUse.OFF or ROUTER in session.engine.capabilities.missing:
        return False
    return not removed.containers or session.router.find(settings.name) is not None


def router_address(settings: RouterSettings, state: RouterState | None) -> RouterAddress:
    """Where a router answers; of one that is not there yet, where it is going to be tried first."""
    if state is None:
        return RouterAddress(settings.domain, settings.port or USUAL_PORT, has_tls=settings.has_tls)
    return RouterAddress(settings.domain, state.port, has_tls=state.has_tls)


def _is_wanted(session: Session, settings: RouterSettings, definition: Definition) -> bool:
    """Whether names would lead there: those of ``localhost`` lead to the machine that asks."""
    if settings.use is RouterUse.OFF or not any(map(speaks_http, routes_of(definition))):
        return False
    engine = session.engine.capabilities
    if reason := engine.missing.get(ROUTER):
        if settings.use is RouterUse.ON:
            raise UnsupportedError(f"no host names: {reason}", hint='set `router = "auto"`')
        return False
    return (engine.remote is None and not engine.reach) or settings.domain != "localhost"


def _ports(settings: RouterSettings) -> tuple[int, ...]:
    """The ports that a router is tried at. Public authorities ask at the usual one."""
    if settings.tls is RouterTls.ACME:
        _refuse_without_public_names(settings)
    if settings.port:
        return (settings.port,)
    return (USUAL_PORT,) if settings.tls is RouterTls.ACME else (USUAL_PORT, OTHER_PORT)


def _refuse_without_public_names(settings: RouterSettings) -> None:
    """Raise :class:`UsageError` where no authority could reach the router to see whose a name is."""
    is_closed = all(address.startswith("127.") or address == "::1" for address in settings.addresses)
    if settings.domain == "localhost" or is_closed or settings.port not in (None, USUAL_PORT):
        raise UsageError(
            "no authority gives certificates for names that it cannot reach",
            where="network.tls",
            hint="network.domain has to be a public one, network.router_addresses open, the port 80",
        )


def _spec(settings: RouterSettings, port: int) -> RouterSpec:
    files = _given_certificate(settings) if settings.tls is RouterTls.FILES else dict[str, bytes | Link]()
    if settings.tls is RouterTls.ACME and (roots := _trusted_roots()):
        files = {ROOTS_FILE: roots}
    return RouterSpec(
        name=settings.name,
        port=port,
        hosts=settings.addresses,
        configuration=_configuration(settings, port),
        has_tls=settings.has_tls,
        files=files,
        image=settings.image,
    )


def _configuration(settings: RouterSettings, port: int) -> bytes:
    acme = None
    if settings.tls is RouterTls.ACME:
        acme = Acme(settings.email, settings.authority, has_roots=bool(_trusted_roots()))
    return router_configuration(
        name=settings.name,
        port=port,
        addresses=settings.addresses,
        has_tls=settings.has_tls,
        is_given=settings.tls is RouterTls.FILES,
        acme=acme,
    )


def _trusted_roots() -> bytes:
    """The authorities that this machine trusts, for an image that has none; empty where no file has them."""
    import ssl

    path = ssl.get_default_verify_paths().cafile
    return Path(path).read_bytes() if path else b""


def _given_certificate(settings: RouterSettings) -> RouterFiles:
    """Raises :class:`UsageError` where the settings name no certificate with its key that can be read and used."""
    import ssl  # few need it, and it takes long

    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.certificate, settings.key)
        certificate, key = Path(settings.certificate).read_bytes(), Path(settings.key).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the router cannot have this certificate: {error}",
            where=settings.certificate or "network.tls_certificate",
            hint="network.tls_certificate and network.tls_key are paths of PEM files without a password",
        ) from error
    return {CERTIFICATE_FILE: certificate, KEY_FILE: key}


def _change(run: Run, environment: Environment, files: Callable[[], RouterFiles]) -> None:
    """Write what changed of an environment that has names, and its part of the project's page, in one call."""
    if names_at_router(run.session, environment):
        _write(run, lambda: {**files(), **index_of(run.session, [environment])})


def _write(run: Run, files: Callable[[], RouterFiles]) -> None:
    """Into the router, which is started where it does not run: it then knows all that is so already."""
    try:
        start_router(run, may_pull=False)
        run.session.router.write(run.session.settings.router.name, files())
    except EngineError as error:
        run.report(Noted(f"the router could not be told: {error}", hint=error.hint or "previewer router up"))


def _write_everything(session: Session) -> None:
    """What a router that was just started has to know: all environments of the engine that have names of it."""
    name = session.settings.router.name
    everything = session.engine.observe(Selection())
    known = tuple(container for container in everything.containers if container.router == name)
    installations = sorted({container.ownership.installation for container in known})
    files: dict[str, bytes | Link] = {}
    shown = list[Environment]()
    for installation in installations:
        is_ours = installation == session.source.installation
        notes = session.known_notes() if is_ours else None
        for environment in list_environments(everything.of_installation(installation), notes):
            files |= _files_of(environment)
            shown.append(environment)
            for share in environment.notes.shares:
                files |= files_of_share(share)  # a password went with the router before: then nothing opens it
    session.router.write(name, {**files, **index_of(session, shown)})


def _files_of(environment: Environment) -> RouterFiles:
    """What its names answer, as it is now."""
    containers = _containers(environment)
    if environment.state is State.ASLEEP:
        page = state_page(asleep_page(environment))
        return page_files(_names(containers), status=WAITING, page=page)
    found = route_files(containers)
    if found:
        return found
    page = state_page(Page(environment.name, "has ended", how=f"previewer wake {environment.name}"))
    return page_files(_names(containers), status=WAITING, page=page)


def asleep_page(environment: Environment) -> Page:
    """What it says while it sleeps."""
    how = f"previewer wake {environment.name}"
    return Page(environment.name, "is asleep", how=how, reloads=True)


def _containers(environment: Environment) -> tuple[ObservedContainer, ...]:
    return tuple(container for service in environment.services for container in service.containers)


def _names(containers: Iterable[ObservedContainer]) -> tuple[NamedRoute, ...]:
    return tuple(name for container in containers for name in container.names)
