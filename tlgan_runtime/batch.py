"""Many pictures at once: jobs from lines of JSON, drawn by several processes, finished ones never drawn again."""

from __future__ import annotations

import json
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import active_children, get_context
from os import PathLike
from pathlib import Path
from typing import IO

from tlgan_runtime.atomic import remove_left_by
from tlgan_runtime.bundle import Bundle, find_bundle
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import CheerMeUpError, InputError, OutputError
from tlgan_runtime.job import Job
from tlgan_runtime.messages import one_line, shown
from tlgan_runtime.session import MAX_THREADS, usable_cpus
from tlgan_runtime.validation import whole

JOURNAL = ".cheermeup.jsonl"
"""In the folder of the pictures: a line for each finished one, with the digest of what it was made from."""

_DEAD = "a process of the pool was ended from outside (out of memory?); run the same command again for the rest"
_AHEAD = 4  # jobs for each process that wait for it, so that a long one holds up nobody


@dataclass(frozen=True)
class Outcome:
    """What became of a line."""

    line: int
    """From 1."""
    status: str
    """`done`, `skipped` (it was there already) or `failed`."""
    output: str | None
    """Path of the file; None where the line cannot be read."""
    error: str | None = None


def run_batch(
    lines: Iterable[str],
    folder: str | PathLike[str],
    *,
    bundle: str | PathLike[str] | None = None,
    provider: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    processes: int | None = None,
) -> Generator[Outcome, None, None]:
    """Draws the job of each line of JSON into `folder` (made if need be); an outcome for each, in their order.

    `bundle`, `provider`, `precision` and `threads` are those of `CheerMeUp`, in each of the `processes` (None: one for
    each CPU that this one may use). A job that fails stops nobody. What the journal in the folder says was drawn from
    the same job and bundle, in the same precision, and still has the size that it had, is not drawn again. Blank lines
    are passed over.

    An interrupt, or closing the iterator, lets the pictures that are being drawn be finished, and no more; a second
    interrupt ends those, too.

    Raises `BundleError`s, `OutputError` for the folder, and `InputError` for a wrong number, at the first outcome.
    """
    count = usable_cpus() if processes is None else whole("the number of processes", processes, 1, MAX_THREADS)
    opened = Bundle(find_bundle(bundle))
    # What cannot be opened or started is told now, and not for every line.
    CheerMeUp(opened.path, provider=provider, precision=precision, threads=threads).providers  # noqa: B018
    try:
        target = Path(folder)
    except TypeError:
        raise InputError(f"a folder is named by a path, not {shown(folder)}") from None
    try:
        target.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise OutputError(f"cannot make the folder {target}: {getattr(error, 'strerror', None) or error}") from error
    known = _read_journal(target / JOURNAL)
    not_ours = active_children()
    pool = ProcessPoolExecutor(count, get_context("spawn"), initializer=_leave_interrupts_to_the_parent)
    pending: deque[_Drawing | Outcome] = deque()

    def begin(line: int, job: Job) -> _Drawing | Outcome:
        path, digest = target / job.output, job.digest(opened, precision)
        if job.output in known and known[job.output] == (digest, _size(path)):
            return Outcome(line, "skipped", str(path))
        try:
            with _interrupts_later():  # processes inherit that, and so have none while they start
                future = pool.submit(_draw, job, target, opened.path, provider, precision, threads)
            return _Drawing(line, job, digest, path, future)
        except BrokenProcessPool:
            return Outcome(line, "failed", str(path), _DEAD)

    with _open_journal(target / JOURNAL) as journal:
        try:
            for line, job in _jobs(lines):
                pending.append(begin(line, job) if isinstance(job, Job) else job)
                if len(pending) > _AHEAD * count:
                    yield _finish_first(pending, journal)
            while pending:
                yield _finish_first(pending, journal)
        finally:
            workers = [process for process in active_children() if process not in not_ours]
            try:
                pool.shutdown(cancel_futures=True)
            except KeyboardInterrupt:
                for process in workers:
                    process.kill()
                pool.shutdown()
                raise
            finally:
                for process in workers:
                    if process.exitcode:
                        remove_left_by(process.pid, target)
                for waiting in pending:
                    if isinstance(waiting, _Drawing) and waiting.future.done() and not waiting.future.cancelled():
                        waiting.finish(journal)


def _finish_first(pending: deque[_Drawing | Outcome], journal: IO[str]) -> Outcome:
    first = pending[0]  # it stays there until it is in the journal, so that no interrupt loses it
    outcome = first.finish(journal) if isinstance(first, _Drawing) else first
    pending.popleft()
    return outcome


@dataclass(frozen=True)
class _Drawing:
    """A job on its way."""

    line: int
    job: Job
    digest: str
    path: Path
    future: Future[str | None]

    def finish(self, journal: IO[str]) -> Outcome:
        """Waits for it, and notes in the journal that it is done."""
        try:
            error = self.future.result()
        except BrokenProcessPool:
            error = _DEAD
        if error is not None:
            return Outcome(self.line, "failed", str(self.path), error)
        entry = {"output": self.job.output, "digest": self.digest, "bytes": self.path.stat().st_size}
        journal.write(json.dumps(entry) + "\n")
        journal.flush()
        return Outcome(self.line, "done", str(self.path))


def _jobs(lines: Iterable[str]) -> Iterator[tuple[int, Job | Outcome]]:
    """Line numbers with jobs, or with what is wrong."""
    taken: dict[str, int] = {}
    for number, text in enumerate(lines, start=1):
        if isinstance(text, str) and not text.strip():
            continue
        try:
            job = Job.parse(text)
            first = taken.setdefault(job.output.casefold(), number)
            if first != number:
                raise InputError(f"output {job.output} is that of line {first} already; give each its own")
        except InputError as error:
            yield number, Outcome(number, "failed", None, str(error))
        else:
            yield number, job


def _draw(job: Job, folder: Path, bundle: Path, provider: str, precision: str, threads: int) -> str | None:
    """In a process of the pool: draws, and says in one line why it could not."""
    try:
        job.draw(_editor(bundle, provider, precision, threads), folder)
    except CheerMeUpError as error:
        return str(error)
    except Exception as error:  # whatever it is, the other jobs go on
        return one_line(f"this is a bug: {type(error).__name__}: {error}")
    return None


@lru_cache(maxsize=1)
def _editor(bundle: Path, provider: str, precision: str, threads: int) -> CheerMeUp:
    return CheerMeUp(bundle, provider=provider, precision=precision, threads=threads)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Puts off those that come while the block runs until it has ended, where the system can."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _size(path: Path) -> int | None:
    """Bytes of a file; None where there is none that can be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _read_journal(path: Path) -> dict[str, tuple[str, int]]:
    """Output -> digest and bytes; a line that was cut off when the machine stopped is passed over."""
    known: dict[str, tuple[str, int]] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return known
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror or error}") from error
    for line in lines:
        try:
            entry = json.loads(line)
            known[entry["output"]] = (entry["digest"], entry["bytes"])
        except (ValueError, KeyError, TypeError):
            continue
    return known


def _open_journal(path: Path) -> IO[str]:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
