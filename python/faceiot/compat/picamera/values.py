"""The values that picamera 1.13 takes, checked as it checks them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from .exc import PiCameraValueError

METER_MODES = ("average", "spot", "backlit", "matrix")
EXPOSURE_MODES = (
    "off", "auto", "night", "nightpreview", "backlight", "spotlight", "sports", "snow", "beach", "verylong",
    "fixedfps", "antishake", "fireworks",
)  # fmt: skip
FLASH_MODES = ("off", "auto", "on", "redeye", "fillin", "torch")
AWB_MODES = (
    "off", "auto", "sunlight", "cloudy", "shade", "tungsten", "fluorescent", "incandescent", "flash",
    "horizon",
)  # fmt: skip
IMAGE_EFFECTS = (
    "none", "negative", "solarize", "sketch", "denoise", "emboss", "oilpaint", "hatch", "gpen", "pastel",
    "watercolor", "film", "blur", "saturation", "colorswap", "washedout", "posterise", "colorpoint",
    "colorbalance", "cartoon", "deinterlace1", "deinterlace2",
)  # fmt: skip
DRC_STRENGTHS = ("off", "low", "medium", "high")
RAW_FORMATS = ("yuv", "rgb", "rgba", "bgr", "bgra")
CLOCK_MODES = ("reset", "raw")
STEREO_MODES = ("none", "side-by-side", "top-bottom")

_NAMED_SIZES = {
    "VGA": (640, 480), "SVGA": (800, 600), "XGA": (1024, 768), "SXGA": (1280, 1024), "SXGA+": (1400, 1050),
    "UXGA": (1600, 1200), "QXGA": (2048, 1536), "CGA": (320, 200), "QVGA": (320, 240), "HVGA": (480, 320),
    "WVGA": (768, 480), "WSVGA": (1024, 600), "WXGA": (1280, 800), "WSXGA+": (1680, 1050),
    "WUXGA": (1920, 1200),
    "HD": (1280, 720), "720P": (1280, 720), "FHD": (1920, 1080), "1080P": (1920, 1080), "1080I": (1920, 1080),
}  # fmt: skip


class PiResolution(NamedTuple):
    """Width and height in pixels; prints as `640x480`."""

    width: int
    height: int

    def pad(self, width: int = 32, height: int = 16) -> PiResolution:
        """Rounded up to multiples, as raw pictures are padded."""
        return PiResolution(-(-self.width // width) * width, -(-self.height // height) * height)

    def transpose(self) -> PiResolution:
        """Width and height exchanged."""
        return PiResolution(self.height, self.width)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class PiFramerateRange(NamedTuple):
    """The slowest and the fastest frame rate."""

    low: Fraction
    high: Fraction


MAX_RESOLUTION = PiResolution(2592, 1944)
MAX_FRAMERATE = 90


def resolution(value: Any, most: PiResolution | None = MAX_RESOLUTION) -> PiResolution:
    """A pair, `"640x480"`, or a name such as `"VGA"` or `"1080p"`; not above `most` in either direction."""
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    if isinstance(value, str):
        text = value.strip().upper()
        try:
            width, height = _NAMED_SIZES.get(text) or (int(part) for part in text.split("X"))
        except ValueError:
            raise PiCameraValueError(f"Invalid camera resolution: {value}") from None
    else:
        try:
            width, height = (whole("resolution", part) for part in value)
        except (TypeError, ValueError):
            raise PiCameraValueError(f"Invalid resolution (width, height) tuple: {value!r}") from None
    if width < 1 or height < 1 or (most is not None and (width > most.width or height > most.height)):
        raise PiCameraValueError(f"Invalid resolution requested: {(width, height)!r}")
    return PiResolution(width, height)


def framerate(value: Any, what: str = "framerate") -> Fraction:
    """Frames in a second: more than 0, at most 90, as with the version 1 sensor."""
    rate = fraction(what, value)
    if not 0 < rate <= MAX_FRAMERATE:
        raise PiCameraValueError(f"Invalid {what}: {float(rate):.2f}fps")
    return rate


def fraction(name: str, value: Any) -> Fraction:
    """A number, or a pair of numerator and denominator."""
    try:
        exact = Fraction(*value) if isinstance(value, tuple) else Fraction(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):  # also inf and nan
        raise PiCameraValueError(f"Invalid {name}: {value!r}") from None
    return exact.limit_denominator(65_536)


def whole(name: str, value: Any) -> int:
    """A whole number; 50.0 is one, 50.5 is none."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):  # also inf and nan
        raise PiCameraValueError(f"Invalid {name} value: {value!r}") from None
    if not isinstance(value, (str, bytes)) and number != value:
        raise PiCameraValueError(f"Invalid {name} value: {value!r} is no whole number")
    return number


def within(name: str, value: Any, low: float, high: float) -> Any:
    """A number from `low` to `high`, both included."""
    try:
        inside = low <= value <= high
    except TypeError:
        inside = False
    if not inside:
        raise PiCameraValueError(f"Invalid {name} value: {value} (valid range {low}..{high})")
    return value


def one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    """One of picamera's words."""
    if value not in known:
        raise PiCameraValueError(f"Invalid {name}: {value} (one of {', '.join(known)})")
    return str(value)


class Color(NamedTuple):
    """A colour, each part from 0 to 1: `Color("black")`, `Color("#f80")`, `Color(1.0, 0.5, 0.0)`."""

    r: float
    g: float
    b: float

    def __str__(self) -> str:
        return "#" + "".join(f"{round(part * 255):02x}" for part in self)


_NAMED_COLORS = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff",
    "maroon": "800000", "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff", "magenta": "ff00ff",
    "green": "008000", "lime": "00ff00", "olive": "808000", "yellow": "ffff00", "navy": "000080",
    "blue": "0000ff", "teal": "008080", "aqua": "00ffff", "cyan": "00ffff", "orange": "ffa500",
}  # fmt: skip


def color(value: Any) -> Color:
    """A `Color`, the name of one (HTML's basic names and orange), or `#rgb`, `#rrggbb`."""
    if isinstance(value, Color):
        return value
    if isinstance(value, str):
        digits = _NAMED_COLORS.get(value.lower(), value.removeprefix("#"))
        if len(digits) == 3:
            digits = "".join(2 * digit for digit in digits)
        try:
            red, green, blue = bytes.fromhex(digits)
        except ValueError:
            pass
        else:
            return Color(red / 255, green / 255, blue / 255)
    raise PiCameraValueError(f"Invalid color: {value!r}")
