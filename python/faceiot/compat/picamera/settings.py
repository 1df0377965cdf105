"""The properties of `PiCamera`: checked as picamera does, kept, passed on where the camera can follow."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from . import values
from .exc import PiCameraFallback, PiCameraValueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

_warned: set[str] = set()


def without_effect(name: str, depth: int = 3) -> None:
    """Says once in a process that a setting changes nothing; `depth` calls above is who set it."""
    if name not in _warned:
        _warned.add(name)
        message = f"`{name}` is kept, but this camera cannot follow it"
        warnings.warn(PiCameraFallback(message), stacklevel=depth)


class Setting:
    """One property: a default, a check, and whether anything follows it.

    `control` is the name of a camera's control (V4L2's names), which takes the value on its own scale:
    `scale` here is its minimum to maximum there. Without a control, and not `followed`, a change warns once.
    """

    def __init__(
        self,
        default: Any,
        check: Callable[[str, Any], Any] | None = None,
        *,
        followed: bool = False,
        control: str | None = None,
        scale: tuple[float, float] | None = None,
    ) -> None:
        self._default = default
        self._check = check
        self._followed = followed
        self._control = control
        self._scale = scale

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, camera: Any, owner: type | None = None) -> Any:
        if camera is None:
            return self
        camera._check_camera_open()
        return camera._settings.get(self._name, self._default)

    def __set__(self, camera: Any, value: Any) -> None:
        camera._check_camera_open()
        if self._check is not None:
            value = self._check(self._name, value)
        before = camera._settings.get(self._name, self._default)
        followed = self._followed or value == before or self._pass_on(camera, value)
        camera._settings[self._name] = value
        if not followed:
            without_effect(self._name)

    def _pass_on(self, camera: Any, value: Any) -> bool:
        if self._control is None or self._scale is None:
            return False
        low, high = self._scale
        return bool(camera._set_control(self._control, (value - low) / (high - low)))


def ranged(low: float, high: float) -> Callable[[str, Any], Any]:
    """A check: a whole number within these, both included."""
    return lambda name, value: values.within(name, values.whole(name, value), low, high)


def among(known: tuple[str, ...]) -> Callable[[str, Any], Any]:
    """A check: one of these words."""
    return lambda name, value: values.one_of(name, value, known)


def boolean(_name: str, value: Any) -> bool:
    """Anything, as true or false."""
    return bool(value)


def rotation(_name: str, value: Any) -> int:
    """A multiple of 90 degrees, whole turns taken off."""
    degrees = values.whole("rotation", value) % 360
    if degrees not in (0, 90, 180, 270):
        raise PiCameraValueError(f"Invalid rotation angle: {value}")
    return degrees


def zoom(_name: str, value: Any) -> tuple[float, float, float, float]:
    """`(x, y, w, h)` as parts of the picture; it has to leave something of it."""
    try:
        x, y, width, height = (float(part) for part in value)
    except (TypeError, ValueError):
        raise PiCameraValueError(f"Invalid zoom rectangle (x, y, w, h) tuple: {value!r}") from None
    inside = all(0 <= part <= 1 for part in (x, y, width, height))
    if not inside or min(width, height, 1 - x, 1 - y) <= 0:
        raise PiCameraValueError(f"Invalid zoom rectangle (x, y, w, h) tuple: {value!r}")
    return x, y, width, height


def gains(_name: str, value: Any) -> tuple[Fraction, Fraction]:
    """One gain, or one for red and one for blue; each 0 to 8."""
    try:
        red, blue = value if isinstance(value, (tuple, list)) else (value, value)
        pair = values.fraction("gain", red), values.fraction("gain", blue)
    except (TypeError, ValueError):
        raise PiCameraValueError(f"Invalid gain(s) value: {value!r}") from None
    if not all(0 <= gain <= 8 for gain in pair):
        raise PiCameraValueError(f"Invalid gain(s) in ({float(pair[0])}, {float(pair[1])}): each is 0 to 8")
    return pair


def effects(_name: str, value: Any) -> tuple[int, int] | None:
    """None, or `(u, v)`, each 0 to 255."""
    if value is None:
        return None
    try:
        u, v = (values.whole("color effect", part) for part in value)
    except (TypeError, ValueError):
        raise PiCameraValueError(f"Invalid color effect (u, v) tuple: {value!r}") from None
    if not (0 <= u <= 255 and 0 <= v <= 255):
        raise PiCameraValueError(f"({u}, {v}) are invalid: u and v are 0 to 255")
    return u, v


def text(_name: str, value: Any) -> str:
    """What is written over the picture: ASCII, at most 255 characters."""
    words = str(value)
    if len(words) > 255 or not words.isascii():
        raise PiCameraValueError("annotation text is ASCII and at most 255 characters long")
    return words


def background(_name: str, value: Any) -> values.Color | None:
    """None or a colour; True and False are what old scripts say for black and none."""
    if value is None or value is False:
        return None
    return values.color("black" if value is True else value)


def foreground(_name: str, value: Any) -> values.Color:
    """A colour."""
    return values.color(value)


def iso(_name: str, value: Any) -> int:
    """0 (automatic) to 1600."""
    return int(values.within("iso", values.whole("iso", value), 0, 1600))
