"""DYN13: a ring of units that holds an angle: one marginal mode, diffusion, integration, and what imperfection does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import fixed_points
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, below, between
from tertium.studies.methods.ring import Ring, bump, diffusion, run, through_origin, uniform
from tertium.studies.pictures import ring as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON = "canon DYN13"


class BenYishai1995(Study):
    """A ring of units holds an angle without input, integrates a velocity, and forgets by diffusion (Ben-Yishai et al. 1995)."""  # noqa: E501

    row, kind = "DYN13", "simulation"
    cite = (
        Reference(
            "BenYishai1995",
            "Ben-Yishai, R., Bar-Or, R. L. & Sompolinsky, H.",
            1995,
            "Theory of orientation tuning in visual cortex",
            "Proceedings of the National Academy of Sciences 92:3844-3848",
            "10.1073/pnas.92.9.3844",
        ),
        Reference(
            "Amari1977",
            "Amari, S.",
            1977,
            "Dynamics of pattern formation in lateral-inhibition type neural fields",
            "Biological Cybernetics 27:77-87",
            "10.1007/BF00337259",
        ),
        Reference(
            "Seung1996",
            "Seung, H. S.",
            1996,
            "How the brain keeps the eyes still",
            "Proceedings of the National Academy of Sciences 93:13339-13344",
            "10.1073/pnas.93.23.13339",
        ),
        Reference(
            "Zhang1996",
            "Zhang, K.",
            1996,
            "Representation of spatial orientation by the intrinsic dynamics of the head-direction cell ensemble: a "
            "theory",
            "Journal of Neuroscience 16:2112-2126",
        ),
    )
    smoke = {"units": 32, "sizes": (32, 64), "runs": 16, "duration": 10.0, "walk": 40.0, "starts": 24}

    class Config(StudyConfig):
        """The ring and its noise; times in time constants of the units."""

        units: int = Field(128, ge=16, description="units of the ring")
        sizes: tuple[int, ...] = Field((64, 128, 256, 512), description="rings whose diffusion is compared")
        excitation: float = Field(18.0, gt=0, description="amplitude of the cosine couplings")
        inhibition: float = Field(-10.0, lt=0, description="mean coupling")
        drive: float = Field(2.5, description="constant input to every unit")
        weak: float = Field(0.25, gt=0, lt=1, description="share of the excitation that is left in a control")
        noise: float = Field(0.5, gt=0, description="of each unit, per square root of a time constant")
        dt: float = Field(0.1, gt=0, le=0.2, description="time step")
        runs: int = Field(200, ge=4, description="runs whose angles are compared")
        duration: float = Field(60.0, gt=0, description="of the runs that drift and diffuse")
        walk: float = Field(400.0, gt=0, description="duration of the velocity input")
        speed: float = Field(0.1, gt=0, description="standard deviation of the velocity, rad a time constant")
        smoothness: float = Field(20.0, gt=0, description="correlation time of the velocity")
        jitter: float = Field(0.05, gt=0, description="relative change of each coupling")
        starts: int = Field(128, ge=8, description="bumps that the search for fixed points begins from")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; times in time constants, angles in rad."""

        angles: Floats  # (unit,)
        rates: Floats  # (unit,) of the bump
        spectrum: Floats  # (unit,) real parts of eigenvalues at the bump, largest first
        spectrum_uniform: Floats  # at the uniform state
        time: Floats
        amplitude: Floats  # (time, 3) after a cue, without input
        amplitude_weak: Floats  # the same with less excitation
        drifted: Floats  # (time, 3) angles
        persisted: float
        persisted_weak: float
        sizes: NDArray[np.int64]
        variance: Floats  # (size, time) of the angle over runs
        variance_shared: Floats  # with noise of as many components whatever the size
        variance_frozen: Floats  # (time,) with noise that does not change in time, units of the claims
        diffusion: Floats  # (size,) slope of the variance
        predicted: Floats  # (size,)
        predicted_wrong: Floats
        walk_time: Floats
        turned: Floats  # (time,) integral of the velocity
        followed: Floats  # (time,) angle of the bump
        unturned: Floats  # the same without the coupling that turns
        jittered: dict[str, Any]  # `resting` of the ring with jittered couplings
        perfect: dict[str, Any]
        ends: Floats  # (start, 2) where bumps of the jittered ring begin and end

    def run(self, config: Config, lab: Lab) -> Results:
        """Linearise, let bumps stay, diffuse and turn, then spoil the couplings."""
        ring, seeds = make_ring(config, config.units), lab.seeds
        held = bump(ring)
        return self.Results(
            angles=ring.angles,
            rates=1 / (1 + np.exp(-held)),
            spectrum=spectrum(ring, held),
            spectrum_uniform=spectrum(ring, uniform(ring)),
            **lab.stage("persistence", lambda: persistence(config, seeds.numpy("persistence"))),
            **lab.stage("diffusion", lambda: diffuse(config, lab)),
            **lab.stage("walk", lambda: walk(config, seeds.numpy("walk"))),
            **lab.stage("jitter", lambda: spoil(config, seeds.numpy("jitter"))),
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the spectrum, persistence, diffusion, integration, and the collapse of the ring."""
        yield Claim(
            "marginal",
            "At the bump one eigenvalue is zero: nothing holds the angle.",
            abs(float(results.spectrum[0])),
            below(0.01),
            f"{CANON}; closed form: 0",
            Control("the uniform state of the same ring", abs(float(results.spectrum_uniform[0]))),
            judge="each",
            unit="per time constant",
        )
        yield Claim(
            "others",
            "All other eigenvalues at the bump are -0.1 and below.",
            float(results.spectrum[1]),
            at_most(-0.1),
            CANON,
            Control("the uniform state of the same ring", float(results.spectrum_uniform[1])),
            judge="each",
            unit="per time constant",
        )
        yield Claim(
            "persistence",
            "After the cue has gone a bump keeps 90 % of its amplitude for 50 time constants and more, in noise.",
            results.persisted,
            at_least(50),
            CANON,
            Control("a quarter of the excitation", results.persisted_weak),
            unit="time constants",
        )
        yield from diffusion_claims(results)
        yield Claim(
            "integration",
            "The angle follows the integral of the velocity input (explained variance, in noise).",
            explained(results.turned, results.followed),
            at_least(0.98),
            CANON,
            Control("without the coupling that turns the bump", explained(results.turned, results.unturned)),
            unit="R²",
        )
        yield Claim(
            "collapse",
            "With couplings changed by 5 % at random, at most 10 places of the ring are left at which a bump rests.",
            float(results.jittered["resting"]),
            at_most(10),
            CANON,
            Control("the perfect ring: places found from as many starts", float(results.perfect["resting"])),
            judge="each",
            unit="places",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the bump and its spectrum, diffusion, integration, and the places left in a ring that is not perfect."""
        first, n = results[0], len(results)
        yield Picture(
            "spectrum",
            draw.spectrum(first),
            "Left: rates of a resting bump. Right: real parts of the eigenvalues there and at the uniform state, the "
            "eight largest.",
        )
        yield Picture(
            "persistence",
            draw.persistence(first),
            "Amplitude of three bumps after their cues have gone, with noise; dotted the same with a quarter of the "
            "excitation.",
        )
        yield Picture(
            "diffusion",
            draw.diffusion(results),
            f"Left: variance of the angle over runs against time, mean of {n} seeds, dashed theory. Right: its slope "
            "against the number of units, a dot a seed; line: theory.",
        )
        yield Picture(
            "integration",
            draw.integration(first),
            "Angle of a bump, the integral of its velocity input, and the angle without the coupling that turns it; "
            "first seed.",
        )
        yield Picture(
            "collapse",
            draw.collapse(first),
            "Where bumps of the first seed begin and where they are later in a ring whose couplings were changed by 5 "
            "%; lines: stable (solid) and unstable (dotted) fixed points on the ring, all certified.",
        )


def diffusion_claims(results: BenYishai1995.Results) -> Iterator[Claim]:
    """Yield how the variance of the angle grows with time and falls with the number of units."""
    chosen = int(np.flatnonzero(results.sizes == len(results.angles))[0])
    fits = through_origin(results.time, results.variance[chosen])[1]
    yield Claim(
        "linear",
        "The variance of the angle grows in proportion to time.",
        fits,
        at_least(0.95),
        CANON,
        Control("noise that does not change in time", through_origin(results.time, results.variance_frozen)[1]),
        unit="R² of a line through the origin",
    )
    yield Claim(
        "inverse",
        "It falls inversely with the number of units.",
        exponent(results.sizes, results.diffusion),
        between(-1.2, -0.8),
        CANON,
        Control(
            "noise of the same few components whatever the number of units",
            exponent(results.sizes, np.array([through_origin(results.time, v)[0] for v in results.variance_shared])),
        ),
        unit="slope of logarithms",
    )
    yield Claim(
        "theory",
        "Its growth is that of the noise along the left eigenvector of the marginal mode (mean over sizes, to 15 %).",
        float(np.mean(np.abs(results.diffusion / results.predicted - 1))),
        at_most(0.15),
        "closed form of the linearised ring; tolerance ours, from the pilot seeds",
        Control(
            "noise along the bump's own derivative",
            float(np.mean(np.abs(results.diffusion / results.predicted_wrong - 1))),
        ),
        unit="relative error",
    )


def make_ring(config: BenYishai1995.Config, units: int, share: float = 1.0) -> Ring:
    """Return a perfect ring, with a share of its excitation."""
    return Ring(units, share * config.excitation, config.inhibition, config.drive)


def spectrum(ring: Ring, u: Floats) -> Floats:
    """Return the real parts of the eigenvalues at a state, largest first."""
    return np.sort(np.linalg.eigvals(ring.jacobian(u[None])[0]).real)[::-1]


def persistence(config: BenYishai1995.Config, rng: np.random.Generator) -> dict[str, Any]:
    """Cue bumps at three angles for ten time constants, take the cues away, and watch."""
    found: dict[str, Any] = {}
    for name, share in (("", 1.0), ("_weak", config.weak)):
        ring = make_ring(config, config.units, share)
        cues = 2 * np.cos(ring.angles - 2 * np.pi * np.arange(3)[:, None] / 3)
        u = np.tile(uniform(ring), (3, 1))
        for _ in range(round(10 / config.dt)):
            u = u + config.dt * ring.velocity(u, extra=cues)
        angles, sizes = run(ring, u, config.duration, config.dt, noise=config.noise, rng=rng)
        time = np.arange(len(sizes)) * config.dt
        kept = (sizes >= 0.9 * sizes[0]).all(1)
        found[f"persisted{name}"] = float(time[-1] if kept.all() else time[np.flatnonzero(~kept)[0]])
        found[f"amplitude{name}"] = sizes[::5]
        if not name:
            found["drifted"] = angles[::5]
    return {**found, "time": time[::5]}


def diffuse(config: BenYishai1995.Config, lab: Lab) -> dict[str, Any]:
    """Let many runs begin from one angle, and return the variance of the angle against time for each size."""
    sizes = sorted({config.units, *config.sizes})
    found: dict[str, list[Any]] = {
        "variance": [],
        "variance_shared": [],
        "predicted": [],
        "predicted_wrong": [],
    }
    options: dict[str, Any] = {"noise": config.noise, "every": 5}
    for size in lab.track(sizes, "sizes"):
        ring = make_ring(config, size)
        start = np.tile(bump(ring), (config.runs, 1))
        for name, shared in (("variance", 0), ("variance_shared", 8)):
            rng = lab.seeds.numpy(f"{name} {size}")
            scale = {"noise": config.noise / np.sqrt(16)} if shared else {}
            angles, _ = run(ring, start, config.duration, config.dt, rng=rng, shared=shared, **{**options, **scale})
            found[name].append(((angles - angles[0]) ** 2).mean(1))
        right, wrong = diffusion(ring, config.noise)
        found["predicted"].append(right)
        found["predicted_wrong"].append(wrong)
    time = np.arange(len(found["variance"][0]), dtype=np.float64) * (5 * config.dt)
    arrays = {name: np.array(values) for name, values in found.items()}
    return {
        **arrays,
        "sizes": np.array(sizes),
        "diffusion": np.array([through_origin(time, values)[0] for values in arrays["variance"]]),
        "variance_frozen": frozen(config, lab.seeds.numpy("frozen")),
    }


def frozen(config: BenYishai1995.Config, rng: np.random.Generator) -> Floats:
    """Return the variance of the angle where each run has one noise pattern for all its time, a tenth as large."""
    ring = make_ring(config, config.units)
    u = np.tile(bump(ring), (config.runs, 1))
    still = 0.1 * config.noise * rng.standard_normal(u.shape)
    angles = [ring.decode(u)[0]]
    for _ in range(round(config.duration / config.dt) // 5):
        for _ in range(5):
            u = u + config.dt * ring.velocity(u, extra=still)
        angles.append(ring.decode(u)[0])
    unwrapped = np.unwrap(np.array(angles), axis=0)
    return np.asarray(((unwrapped - unwrapped[0]) ** 2).mean(1))


def walk(config: BenYishai1995.Config, rng: np.random.Generator) -> dict[str, Any]:
    """Turn a bump with a smooth random velocity, with and without the coupling that turns it."""
    steps = round(config.walk / config.dt)
    keep = np.exp(-config.dt / config.smoothness)
    drawn = rng.standard_normal(steps)
    velocity = np.empty(steps)
    now = config.speed * drawn[0]
    for step in range(steps):
        now = keep * now + config.speed * np.sqrt(1 - keep**2) * drawn[step]
        velocity[step] = now
    ring = make_ring(config, config.units)
    options: dict[str, Any] = {"noise": config.noise, "rng": rng, "every": 5}
    start = bump(ring)[None]
    followed, _ = run(ring, start, config.walk, config.dt, turn=velocity, **options)
    unturned, _ = run(ring, start, config.walk, config.dt, **options)
    turned = np.concatenate([[0.0], np.cumsum(velocity) * config.dt])[::5]
    return {
        "walk_time": np.arange(len(followed)) * 5 * config.dt,
        "turned": turned[: len(followed)],
        "followed": followed[:, 0] - followed[0, 0],
        "unturned": unturned[:, 0] - unturned[0, 0],
    }


def spoil(config: BenYishai1995.Config, rng: np.random.Generator) -> dict[str, Any]:
    """Change each coupling at random, and find where bumps still rest."""
    ring = make_ring(config, config.units)
    spoilt = ring.couplings() * (1 + config.jitter * rng.standard_normal((config.units, config.units)))
    jittered = Ring(config.units, config.excitation, config.inhibition, config.drive, spoilt)
    places = np.sort(rng.uniform(-np.pi, np.pi, config.starts))
    starts = np.array([bump(ring, place) for place in places])
    angles, _ = run(jittered, starts, 10 * config.duration, 2 * config.dt, every=10)
    return {
        "jittered": resting(jittered, starts),
        "perfect": resting(ring, starts),
        "ends": np.column_stack([angles[0], angles[-1]]),
    }


def resting(ring: Ring, starts: Floats) -> dict[str, Any]:
    """Return the fixed points on the ring, each once: number, angle, index, certified or not."""
    found = fixed_points(
        lambda u, x: ring.velocity(u),
        starts,
        time="continuous",
        jacobian=lambda u, x: ring.jacobian(u),
    )
    # of a continuum no point has an inverse Jacobian: its points come as slow ones that do not move
    still = found.slow.take(found.slow.speeds < 1e-8)
    points = np.concatenate([found.points, still.points])
    index = np.concatenate([found.index, still.index])
    certified = np.concatenate([found.certified, np.zeros(len(still), dtype=bool)])
    angle, size = ring.decode(points)
    on_ring = size > 0.5 * ring.decode(starts)[1].mean()
    return {
        "resting": int(on_ring.sum()),
        "angle": angle[on_ring],
        "index": index[on_ring],
        "certified": certified[on_ring],
        "largest": np.concatenate([found.growth, still.growth])[on_ring].max(1, initial=-np.inf),
    }


def explained(target: Floats, values: Floats) -> float:
    """Return the share of the target's variance that values have, without any fit."""
    return float(1 - ((values - target) ** 2).sum() / ((target - target.mean()) ** 2).sum())


def exponent(sizes: NDArray[np.int64], slopes: Floats) -> float:
    """Return the slope of log against log."""
    return float(np.polyfit(np.log(sizes), np.log(slopes), 1)[0])
