"""The journal of a folder of pictures: what each finished picture was made from."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import NamedTuple

from tlgan_runtime.errors import OutputError

JOURNAL = ".cheermeup.jsonl"
"""Name of the journal in the folder: a line of JSON for each finished picture."""


class Entry(NamedTuple):
    """What the journal says about one picture."""

    digest: str
    """Of what the picture was made from."""
    bytes: int
    """Size of the file."""


class Journal:
    """The journal of one folder, open for new entries.

    A picture is noted after it has its name: an entry without its picture would be a lie, while a picture without its
    entry is only drawn again. An entry that cannot be written (a full disk) waits, and is tried again with each later
    one and at the end.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `OutputError` where the journal cannot be read or opened."""
        self._path = folder / JOURNAL
        self._waiting: deque[bytes] = deque()
        try:
            # Without a buffer, so that this class knows what is in the file.
            self._file = self._path.open("ab", buffering=0)
            content = self._path.read_bytes()
        except OSError as error:
            raise OutputError(f"cannot use {self._path}: {error.strerror or error}") from error
        self._line_is_cut = not content.endswith(b"\n") and bool(content)
        self.known = _parse(content)
        """Entries of earlier runs by the name of the picture."""

    def note(self, output: str, entry: Entry) -> None:
        """Add an entry; where that fails, it waits for the next try."""
        line = json.dumps({"output": output, **entry._asdict()}) + "\n"
        self._waiting.append(line.encode())
        self._write_waiting()

    def close(self) -> None:
        """Write what waits and close; raises `OutputError` that counts the pictures that could not be noted."""
        try:
            error = self._write_waiting()
        finally:
            self._file.close()
        if error is not None:
            raise OutputError(
                f"cannot write {self._path}: {error.strerror or error}; {len(self._waiting)} of the pictures that are "
                "there are not noted in it, and will be drawn again"
            ) from error

    def _write_waiting(self) -> OSError | None:
        while self._waiting:
            # A line that was cut off, by a full disk or a kill, must not swallow the next one.
            line = b"\n" * self._line_is_cut + self._waiting[0]
            try:
                written = self._file.write(line)
            except OSError as error:
                return error
            if written < len(line):
                self._line_is_cut = True
                continue  # the system says why at the next try
            self._line_is_cut = False
            self._waiting.popleft()
        return None


def _parse(content: bytes) -> dict[str, Entry]:
    """Output -> entry; a line that was cut off is passed over."""
    known: dict[str, Entry] = {}
    for line in content.decode("utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            known[entry["output"]] = Entry(entry["digest"], entry["bytes"])
        except (ValueError, KeyError, TypeError):
            continue
    return known
