"""`cheermeup serve` as a process: how it starts and ends, and clients that stall, leave or are too many."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.program import PATIENCE, program
from tests.runtime.server.conftest import need_libraries
from tests.runtime.server.served import Served, eventually, served
from tlgan_runtime.cli.commands import main

BODY = b'{"faces": 1}'
HEAD = b"POST /v1/render HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
REQUEST = HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


@pytest.fixture(autouse=True)
def _libraries() -> None:
    need_libraries()


@pytest.fixture
def server(bundle: Path, tmp_path: Path) -> Iterator[Served]:
    with served(bundle, tmp_path) as server:
        yield server


def connected(server: Served, content: bytes = b"") -> socket.socket:
    """A connection over which `content` was sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(content)
    return connection


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    parts = []
    try:
        while part := connection.recv(2**16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def head(connection: socket.socket) -> bytes:
    """The status and the headers of an answer."""
    content = b""
    while b"\r\n\r\n" not in content:
        part = connection.recv(2**16)
        assert part, content
        content += part
    return content


def metric(server: Served, name: str) -> int:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=PATIENCE) as page:
        lines = page.read().decode().splitlines()
    return next((int(line.rpartition(" ")[2]) for line in lines if line.startswith(f"cheermeup_{name} ")), 0)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=PATIENCE)
    return process.returncode, out, error


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_command_prints_its_address_and_ends_on_a_signal(bundle: Path, number: int, code: int) -> None:
    options = ("--bundle", str(bundle), "--port", "0", "--json", "--provider", "cpu")
    command = program("serve", *options, interruptible=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        document = json.loads(process.stdout.readline())
        assert (document["bundle"], document["provider"]) == ("tiny", "CPUExecutionProvider")
        with urllib.request.urlopen(f"{document['url']}/healthz", timeout=PATIENCE) as page:
            assert json.load(page)["status"] == "ok"
        process.send_signal(number)
        assert ended(process) == (code, "", "")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_what_is_in_progress_is_finished_after_sigterm(server: Served) -> None:
    with connected(server, REQUEST) as drawing, connected(server, REQUEST[:-1]) as arriving, connected(server) as idle:
        eventually(lambda: metric(server, "drawing") == 1 and metric(server, "requests_in_progress") == 3)
        server.process.terminate()
        assert answer(idle) == b""
        with pytest.raises(OSError):
            connected(server).close()
        arriving.sendall(REQUEST[-1:])
        server.gate.touch()
        for connection in (drawing, arriving):
            content = answer(connection)
            assert content.startswith(b"HTTP/1.1 200 ") and content.endswith(b"IEND\xaeB`\x82")
    assert server.ended() == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_a_drawing_that_does_not_end_does_not_hold_the_process(bundle: Path, tmp_path: Path) -> None:
    with served(bundle, tmp_path, drain=0, patient=False) as server, connected(server, REQUEST) as connection:
        eventually(lambda: metric(server, "drawing") == 1)
        server.process.terminate()
        content = answer(connection)
        assert content.startswith(b"HTTP/1.1 503 ") and b"the server is ending" in content
        assert server.ended() == (0, "")


def test_a_busy_server_refuses_at_once_and_draws_nothing_for_clients_that_left(bundle: Path, tmp_path: Path) -> None:
    with served(bundle, tmp_path, waiting=2) as server:
        with ExitStack() as stack:
            for count in range(3):
                stack.enter_context(connected(server, REQUEST))
                eventually(lambda count=count: metric(server, "drawing") + metric(server, "waiting") == count + 1)
            with connected(server, REQUEST) as refused:
                content = head(refused)
            assert content.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 1\r\n" in content.lower()
            assert metric(server, "drawing") == 1  # it still answers what needs no thread
        eventually(lambda: metric(server, "drawing") + metric(server, "waiting") == 0)
        assert metric(server, 'requests_total{route="/v1/render",status="499"}') == 3
        server.gate.touch()
        with connected(server, REQUEST) as drawn:
            assert head(drawn).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_stalls_is_not_waited_for(bundle: Path, tmp_path: Path) -> None:
    with served(bundle, tmp_path, body_seconds=0.2) as server, connected(server, REQUEST[:-3]) as stalled:
        content = answer(stalled)
        assert content.startswith(b"HTTP/1.1 408 ") and b"did not arrive within 0.2 seconds" in content
        assert metric(server, "requests_in_progress") == 1 and metric(server, "drawing") == 0


def test_headers_that_stall_are_not_waited_for(bundle: Path, tmp_path: Path) -> None:
    with served(bundle, tmp_path, headers=1) as server:
        server.gate.touch()
        for content in (b"", HEAD):
            with connected(server, content) as stalled:
                assert answer(stalled) == b""
        with connected(server, REQUEST) as kept:
            assert head(kept).startswith(b"HTTP/1.1 200 ")
            kept.sendall(HEAD)
            assert b"HTTP/1.1" not in answer(kept)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("how", [b"keep-alive", b"close"])
def test_an_answer_that_is_not_taken_is_dropped(bundle: Path, tmp_path: Path, how: bytes) -> None:
    request = REQUEST.replace(b"\r\n", b"\r\nConnection: " + how + b"\r\n", 1)
    with served(bundle, tmp_path, take=2, padding=20_000_000) as server:
        server.gate.touch()
        with connected(server, request) as reader:
            assert len(answer(reader)) > 20_000_000 if how == b"close" else head(reader)
        with connected(server, request) as stalled:
            eventually(lambda: metric(server, 'requests_total{route="/v1/render",status="200"}') == 2)
            server.process.terminate()
            assert server.ended() == (0, "")  # a connection that is not taken would hold it
            assert len(answer(stalled)) < 20_000_000


def test_what_is_no_http_is_refused_in_json(server: Served) -> None:
    for content in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"NO\r\n\r\n"):
        with connected(server, content) as connection:
            said = answer(connection)
        assert said.startswith(b"HTTP/1.1 400 ") and json.loads(said.partition(b"\r\n\r\n")[2]).keys() == {"error"}


