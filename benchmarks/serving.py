"""Load on `cheermeup serve` over loopback: a slider dragged by 1, 8 and 200 clients at a time.

    python benchmarks/serving.py        # writes results/serving.json, in about 20 seconds

Each client sends the next request when it has the last answer: one face, moved and drawn, as PNG. A refusal (503) is
not counted as an answer; its client waits as long as Retry-After says.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from cpuinfo import get_cpu_info

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results")
CLIENTS = (1, 8, 200)
SECONDS, WARM_UP = 5.0, 1.0
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tlgan_runtime.cli.commands import main; sys.exit(main())"


def main() -> None:
    command = [sys.executable, "-c", START, str(ROOT), "serve", "--port", "0", "--json", "--provider", "cpu"]
    load = os.getloadavg()[0]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
        asyncio.run(drag(port, 1, WARM_UP))
        before = resident(process.pid)
        found = {str(clients): asyncio.run(drag(port, clients, SECONDS)) for clients in CLIENTS}
        after = resident(process.pid)
    finally:
        process.terminate()
        code = process.wait(60)
    if code:
        sys.exit(f"the server ended with exit code {code}")
    facts = {
        "processor": get_cpu_info()["brand_raw"], "cores": len(os.sched_getaffinity(0)), "load_before": load,
        "seconds": SECONDS, "clients": found, "resident_mib": {"before": before, "after": after},
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "serving.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


async def drag(port: int, clients: int, seconds: float) -> dict[str, Any]:
    """Throughput and times of answers, for clients that drag a slider at the same time."""
    times: list[float] = []
    refused = 0
    start = time.perf_counter()
    end = start + seconds

    async def client(number: int) -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        step = number
        while (sent := time.perf_counter()) < end:
            step += 1
            body = json.dumps({"seed": number, "strengths": {"joy": step % 20 / 20}})
            head = "POST /v1/render HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            status, wait = await answer(reader)
            if status == 200:
                times.append(time.perf_counter() - sent)
            elif status == 503:
                refused += 1
                await asyncio.sleep(wait)
            else:
                raise RuntimeError(f"status {status}")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    await asyncio.gather(*map(client, range(clients)))
    spent = time.perf_counter() - start
    p50, p99 = np.percentile(times, [50, 99]) * 1000
    return {
        "answers": len(times), "per_second": len(times) / spent, "p50_ms": p50, "p99_ms": p99, "refused": refused,
        "load": os.getloadavg()[0],
    }  # fmt: skip


async def answer(reader: asyncio.StreamReader) -> tuple[int, float]:
    """The status of an answer, and the seconds to wait before the next request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
    await reader.readexactly(int(headers["content-length"]))
    return int(head.split(" ", 2)[1]), float(headers.get("retry-after", 0))


def resident(process: int) -> float:
    """Resident memory of a process in MiB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def table(facts: dict[str, Any]) -> str:
    """A row for each number of clients, and what it was measured on."""
    lines = ["| clients | answers a second | p50 | p99 | refused |", "|---|---|---|---|---|"]
    for clients, one in facts["clients"].items():
        times = f"{one['p50_ms']:.0f} ms | {one['p99_ms']:.0f} ms"
        lines.append(f"| {clients} | {one['per_second']:.0f} | {times} | {one['refused']:,} |")
    memory, cores = facts["resident_mib"], facts["cores"]
    busy = facts["load_before"] > cores / 2
    others = "other programs kept the machine busy" if busy else "nothing else ran"
    lines += [
        "",
        f"Measured on {facts['processor']} with {cores} cores, of which the clients took a part; {others}",
        f"(load {facts['load_before']:.1f} before). Memory of the server: {memory['before']:.0f} MiB before, "
        f"{memory['after']:.0f} MiB after.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
