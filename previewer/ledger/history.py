"""The history in a repository: a chain of commits, each with an entry and the notes of all entries up to it.

What cannot be read is passed over, and said in :attr:`GitHistory.faults`: listing and removing environments does
not depend on every entry being whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from previewer.domain.commit.revision import short_id
from previewer.domain.naming import LEDGER_BEFORE_REFS, LEDGER_REFS
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry, Notes, merge_notes
from previewer.domain.stored import from_bytes, to_bytes
from previewer.errors import LockedError, SourceError
from previewer.git.objects import GitObject
from previewer.ledger.protocol import Fault
from previewer.ledger.store import GitStore
from previewer.user_folders import state_folder

# The newest entry that a user has seen of a clone's history, remembered outside of the repository.
#
# A history is hash-chained, so that nothing in it can be changed alone; but its name can be pointed
# at something older, or at another chain. Remembering where it ended shows that.

CLONE_FILE = "previewer-clone"
"""A file in the folder that all working trees of a clone share: a clone that is made again is another one."""


class RememberedHead:
    """The remembered head of one clone's history, in the user's state folder."""

    def __init__(self, shared: Path, environment: Mapping[str, str]) -> None:
        self._shared = shared
        self._folder = state_folder(environment)

    def read(self) -> str | None:
        """The commit's id; ``None`` where nothing is remembered."""
        return next(iter(self._lines()), "") or None

    def read_anchor(self) -> str | None:
        """The last that was said with :meth:`write_anchor`."""
        return next(iter(self._lines()[1:]), "") or None

    def write(self, head: str | None) -> None:
        """Remember it. Where there is no folder for it, nothing is: that only costs a check."""
        self._write(head, self.read_anchor())

    def write_anchor(self, anchor: str) -> None:
        """Remember the entry that the engine's newest object names, which needs no second check."""
        self._write(self.read(), anchor)

    def _lines(self) -> list[str]:
        path = self._path(make=False)
        try:
            return path.read_text(encoding="ascii").splitlines() if path is not None else []
        except (OSError, ValueError):
            return []

    def _write(self, head: str | None, anchor: str | None) -> None:
        path = self._path(make=head is not None or anchor is not None)
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = path.with_name(f"{path.name}.{os.getpid()}")
            unfinished.write_text(f"{head or ''}\n{anchor or ''}\n", encoding="ascii")
            unfinished.replace(path)

    def _path(self, *, make: bool) -> Path | None:
        if self._folder is None:
            return None
        file = self._shared / CLONE_FILE
        try:
            if make and not file.exists():
                file.write_text(f"{os.urandom(8).hex()}\n", encoding="ascii")
            name = file.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return self._folder / "heads" / name if name.isalnum() else None


ENTRY_FILE = "entry.json"
NOTES_FILE = "notes.json"
APPEND_ATTEMPTS = 100
"""Each failure means that another writer succeeded, so that many others at once is the limit."""
BACK_HINT = "`previewer audit verify` says more; if it was meant to be: previewer audit accept"
BROKEN_HINT = "`previewer audit verify` says more; what was done last (a pin, a taint) may have to be done again"
DROP_HINT = "`previewer audit verify` says more; begin a new history with: previewer audit drop --history"


ACCEPTED = "accepted"
"""Stands for an anchor: the next one is taken as it is."""


class Tip(msgspec.Struct, frozen=True):
    """The end of the history."""

    id: str | None
    """The id of its commit; ``None`` where nothing was noted yet."""
    notes: Notes
    parent: str | None = None
    """What the next entry follows: this one or, where it is broken, the one before it."""


