"""Effectors: a point mass and a planar arm of two links, driven by force or torque.

Written with operations that NumPy and torch share: given tensors, a whole movement can be differentiated, so that a
network is trained through the body it moves.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tertium.errors import BadInput

#: A NumPy array or a torch tensor.
Numbers = Any


class Effector(ABC):
    """A body whose hand moves in the plane.

    Attributes
    ----------
    n_state, n_command : int
        Size of the state and of the command; both are the last axis of arrays.
    start : (float, float)
        Where the hand rests at the beginning, metres.
    largest_command : float
        Bound of commands in reinforcement learning, newtons or newton metres.
    """

    n_state: ClassVar[int] = 4
    n_command: ClassVar[int] = 2
    start: ClassVar[tuple[float, float]] = (0.0, 0.0)
    largest_command: ClassVar[float]

    @abstractmethod
    def derivative(self, state: Numbers, command: Numbers) -> Numbers:
        """Return the rate of change of the state, shape (..., n_state), per second."""

    @abstractmethod
    def hand(self, state: Numbers) -> Numbers:
        """Return the position of the hand, metres, shape (..., 2)."""

    @abstractmethod
    def hand_velocity(self, state: Numbers) -> Numbers:
        """Return the velocity of the hand, metres per second, shape (..., 2)."""

    @abstractmethod
    def at_rest(self, hand: Numbers) -> Numbers:
        """Return the state in which the hand rests at a position, shape (..., n_state)."""

    @abstractmethod
    def command_for(self, state: Numbers, acceleration: Numbers) -> Numbers:
        """Return the command that gives the hand an acceleration, m/s^2: the inverse of the dynamics."""

    @abstractmethod
    def energy(self, state: Numbers) -> Numbers:
        """Return the mechanical energy, joules, shape (...)."""

    def step(self, state: Numbers, command: Numbers, dt: float) -> Numbers:
        """Return the state one time step later, under a command that is held (Runge-Kutta of fourth order).

        Parameters
        ----------
        state : array or tensor, shape (..., n_state)
            Positions, then velocities.
        command : array or tensor, shape (..., n_command)
            Force in newtons or torque in newton metres.
        dt : float
            Seconds.
        """
        k1 = self.derivative(state, command)
        k2 = self.derivative(state + dt / 2 * k1, command)
        k3 = self.derivative(state + dt / 2 * k2, command)
        k4 = self.derivative(state + dt * k3, command)
        return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def move(self, state: Numbers, commands: Numbers, dt: float) -> Numbers:
        """Return the states after each of a series of commands.

        Parameters
        ----------
        state : array or tensor, shape (trial, n_state)
            At the beginning.
        commands : array or tensor, shape (time, trial, n_command)
            One for each step.
        dt : float
            Seconds.

        Returns
        -------
        array or tensor, shape (time, trial, n_state)

        Examples
        --------
        >>> body = PointMass(mass=1.0)
        >>> states = body.move(np.zeros((1, 4)), np.ones((100, 1, 2)), dt=0.01)
        >>> states[-1, 0].round(3).tolist()
        [0.5, 0.5, 1.0, 1.0]
        """
        states = []
        for command in commands:
            state = self.step(state, command, dt)
            states.append(state)
        return _arrays(state).stack(states, 0)


@dataclass(frozen=True)
class PointMass(Effector):
    """A mass that a force pushes through the plane; its state is position (m) and velocity (m/s).

    Parameters
    ----------
    mass : float
        Kilograms.
    friction : float
        Newtons per (m/s).
    """

    mass: float = 1.0
    friction: float = 0.0

    largest_command: ClassVar[float] = 5.0

    def __post_init__(self) -> None:
        if not self.mass > 0 or self.friction < 0:
            raise BadInput(
                "point mass",
                got=f"mass={self.mass}, friction={self.friction}",
                expected="a mass > 0 kg and friction >= 0",
            )

    def derivative(self, state: Numbers, command: Numbers) -> Numbers:
        """Return velocity and acceleration."""
        velocity = state[..., 2:]
        return _joined(velocity, (command - self.friction * velocity) / self.mass)

    def hand(self, state: Numbers) -> Numbers:
        """Return the position."""
        return state[..., :2]

    def hand_velocity(self, state: Numbers) -> Numbers:
        """Return the velocity."""
        return state[..., 2:]

    def at_rest(self, hand: Numbers) -> Numbers:
        """Return the position with no velocity."""
        return _joined(hand, 0 * hand)

    def command_for(self, state: Numbers, acceleration: Numbers) -> Numbers:
        """Return the force."""
        return self.mass * acceleration + self.friction * state[..., 2:]

    def energy(self, state: Numbers) -> Numbers:
        """Return the kinetic energy."""
        return 0.5 * self.mass * (state[..., 2:] ** 2).sum(-1)


@dataclass(frozen=True)
class TwoLinkArm(Effector):
    """An arm in the horizontal plane that torques at shoulder and elbow move (Li & Todorov 2004).

    ``M(q) q'' + C(q, q') + B q' = torque``; the state is the angles of shoulder and elbow (rad, the elbow relative to
    the upper arm) and their velocities (rad/s). The default numbers are Li & Todorov's human arm.

    Parameters
    ----------
    lengths : (float, float)
        Upper arm and forearm, metres.
    masses : (float, float)
        Kilograms.
    centres : (float, float)
        From each joint to the centre of mass of its link, metres.
    inertias : (float, float)
        Moments of inertia in their equations, kg m^2.
    friction : (float, float)
        Diagonal and off-diagonal of B, N m per (rad/s).
    """

    lengths: tuple[float, float] = (0.30, 0.33)
    masses: tuple[float, float] = (1.4, 1.0)
    centres: tuple[float, float] = (0.11, 0.16)
    inertias: tuple[float, float] = (0.025, 0.045)
    friction: tuple[float, float] = (0.05, 0.025)

    start: ClassVar[tuple[float, float]] = (0.0, 0.40)
    largest_command: ClassVar[float] = 2.0

    def _constants(self) -> tuple[float, float, float]:
        l1, (_, m2), (_, s2), (i1, i2) = self.lengths[0], self.masses, self.centres, self.inertias
        return i1 + i2 + m2 * l1**2, m2 * l1 * s2, i2

    def _inertia(self, state: Numbers) -> tuple[Numbers, Numbers, float]:
        """Return the entries 11, 12 (= 21) and 22 of M."""
        a1, a2, a3 = self._constants()
        bent = _arrays(state).cos(state[..., 1])
        return a1 + 2 * a2 * bent, a3 + a2 * bent, a3

    def _forces(self, state: Numbers) -> Numbers:
        """Return the centripetal, Coriolis and friction torques, shape (..., 2)."""
        v1, v2 = state[..., 2], state[..., 3]
        turn = self._constants()[1] * _arrays(state).sin(state[..., 1])
        own, other = self.friction
        return _pair(-turn * v2 * (2 * v1 + v2) + own * v1 + other * v2, turn * v1**2 + other * v1 + own * v2)

    def derivative(self, state: Numbers, command: Numbers) -> Numbers:
        """Return joint velocities and accelerations."""
        m11, m12, m22 = self._inertia(state)
        torque = command - self._forces(state)
        t1, t2 = torque[..., 0], torque[..., 1]
        determinant = m11 * m22 - m12**2
        acceleration = _pair((m22 * t1 - m12 * t2) / determinant, (m11 * t2 - m12 * t1) / determinant)
        return _joined(state[..., 2:], acceleration)

    def hand(self, state: Numbers) -> Numbers:
        """Return the position relative to the shoulder."""
        xp, (l1, l2) = _arrays(state), self.lengths
        upper, fore = state[..., 0], state[..., 0] + state[..., 1]
        return _pair(l1 * xp.cos(upper) + l2 * xp.cos(fore), l1 * xp.sin(upper) + l2 * xp.sin(fore))

    def _jacobian(self, state: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        xp, (l1, l2) = _arrays(state), self.lengths
        upper, fore = state[..., 0], state[..., 0] + state[..., 1]
        x2, y2 = l2 * xp.cos(fore), l2 * xp.sin(fore)
        return -l1 * xp.sin(upper) - y2, -y2, l1 * xp.cos(upper) + x2, x2

    def hand_velocity(self, state: Numbers) -> Numbers:
        """Return the Jacobian of the hand's position times the joint velocities."""
        j11, j12, j21, j22 = self._jacobian(state)
        v1, v2 = state[..., 2], state[..., 3]
        return _pair(j11 * v1 + j12 * v2, j21 * v1 + j22 * v2)

    def at_rest(self, hand: Numbers) -> Numbers:
        """Return the angles, elbow bent forwards, by the law of cosines.

        Raises
        ------
        BadInput
            If the arm is too short, or too long, to put its hand there.
        """
        xp, (l1, l2) = _arrays(hand), self.lengths
        x, y = hand[..., 0], hand[..., 1]
        squared = x**2 + y**2
        bent = (squared - l1**2 - l2**2) / (2 * l1 * l2)
        if bool((abs(bent) > 1).any()):
            far = float(squared.max()) ** 0.5
            raise BadInput(
                "position of the hand",
                got=f"{far:.3f} m from the shoulder",
                expected=f"between {abs(l1 - l2):.2f} and {l1 + l2:.2f} m",
                repair="Move start and targets into the reach of the arm.",
            )
        elbow = xp.arccos(bent)
        shoulder = xp.arctan2(y, x) - xp.arctan2(l2 * xp.sin(elbow), l1 + l2 * xp.cos(elbow))
        angles = _pair(shoulder, elbow)
        return _joined(angles, 0 * angles)

    def command_for(self, state: Numbers, acceleration: Numbers) -> Numbers:
        """Return the torques, by inverse dynamics; the arm must not be stretched out."""
        j11, j12, j21, j22 = self._jacobian(state)
        shoulder, fore = state[..., 2] ** 2, (state[..., 2] + state[..., 3]) ** 2
        # the derivative of the Jacobian times the joint velocities: both links turn at their absolute speeds
        bias_x = -(j21 - j22) * shoulder - j22 * fore
        bias_y = (j11 - j12) * shoulder + j12 * fore
        ax, ay = acceleration[..., 0] - bias_x, acceleration[..., 1] - bias_y
        determinant = j11 * j22 - j12 * j21
        q1, q2 = (j22 * ax - j12 * ay) / determinant, (j11 * ay - j21 * ax) / determinant
        m11, m12, m22 = self._inertia(state)
        return _pair(m11 * q1 + m12 * q2, m12 * q1 + m22 * q2) + self._forces(state)

    def energy(self, state: Numbers) -> Numbers:
        """Return the kinetic energy; the plane is horizontal."""
        m11, m12, m22 = self._inertia(state)
        v1, v2 = state[..., 2], state[..., 3]
        return 0.5 * (m11 * v1**2 + 2 * m12 * v1 * v2 + m22 * v2**2)


#: Effectors by name, for command lines.
EFFECTORS: Mapping[str, type[PointMass] | type[TwoLinkArm]] = {"point_mass": PointMass, "two_link_arm": TwoLinkArm}


def _arrays(numbers: Numbers) -> Any:
    """Return the library that an array is of: NumPy, or torch if it is a tensor."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(numbers, torch.Tensor) else np


def _pair(first: Numbers, second: Numbers) -> Numbers:
    return _arrays(first).stack([first, second], -1)


def _joined(first: Numbers, second: Numbers) -> Numbers:
    return _arrays(first).concatenate([first, second], -1)
