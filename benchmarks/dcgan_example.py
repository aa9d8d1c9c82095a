"""The loop of the widely used PyTorch DCGAN example, written out plainly: what a user would do without this project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

LATENT_DIM, WIDTH = 100, 64


def train_plainly(
    root: Path, batch_size: int, images: int, workers: int, after_step: Callable[[int, nn.Module], None] | None = None
) -> nn.Module:
    """Train on the picture files under `root` until `images` have been seen; the generator.

    `after_step` is called with the pictures seen so far and the generator.
    """
    prepare = transforms.Compose(
        [
            transforms.Resize(64),
            transforms.CenterCrop(64),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    loader = DataLoader(ImageFolder(str(root), prepare), batch_size, shuffle=True, num_workers=workers, drop_last=True)
    generator, discriminator = make_generator(), make_discriminator()
    criterion = nn.BCELoss()
    discriminator_optimiser = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    generator_optimiser = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    seen = 0
    while True:
        for real, _ in loader:
            if seen >= images:
                return generator
            seen += len(real)
            ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
            discriminator.zero_grad()
            criterion(discriminator(real).view(-1), ones).backward()
            fake = generator(torch.randn(len(real), LATENT_DIM, 1, 1))
            criterion(discriminator(fake.detach()).view(-1), zeros).backward()
            discriminator_optimiser.step()
            generator.zero_grad()
            criterion(discriminator(fake).view(-1), ones).backward()
            generator_optimiser.step()
            if after_step is not None:
                after_step(seen, generator)


def make_generator() -> nn.Module:
    layers: list[nn.Module] = []
    for before, after, stride, padding in ((LATENT_DIM, 8, 1, 0), (8, 4, 2, 1), (4, 2, 2, 1), (2, 1, 2, 1)):
        inputs = before if before == LATENT_DIM else before * WIDTH
        layers.append(nn.ConvTranspose2d(inputs, after * WIDTH, 4, stride, padding, bias=False))
        layers += [nn.BatchNorm2d(after * WIDTH), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False), nn.Tanh()]
    return nn.Sequential(*layers).apply(_initialise)


def make_discriminator() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in ((1, 2), (2, 4), (4, 8)):
        layers.append(nn.Conv2d(before * WIDTH, after * WIDTH, 4, 2, 1, bias=False))
        layers += [nn.BatchNorm2d(after * WIDTH), nn.LeakyReLU(0.2, inplace=True)]
    layers += [nn.Conv2d(8 * WIDTH, 1, 4, 1, 0, bias=False), nn.Sigmoid()]
    return nn.Sequential(*layers).apply(_initialise)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