class GitHistory:
    """Reads and appends to one chain."""

    def __init__(self, store: GitStore, reference: str, *, remembered: RememberedHead | None = None) -> None:
        self._store = store
        self.reference = reference
        """The chain's name."""
        self._behind = reference.replace(LEDGER_REFS, LEDGER_BEFORE_REFS, 1)
        self.faults: list[Fault] = []
        """What could not be read so far."""
        self._last_seen: Tip | None = None
        self._remembered = remembered

    def append(self, entry: LedgerEntry) -> None:
        """Add an entry, and let its notes be true. Two writers at once both succeed."""
        words = [entry.action, entry.environment or short_id(entry.release or entry.commit or "")]
        # What was seen last is most often still so; else the swap fails, and the next look is a fresh one.
        last = self._last_seen or self._look()
        for _ in range(APPEND_ATTEMPTS):
            notes = merge_notes(last.notes, entry.notes)
            made = self._store.write_commit(
                {ENTRY_FILE: to_bytes(entry), NOTES_FILE: to_bytes(notes)},
                parents=(last.parent,) if last.parent else (),
                at=entry.at,
                message=" ".join(filter(None, words)),
            )
            behind = {self._behind: last.parent} if last.parent else {}
            if self._store.swap(self.reference, old=last.id, new=made, also=behind):
                self._last_seen = Tip(made, notes, parent=made)
                self._remember(made, after=last.id)
                self._store.tidy()
                return
            last = self._look()
        raise LockedError("many other runs are writing to the ledger", where=self.reference, hint="try again")

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first, without what cannot be read."""
        tip = self._store.read_reference(self.reference)
        self._check_head(tip)
        whole = self._find_whole(tip) if limit != 0 else None
        return tuple(entry for _id, entry in self.read(whole, limit=limit)) if whole else ()

    def notes(self) -> Notes:
        """What is true of environments now. Raises :class:`SourceError` where nothing can be read."""
        return self._look().notes

    def read(self, tip: str, *, limit: int | None = None) -> Iterator[tuple[str, LedgerEntry]]:
        """The entries up to a commit, newest first, each with its commit's id."""
        commits, complaint = self._store.chain(tip, limit=limit)
        if complaint:
            last = short_id(commits[-1]) if commits else "its newest entry"
            self._pass_over(f"the history breaks off before {last}: {complaint.splitlines()[-1]}")
        for commit, blob in zip(
            commits, self._store.find_each([f"{c}:{ENTRY_FILE}" for c in commits]), strict=True
        ):
            try:
                if blob is None:
                    raise ValueError("the object is missing or broken")
                yield commit, from_bytes(blob.content, LedgerEntry)
            except ValueError as error:
                self._pass_over(f"the entry {short_id(commit)} of the history is left out: {error}")

    def check(self) -> tuple[Fault, ...]:
        """Everything that is broken, was cut out, or does not follow from what was before it."""
        tip = self.tip()
        self._check_head(tip)
        before: Notes = {}
        whole = self._find_whole(tip)
        for commit, entry in reversed(list(self.read(whole)) if whole else []):
            after = merge_notes(before, entry.notes)
            before = self._check_notes(commit, after)
        return tuple(self.faults)

    def _check_notes(self, commit: str, expected: Notes) -> Notes:
        """What every entry up to a commit notes, which is what the commit says too."""
        blob = self._store.find_whole(f"{commit}:{NOTES_FILE}")
        if blob is None:
            return expected
        if blob.content != to_bytes(expected):
            self._pass_over(f"the notes of the entry {short_id(commit)} do not follow from the entries before it")
        return _readable(blob)

    def accept(self) -> None:
        """Take the history as it is for what is remembered from now on."""
        if self._remembered is not None:
            self._remembered.write(self.tip())
            self._remembered.write_anchor(ACCEPTED)

    def check_anchor(self, head: str) -> None:
        """Say so where the history does not hold ``head`` any more, which it ended with when something was made.

        Nothing is said of an entry that this repository never had: a clone that is made again lacks them all.
        """
        known = self._remembered.read_anchor() if self._remembered is not None else None
        if head == known:
            return
        tip = self.tip()
        if known != ACCEPTED and not self.holds(head, tip) and self._store.has_commit(head):
            self._went_back(head, tip)
        elif self._remembered is not None:
            self._remembered.write_anchor(head)

    def drop(self) -> bool:
        """Forget all of it; whether there was something."""
        held = self.tip()
        if held is not None:
            self._store.drop(self.reference)
            self._store.drop(self._behind)
        self.accept()
        return held is not None

    def tip(self) -> str | None:
        """The newest entry's commit; ``None`` where nothing was noted yet."""
        return self._store.read_reference(self.reference)

    def whole_tip(self) -> str | None:
        """The newest entry's commit or, where that is broken, the one before it."""
        return self._find_whole(self.tip())

    def holds(self, commit: str, tip: str | None) -> bool:
        """Whether a commit is in the history that ends with ``tip``."""
        if tip is None or commit == tip:
            return commit == tip
        return self._store.is_ancestor(commit, tip)

    def _check_head(self, tip: str | None) -> None:
        """Say so where the history does not hold any more what it held. One that only grew is remembered."""
        before = self._remembered.read() if self._remembered is not None else None
        if self._remembered is None or before == tip:
            return
        if before is None or self.holds(before, tip):
            self._remembered.write(tip)
            return
        # Another run may have written, and remembered, an entry after this one had looked.
        if (newest := self.tip()) is None or not self.holds(before, newest):
            self._went_back(before, newest)

    def _went_back(self, before: str, tip: str | None) -> None:
        what = f"the history went back: it held the entry {short_id(before)}"
        if not any(fault.message.startswith(what) for fault in self.faults):
            now = f"ends with {short_id(tip)}" if tip else "is gone"
            self._pass_over(f"{what} and {now} now", BACK_HINT)

    def _remember(self, made: str, *, after: str | None) -> None:
        if self._remembered is not None and self._remembered.read() == after:
            self._remembered.write(made)

    def _look(self) -> Tip:
        # The tip is asked for first: should the notes be newer, a swap of it fails.
        try:
            held, noted = self._store.find_all([self.reference, f"{self.reference}:{NOTES_FILE}"])
            tip = held.id if held is not None else self._store.read_reference(self.reference)
        except (SourceError, EOFError):
            tip, noted = self._store.read_reference(self.reference), None
        self._check_head(tip)
        whole = tip if tip is None or noted is not None else self._find_whole(tip)
        if whole != tip:
            noted = self._store.find_whole(f"{whole}:{NOTES_FILE}") if whole else None
        self._last_seen = seen = Tip(tip, self._read_notes(whole, noted) if tip else {}, parent=whole)
        return seen

    def _find_whole(self, tip: str | None) -> str | None:
        """The newest entry; where its commit is broken, the one before it; ``None`` where that cannot be read."""
        if tip is None or self._store.find_whole(tip) is not None:
            return tip
        behind = self._store.read_reference(self._behind)
        whole = behind if behind and self._store.find_whole(behind) is not None else None
        hint = BROKEN_HINT if whole else DROP_HINT
        self._pass_over(f"the newest entry of the history, {short_id(tip)}, is broken", hint)
        return whole

    def _read_notes(self, tip: str | None, noted: GitObject | None) -> Notes:
        """Those beside the newest entry; where they are broken, what the entries bring, one after the other."""
        reason = "they are missing"
        if noted is not None:
            try:
                return from_bytes(noted.content, dict[str, EnvironmentNotes])
            except ValueError as error:
                reason = str(error)
        notes: Notes = {}
        entries = list(self.read(tip)) if tip else []
        if not entries:
            raise SourceError("the ledger cannot be read", where=self.reference, hint=DROP_HINT)
        for _id, entry in reversed(entries):
            notes = merge_notes(notes, entry.notes)
        if notes or noted is not None:  # histories that began before there were notes have none
            notes = {**notes, **_readable(noted)}
            self._pass_over(f"the ledger's notes are made again from its entries: {reason}")
        return notes

    def _pass_over(self, message: str, hint: str = DROP_HINT) -> None:
        fault = Fault(message, hint)
        if fault not in self.faults:
            self.faults.append(fault)


def _readable(noted: GitObject | None) -> Notes:
    """Those of environments whose notes are whole, though others' are not."""
    try:
        whole = json.loads(noted.content) if noted is not None else {}
    except (ValueError, RecursionError):
        return {}
    notes: dict[str, EnvironmentNotes] = {}
    for name, kept in whole.items() if isinstance(whole, dict) else ():
        try:
            notes[name] = msgspec.convert(kept, EnvironmentNotes)
        except msgspec.ValidationError:
            continue
    return notes
