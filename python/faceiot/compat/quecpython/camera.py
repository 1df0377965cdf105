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
        try:
            if FrameSource is not None and (not source or ":" in source):
                self._frames = FrameSource(source or "testcard:640x480")
            elif not source:
                raise ValueError("set FACEIOT_CAMERA to a JPEG file")
            else:
                open(source, "rb").close()
        except Exception as e:
            print("no camera `%s`: %s" % (source, e))
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
        result = settings.camera_result
        try:
            self._write(path)
        except Exception as e:  # in a thread of its own nobody else would see it, and the script would wait for ever
            print("no photo:", e)
            result = result or 1
        if self._callback is not None:
            self._callback([result, path if settings.camera_tells_path else name])

    def _write(self, path):
        if self._frames is not None:
            jpeg = next(self._frames).jpeg
            with open(path, "wb") as file:
                file.write(jpeg)
            return
        with open(settings.camera, "rb") as scene:
            with open(path, "wb") as file:
                while file.write(scene.read(256)):
                    pass

    def close(self):
        self._open = False
        return 0
