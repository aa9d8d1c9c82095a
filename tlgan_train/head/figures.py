"""How sharp the faces of a head are, measured on test pictures that are drawn again."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from tlgan_train.data.dataset import Dataset
from tlgan_train.head.losses import averaged, in_range, over
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.head import Head
from tlgan_train.models.inference import predict, to_levels, to_tensor

MOST = 256
"""Test pictures to measure on."""
CHUNK = 16


@torch.no_grad()
def figures(
    generator: Generator, encoder: nn.Module, head: Head, dataset: Dataset, characters: tuple[str, ...]
) -> dict[str, float]:
    """Return what is measured of test pictures that are drawn again, as means over pictures.

    - `psnr` and `psnr_enlarged`, dB: of the head, and of the small faces enlarged by a Lanczos filter
    - `detail` and `detail_enlarged`: energy of the frequencies that small faces cannot have, over that of the pictures
    - `alpha_error`: mean difference of alpha, levels of 255
    - `small_difference`: mean difference of averages over squares from the small faces, levels of 255

    All but the fourth compare pictures over the background of the data set.
    """
    device = next(generator.parameters()).device
    background = in_range(dataset.background, device)
    chosen = dataset.indices("test", characters)
    chosen = np.random.default_rng(0).permutation(chosen)[:MOST]
    codes = torch.from_numpy(predict(encoder, dataset.images, chosen)[0]).to(device)
    rows: dict[str, list[Tensor]] = {}
    for start in range(0, len(chosen), CHUNK):
        some, features = chosen[start : start + CHUNK], generator.features(codes[start : start + CHUNK])
        drawn, small = head(features), generator.last_layers(features)
        truth = to_tensor(dataset.sprites_of(some), device)
        flat, real = (over(pictures, background[:, None, None]) for pictures in (drawn, truth))
        large = enlarged(small, head.image_size)
        difference = averaged(drawn, background[:, None, None], small) - small
        found = {
            "psnr": psnr(flat, real),
            "psnr_enlarged": psnr(large, real),
            "detail": detail(flat, generator.image_size),
            "detail_enlarged": detail(large, generator.image_size),
            "real": detail(real, generator.image_size),
            "small_difference": 127.5 * difference.abs().mean(dim=(1, 2, 3)),
        }
        if head.channels == 4:
            found["alpha_error"] = 127.5 * (drawn[:, 3] - truth[:, 3]).abs().mean(dim=(1, 2))
        for name, values in found.items():
            rows.setdefault(name, []).append(values.cpu())
    means = {name: torch.cat(values).mean().item() for name, values in rows.items()}
    real = means.pop("real")
    for name in ("detail", "detail_enlarged"):
        means[name] = means[name] / real if real else float("nan")
    return means


def psnr(drawn: Tensor, real: Tensor) -> Tensor:
    """Return the PSNR in dB of each of N pictures in [-1, 1], (N,)."""
    return -10 * torch.log10((drawn - real).square().mean(dim=(1, 2, 3)).clamp_min(1e-9) / 4)


def detail(pictures: Tensor, small: int) -> Tensor:
    """Return the energy above the highest frequency of pictures of `small` pixels, (N,); 0 if they have that size."""
    size = pictures.shape[2]
    across = torch.fft.fftfreq(size, device=pictures.device)[:, None]
    along = torch.fft.rfftfreq(size, device=pictures.device)[None]
    above = (across.square() + along.square()).sqrt() > 0.5 * small / size
    above &= small < size
    return (torch.fft.rfft2(pictures.mean(dim=1), norm="ortho").abs().square() * above).sum(dim=(1, 2))


def enlarged(small: Tensor, size: int) -> Tensor:
    """Return pictures (N, 3, s, s) enlarged by the Lanczos filter of Pillow, (N, 3, size, size)."""
    levels = to_levels(small.permute(0, 2, 3, 1)).to(torch.uint8).cpu().numpy()
    large = [np.asarray(Image.fromarray(face).resize((size, size), Image.Resampling.LANCZOS)) for face in levels]
    return to_tensor(np.stack(large), small.device)
