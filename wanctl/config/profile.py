"""Profiles: what is true of a kind of link, so that a site need not say it.

A profile holds parameters of the default law, which have a physical meaning and no absolute rates, and, where the
classic law was tuned for that kind of link, a `classic` section. Absolute rates stand in that section alone: they
belong to `law: classic` and to `replay --profile`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from wanctl.config import value
from wanctl.config.field import Duration, LawParams, Rate, Section, reads
from wanctl.config.reading import read_model
from wanctl.config.value import BadValueError, printable
from wanctl.data import data_folder
from wanctl.engine.diagnostic import FileError, Findings, did_you_mean
from wanctl.engine.document import Map, parse
from wanctl.machines import read_text
from wanctl.plan import DirectionPlan

Factor = Annotated[float, reads(value.number)]  # a plain number, one cycle's


class ClassicDownload(Section):
    """The download of the classic law: four states, four floors."""

    ceiling: Rate
    floor_green: Rate
    floor_yellow: Rate
    floor_soft_red: Rate
    floor_red: Rate
    step_up: Rate
    factor_down: Factor
    factor_down_yellow: Factor


class ClassicUpload(Section):
    """The upload of the classic law: three states, one floor."""

    ceiling: Rate
    floor: Rate
    step_up: Rate
    factor_down: Factor
    factor_down_yellow: Factor


class Classic(Section):
    """The classic law for one kind of link. An alpha is one sample's weight; a time constant tau gives 50 ms / tau."""

    baseline_rtt_initial: Duration
    target: Duration
    warn: Duration
    hard: Duration
    accel: Duration
    baseline_time_constant: Duration | None = None
    baseline_alpha: Factor | None = None
    load_time_constant: Duration | None = None
    load_alpha: Factor | None = None
    download: ClassicDownload
    upload: ClassicUpload

    def params(self) -> dict[str, float]:
        """The values by the names that the machine of the classic law declares."""
        flat: dict[str, float] = {}
        for name, given in self.model_dump(exclude_none=True).items():
            if isinstance(given, dict):
                flat |= {f"{name}_{key}": float(number) for key, number in given.items()}
            else:
                flat[name] = float(given)
        return flat


class _ProfileFile(Section):
    profile: Annotated[str, reads(value.identifier)]
    summary: Annotated[str, reads(str)]
    params: LawParams = Field(default_factory=dict)
    classic: Classic | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of link."""

    name: str
    summary: str
    params: Mapping[str, float]  # of the default law, in canonical units
    classic: Classic | None
    path: Path

    def classic_params(self) -> dict[str, float]:
        """The parameters of the classic law by the names its machine declares; empty when the profile has none."""
        return self.classic.params() if self.classic else {}

    def classic_limits(self) -> tuple[DirectionPlan, DirectionPlan] | None:
        """Download and upload of the classic law, which starts at the ceiling; None without a classic section."""
        if self.classic is None:
            return None
        down, up = self.classic.download, self.classic.upload
        return (
            DirectionPlan(down.floor_red, down.ceiling, down.ceiling),
            DirectionPlan(up.floor, up.ceiling, up.ceiling),
        )


@cache
def profile_names() -> tuple[str, ...]:
    """The profiles that ship with wanctl."""
    return tuple(sorted(path.stem for path in (data_folder("configs") / "profiles").glob("*.yaml")))


def profile_name(text: str) -> str:
    """The name of a profile; `BadValueError` (WC130) for any other text."""
    if text in profile_names():
        return text
    raise BadValueError("WC130", f"there is no profile '{printable(text)}'", did_you_mean(text, profile_names()))


@cache
def load_profile(name: str) -> Profile:
    """A shipped profile by its name; `BadValueError` (WC130) for an unknown one, `FileError` for a damaged one."""
    path = data_folder("configs") / "profiles" / f"{profile_name(name)}.yaml"
    findings = Findings()
    root = parse(read_text(path), str(path), findings)
    file = read_model(_ProfileFile, root, findings) if isinstance(root, Map) else None
    findings.raise_errors()
    if file is None:
        raise FileError(findings)
    return Profile(file.profile, file.summary, file.params, file.classic, path)
