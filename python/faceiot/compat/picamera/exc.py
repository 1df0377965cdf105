"""The exceptions and warnings of picamera 1.13, under its names."""

from __future__ import annotations


class PiCameraWarning(Warning):
    """What every warning here is."""


class PiCameraDeprecated(PiCameraWarning, DeprecationWarning):
    """The script uses something that picamera had given up."""


class PiCameraFallback(PiCameraWarning, RuntimeWarning):
    """A setting is kept and has no effect with this camera."""


class PiCameraResizerEncoding(PiCameraWarning, RuntimeWarning):
    """Never given here."""


class PiCameraAlphaStripping(PiCameraWarning, RuntimeWarning):
    """Never given here."""


class PiCameraResolutionRounded(PiCameraWarning, RuntimeWarning):
    """Never given here: any size is cut and scaled exactly."""


class PiCameraError(Exception):
    """What every error here is."""


class PiCameraRuntimeError(PiCameraError, RuntimeError):
    """A call that makes no sense now, or that the camera could not fulfil."""


class PiCameraClosed(PiCameraRuntimeError):
    """The camera was closed."""


class PiCameraNotRecording(PiCameraRuntimeError):
    """Nothing is being recorded."""


class PiCameraAlreadyRecording(PiCameraRuntimeError):
    """A recording runs on that port."""


class PiCameraValueError(PiCameraError, ValueError):
    """A value that picamera refuses."""


class PiCameraIOError(PiCameraError, OSError):
    """The output does not take the picture."""


class PiCameraMMALError(PiCameraError):
    """The camera failed; `status` is 1 (out of resources) for every failure here."""

    def __init__(self, status: int, prefix: str = "") -> None:
        self.status = status
        super().__init__(prefix or f"camera error {status}")


class PiCameraPortDisabled(PiCameraMMALError):
    """Never given here."""
