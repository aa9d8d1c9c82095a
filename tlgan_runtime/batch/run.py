"""Many pictures at once: jobs from lines of JSON, drawn by several processes, finished ones never drawn again."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import active_children, get_context
from os import PathLike
from pathlib import Path

from tlgan_runtime.batch.job import Job
from tlgan_runtime.batch.journal import Entry, Journal
from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import CheerMeUpError, InputError, OutputError
from tlgan_runtime.files import sweep
from tlgan_runtime.messages import one_line, shown
from tlgan_runtime.signals import follow_parent, group_interrupts_blocked
from tlgan_runtime.validation import whole
from tlgan_runtime.workers import MAX_THREADS, usable_cpus

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

    Raises `BundleError`s, `OutputError` for the folder, and `InputError` for a wrong number, at the first outcome;
    `OutputError` after the last one if the journal could not be written.
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
    not_ours = active_children()
    with group_interrupts_blocked():  # a process that is started inherits that, and multiprocessing starts one here
        pool = ProcessPoolExecutor(count, get_context("spawn"), initializer=follow_parent)
    pending: deque[_Drawing | Outcome] = deque()

    def begin(line: int, job: Job) -> _Drawing | Outcome:
        path, digest = target / job.output, job.digest(opened, precision)
        if journal.known.get(job.output) == (digest, _size(path)):
            return Outcome(line, "skipped", str(path))
        try:
            with group_interrupts_blocked():
                future = pool.submit(_draw, job, target, opened.path, provider, precision, threads)
            return _Drawing(line, job, digest, path, future)
        except BrokenProcessPool:
            return Outcome(line, "failed", str(path), _DEAD)

    with closing(Journal(target)) as journal:
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
                if any(process.exitcode for process in workers):
                    sweep(target)
                for waiting in pending:
                    if isinstance(waiting, _Drawing) and waiting.future.done() and not waiting.future.cancelled():
                        waiting.finish(journal)


def _finish_first(pending: deque[_Drawing | Outcome], journal: Journal) -> Outcome:
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

    def finish(self, journal: Journal) -> Outcome:
        """Waits for it, and notes in the journal that it is done."""
        try:
            error = self.future.result()
        except BrokenProcessPool:
            error = _DEAD
        if error is not None:
            return Outcome(self.line, "failed", str(self.path), error)
        size = _size(self.path)
        if size is not None:  # somebody may have removed it already
            journal.note(self.job.output, Entry(self.digest, size))
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


def _size(path: Path) -> int | None:
    """Bytes of a file; None where there is none that can be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return None
