"""Eight faces that become joyful, by onnxruntime and imageio: what a user would write without this project.

python plain_gif.py BUNDLE FILE
"""

import json
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import onnxruntime as ort
from PIL import Image

FACES, STEPS, SIZE, GAP, COLUMNS = 8, 30, 256, 8, 4

bundle = Path(sys.argv[1])
generator = ort.InferenceSession(bundle / "generator.onnx", providers=["CPUExecutionProvider"])
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
    (faces,) = generator.run(None, {"z": (z + strength * shift).astype(np.float32)})
    rows = FACES // COLUMNS
    canvas = np.full((rows * (SIZE + GAP) - GAP, COLUMNS * (SIZE + GAP) - GAP, 3), 255, np.uint8)
    for index, face in enumerate(faces):
        top, left = index // COLUMNS * (SIZE + GAP), index % COLUMNS * (SIZE + GAP)
        large = Image.fromarray(face).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        canvas[top : top + SIZE, left : left + SIZE] = large
    frames.append(canvas)
frames += frames[-2:0:-1]
iio.imwrite(sys.argv[2], np.stack(frames), duration=67, loop=0)
