# camera: start() returns at once, a JPEG file comes later, the callback says so. FACEIOT_CAMERA is what it sees.
import _thread

from . import settings, utime

try:
    from faceiot import FrameSource  # the wheel: a test card, a folder of photos
except ImportError:
    FrameSource = None  # type: ignore[assignment,misc]


class camCapture:
    def __init__(self, model, cam_w, cam_h, perview_level, lcd_w, lcd_h):
        self._callback = None
        self._frames = None
        self._open = False

    def open(self):
        source = settings.camera
        if FrameSource is not None and (not source or ":" in source):
            self._frames = FrameSource(source or "testcard:640x480")
        elif not source:
            print("no camera: set FACEIOT_CAMERA to a JPEG file")
            return -1
        self._open = True
        return 0

    def callback(self, callback):
        self._callback = callback
        return 0

    def start(self, width, height, name):
        if not self._open:
            return -1
        _thread.start_new_thread(self._take, (name,))
        return 0

    def _take(self, name):
        utime.sleep_ms(100)
        path = settings.files + "/" + name + ".jpeg"
        with open(path, "wb") as file:
            if self._frames is not None:
                file.write(next(self._frames).jpeg)
            else:
                with open(settings.camera, "rb") as scene:
                    while file.write(scene.read(256)):
                        pass
        if self._callback is not None:
            self._callback([settings.camera_result, path if settings.camera_tells_path else name])

    def close(self):
        self._open = False
        return 0
