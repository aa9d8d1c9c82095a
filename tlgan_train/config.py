"""Every setting of a run, by section and key.

A preset is a TOML file in `presets/` with the values that differ from the defaults in `sections.py`.
`--set section.key=value` comes on top.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlgan_runtime.validation import nearest
from tlgan_train.errors import TrainError
from tlgan_train.sections import (
    AxesConfig,
    ClassifierConfig,
    DataConfig,
    EvaluateConfig,
    GanConfig,
    HeadConfig,
    JudgeConfig,
    SamplesConfig,
)
from tlgan_train.setting import checked, setting

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    gan: GanConfig = field(default_factory=GanConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    samples: SamplesConfig = field(default_factory=SamplesConfig)
    axes: AxesConfig = field(default_factory=AxesConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    preset: str = "quick"
    """Name of the preset on which the values are based."""
    start: str = ""
    """Bundle, by path or name, with whose networks training starts, where shapes fit. Empty: new networks."""
    minutes: float = 0.0
    """Time for which the lengths of training were chosen (see `duration.py`); 0 for the lengths of the preset."""
    seed: int = setting(0, below=2**63)
    """Seed of everything random in the run."""

    def to_dict(self) -> dict[str, Any]:
        """Return all values by section and key."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Make a configuration from the result of `to_dict`. Raises `TrainError` for unknown sections or keys."""
        config = cls()
        for name, value in values.items():
            if isinstance(value, dict):
                for key, inner in value.items():
                    config = config.with_value(f"{name}.{key}", inner)
            else:
                config = config.with_value(name, value)
        return config

    def value(self, key: str) -> Any:
        """Return the value of `section.key`, or of a setting without a section, such as `seed`."""
        section, _, name = key.rpartition(".")
        return getattr(getattr(self, section) if section else self, name)

    def with_value(self, key: str, value: Any) -> Config:
        """Return a copy in which `section.key` (or `seed`, `preset`) has `value`, converted from text if necessary.

        Raises `TrainError` for unknown keys and for values that the setting does not allow.
        """
        section, _, name = key.rpartition(".")
        owner: Any = getattr(self, section, None) if section else self
        fields = {f.name: f for f in dataclasses.fields(owner)} if dataclasses.is_dataclass(owner) else {}
        if name not in fields or dataclasses.is_dataclass(getattr(owner, name)):
            known = sorted(_setting_names())
            raise TrainError(f"unknown setting {key!r}{nearest(key, known)} (settings: {', '.join(known)})")
        converted = checked(key, value, type(getattr(owner, name)), fields[name].metadata)
        changed = dataclasses.replace(owner, **{name: converted})
        return dataclasses.replace(self, **{section: changed}) if section else changed


def load_config(preset: str = "quick", overrides: list[str] | None = None) -> Config:
    """Return the values of a preset, with overrides of the form `section.key=value`.

    Raises `TrainError` for unknown presets and settings, and for values that a setting does not allow.
    """
    path = PRESETS / f"{preset}.toml"
    if not path.is_file():
        raise TrainError(
            f"unknown preset {preset!r}; presets: {', '.join(sorted(p.stem for p in PRESETS.glob('*.toml')))}"
        )
    config = Config.from_dict(tomllib.loads(path.read_text(encoding="utf-8"))).with_value("preset", preset)
    for item in overrides or []:
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals:
            raise TrainError(
                f"cannot read --set {item!r}; write it as section.key=value, for example gan.batch_size=32"
            )
        if key == "preset":
            raise TrainError(f"a preset is not a setting; choose it by --preset {value}")
        config = config.with_value(key, value)
    return config


def unknown_settings(values: dict[str, Any]) -> list[str]:
    """Return the names of settings in the result of `to_dict` that this version does not have."""
    known = set(_setting_names())
    given = [
        name
        for key, value in values.items()
        for name in ([f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key])
    ]
    return sorted(set(given) - known)


def _setting_names() -> list[str]:
    default = Config()
    names = []
    for f in dataclasses.fields(default):
        value = getattr(default, f.name)
        if dataclasses.is_dataclass(value):
            names += [f"{f.name}.{inner.name}" for inner in dataclasses.fields(value)]
        else:
            names.append(f.name)
    return names
