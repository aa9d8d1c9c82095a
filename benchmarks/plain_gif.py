"""Faces that become joyful, by onnxruntime and imageio: what a user would write without this project.

python plain_gif.py BUNDLE FILE FACES [NETWORK.pt]

With a network that `network_of_bundle.py` wrote, this draws them in place of `generator.onnx`: by torch and imageio.
"""

import json
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import onnxruntime as ort
from PIL import Image

STEPS, SIZE, GAP = 30, 256, 8
FACES = int(sys.argv[3])
COLUMNS = min(FACES, 4)

bundle = Path(sys.argv[1])
if len(sys.argv) > 4:
    import torch

    network = torch.load(sys.argv[4], weights_only=False)

    def draw(z):
        with torch.inference_mode():
            pictures = network(torch.from_numpy(z)).permute(0, 2, 3, 1)
            return ((pictures + 1) * 127.5).round().to(torch.uint8).numpy()
else:
    generator = ort.InferenceSession(bundle / "generator.onnx", providers=["CPUExecutionProvider"])

    def draw(z):
        return generator.run(None, {"z": z})[0]


mapping = ort.InferenceSession(bundle / "mapping.onnx", providers=["CPUExecutionProvider"])
axes = json.loads((bundle / "axes.json").read_text())
centres = axes["methods"][axes["default"]]["centres"]
latents, slopes, intercepts = (np.array(centres[key]) for key in ("latents", "slopes", "intercepts"))
joy = latents[axes["emotions"].index("joy")]

z = np.random.Generator(np.random.PCG64(0)).standard_normal((FACES, axes["latent_dim"]), dtype=np.float32)
(z,) = mapping.run(None, {"z": z})
odds = np.exp(z @ slopes.T + intercepts)
shift = joy - odds / odds.sum(axis=1, keepdims=True) @ latents

frames = []
for strength in np.linspace(0, 1, STEPS):
    faces = draw((z + strength * shift).astype(np.float32))
    rows = FACES // COLUMNS
    canvas = np.full((rows * (SIZE + GAP) - GAP, COLUMNS * (SIZE + GAP) - GAP, 3), 255, np.uint8)
    for index, face in enumerate(faces):
        top, left = index // COLUMNS * (SIZE + GAP), index % COLUMNS * (SIZE + GAP)
        large = Image.fromarray(face).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        canvas[top : top + SIZE, left : left + SIZE] = large
    frames.append(canvas)
frames += frames[-2:0:-1]
iio.imwrite(sys.argv[2], np.stack(frames), duration=67, loop=0)
