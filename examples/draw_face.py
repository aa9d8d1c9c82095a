"""Draws the first face of a bundle, moved to an emotion, with numpy, onnxruntime and Pillow alone.

python examples/draw_face.py BUNDLE EMOTION OUT.png      # BUNDLE is a folder
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

folder, emotion, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
manifest = json.loads((folder / "manifest.json").read_bytes())
if manifest["schema_version"] not in (1, 2):
    sys.exit("this program reads bundles of schema 1 and 2")
files = {entry["role"]: folder / name for name, entry in manifest["files"].items()}


def run(role, **inputs):
    return onnxruntime.InferenceSession(files[role], providers=["CPUExecutionProvider"]).run(None, inputs)[0]


z = np.random.Generator(np.random.PCG64(0)).standard_normal((1, manifest["latent_dim"]), dtype=np.float32)
if "mapping" in files:
    z = run("mapping", z=z)

axes = json.loads(files["axes"].read_bytes())
if emotion not in axes["emotions"]:
    sys.exit(f"no emotion {emotion}: this bundle has {', '.join(axes['emotions'])}")
method, e = axes["methods"][axes["default"]], axes["emotions"].index(emotion)
if "ends" in method:
    keep = {"keep": np.zeros(len(axes["emotions"]), np.float32)} if method.get("keeps") else {}
    moved = run(method["ends"], z=z, **keep)[:, e]
elif "centres" in method:
    centres = {key: np.array(value) for key, value in method["centres"].items()}
    logits = centres["slopes"] @ z[0] + centres["intercepts"]
    odds = np.exp(logits - logits.max())
    moved = z + centres["targets"][e] - odds / odds.sum() @ centres["latents"]
else:
    moved = z + method["max_strength"][e] * np.array(method["directions"][e])
    if method["keep_norm"]:
        moved *= np.linalg.norm(z) / np.linalg.norm(moved)

(picture,) = run("generator", z=np.float32(moved))
Image.fromarray(picture).save(out)