def test_another_host_is_refused(server: Served) -> None:
    asked = urllib.request.Request(f"{server.url}/v1/info", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(asked, timeout=PATIENCE)
    with raised.value as page:
        assert page.code == 421 and "evil.example" in json.load(page)["error"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "port must be a whole number from 0 to 65535, not 70000"),
        (["--address", "no address"], "no name of a host"),
        (["--address", "192.0.2.1", "--port", "0"], "cannot listen on 192.0.2.1"),
        (["--threads", "0"], "threads must be a whole number from 1 to 256"),
        (["--host-name", "http://a"], "no name of a host"),
        (["--cors", "a.example"], "write it as https://example.org"),
        (["--cors", "*"], "write it as https://example.org"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out


def test_a_port_that_is_taken_is_named(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", str(server.port)]) == 2
    assert f"cannot listen on 127.0.0.1 port {server.port}" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["starlette", "uvicorn"])
def test_a_missing_library_is_named_with_the_command_that_installs_it(bundle: Path, library: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from tlgan_runtime.cli.commands import main; sys.exit(main(['serve', '--port', '0', '--bundle', sys.argv[1]]))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(bundle)], capture_output=True, text=True, timeout=PATIENCE)
    wanted = f'cheermeup: serve needs {library}; pip install "cheermeup[serve]"\n'
    assert (run.returncode, run.stdout, run.stderr) == (4, "", wanted)


def test_a_body_without_end_is_not_read_to_its_end(server: Served) -> None:
    part = b"10000\r\n" + b"0" * 2**16 + b"\r\n"
    with connected(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n") as endless, pytest.raises(OSError):
        for _ in range(16_000):  # a gigabyte
            endless.sendall(part)
    assert metric(server, 'requests_total{route="/v1/render",status="413"}') == 1
