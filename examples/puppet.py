"""A live puppet: another program sends strengths, and the face of a bundle follows them.

    pip install "cheermeup[cpu]" pygame
    python examples/puppet.py                        # a window, at 60 frames a second
    python examples/puppet.py --camera               # also a camera for video calls: pip install pyvirtualcam
    python examples/puppet.py --record puppet.gif    # no window: until the other program leaves, and a second more

The other program connects to port 9870 of this machine and writes lines of JSON, as often as it likes:

    {"joy": 0.8, "surprise": 0.2}
    {}

Only the latest line counts. A line that is wrong gets an answer, and the face goes on as before.
"""

from __future__ import annotations

import argparse
import json
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from tlgan_runtime import CheerMeUp, CheerMeUpError, Puppet, write_animation

FPS, RECORDED_FPS = 60, 25
SIZE = 512
LONGEST_LINE = 65_536


class Ears(socketserver.ThreadingTCPServer):
    """Sets the strengths that other programs send. `left` is set once one of them has gone."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, puppet: Puppet, port: int) -> None:
        super().__init__(("127.0.0.1", port), Listener)
        self.puppet, self.left = puppet, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *reason: object) -> None:
        self.shutdown()
        super().__exit__(*reason)


class Listener(socketserver.StreamRequestHandler):
    server: Ears

    def handle(self) -> None:
        try:
            while line := self.rfile.readline(LONGEST_LINE):
                try:
                    self.server.puppet.set(json.loads(line))
                except (CheerMeUpError, ValueError, RecursionError) as error:
                    self.wfile.write(json.dumps({"error": str(error)}).encode() + b"\n")
        except OSError:
            pass  # the other program has gone in the middle of a line
        finally:
            self.server.left.set()


def large(frame: np.ndarray) -> np.ndarray:
    """The first face, uint8 (SIZE, SIZE, 3)."""
    return np.asarray(Image.fromarray(frame[0]).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def show(puppet: Puppet, camera: Callable[[np.ndarray], None] | None) -> None:
    """Show the face in a window until somebody closes it."""
    import pygame

    pygame.init()
    window, clock, seconds = pygame.display.set_mode((SIZE, SIZE)), pygame.time.Clock(), 0.0
    pygame.display.set_caption("puppet")
    while not any(event.type == pygame.QUIT for event in pygame.event.get()):
        picture = large(puppet.frame(seconds))
        window.blit(pygame.image.frombuffer(picture.tobytes(), (SIZE, SIZE), "RGB"), (0, 0))
        pygame.display.flip()
        if camera is not None:
            camera(picture)
        seconds = clock.tick(FPS) / 1000
    pygame.quit()


def recorded(puppet: Puppet, left: threading.Event) -> Iterator[np.ndarray]:
    """Frames until the other program has left, and a second more."""
    before, end = time.monotonic(), float("inf")
    while before < end:
        if left.wait(1 / RECORDED_FPS):
            end = min(end, before + 1)
            time.sleep(1 / RECORDED_FPS)
        now = time.monotonic()
        yield puppet.frame(now - before)
        before = now


def opened_camera() -> Callable[[np.ndarray], None]:
    import pyvirtualcam

    send: Any = pyvirtualcam.Camera(width=SIZE, height=SIZE, fps=FPS).send
    return send


def main() -> int:
    parser = argparse.ArgumentParser(description="A face that follows the strengths of another program.")
    parser.add_argument("--bundle", help="folder, .zip or name of a bundle")
    parser.add_argument("--seed", type=int, default=0, help="which face")
    parser.add_argument("--port", type=int, default=9870, help="0 is a free one")
    parser.add_argument("--camera", action="store_true", help="also be a camera")
    parser.add_argument("--record", metavar="FILE", help="write an animation, and show no window")
    options = parser.parse_args()
    try:
        app = CheerMeUp(options.bundle, threads=1)
        puppet = app.puppet(app.sample(1, options.seed))
        camera = opened_camera() if options.camera else None
        with Ears(puppet, options.port) as ears:
            print(f"listening on 127.0.0.1 port {ears.server_address[1]}", flush=True)
            if options.record:
                write_animation(options.record, recorded(puppet, ears.left), fps=RECORDED_FPS, loop="forth", hold=0)
            else:
                show(puppet, camera)
    except ModuleNotFoundError as error:
        print(f"puppet: {error.name} is missing; pip install {error.name}, or --record FILE", file=sys.stderr)
        return 4
    except (CheerMeUpError, OSError, RuntimeError) as error:  # pyvirtualcam raises RuntimeError without a camera
        print(f"puppet: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
