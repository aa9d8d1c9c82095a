"""`cheermeup serve`: the page and its HTTP API."""

from __future__ import annotations

import gc
import re
from argparse import Namespace

from tlgan_runtime.cli.console import report
from tlgan_runtime.cli.opening import open_bundle
from tlgan_runtime.errors import InputError, MissingLibraryError
from tlgan_runtime.messages import shown
from tlgan_runtime.validation import whole
from tlgan_runtime.workers import MAX_THREADS, usable_cpus

_ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


def serve(options: Namespace) -> int:
    port = whole("port", options.port, 0, 65_535)
    threads = usable_cpus() if options.threads is None else whole("threads", options.threads, 1, MAX_THREADS)
    origins = [_origin(text) for text in options.cors or ()]
    try:
        from tlgan_runtime.server.app import Service
        from tlgan_runtime.server.hosts import host_name
        from tlgan_runtime.server.run import listen, run, url_of
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        raise MissingLibraryError(f'serve needs {library}; pip install "cheermeup[serve]"') from error
    hosts = [host_name(name) for name in (options.address, *(options.host_name or ()))]
    options.threads = 1  # for each drawing: to divide one among threads would take a third longer
    with listen(options.address, port) as listening:
        service = Service(open_bundle(options), threads=threads, hosts=hosts, origins=origins)
        url, health = url_of(listening), service.health

        def started() -> None:
            report(options.json_output, {"url": url, **health}, [url])

        gc.enable()  # commands do without, but this one runs for months
        return run(service, listening, started)


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise InputError(f"--cors {shown(text)} is no origin; write it as https://example.org, without a path")
    return text.lower()
