# The cameras of MicroPython firmwares behind one call: `with open_camera() as camera: device.send_photo(camera.capture())`.
#
# capture() gives what the firmware gives, without a copy: bytes, a memoryview of the frame buffer (valid until the next
# capture or release()), or the path of a file.

from .errors import FaceIotError, TimedOutError
from .port import sleep_ms, ticks_diff, ticks_ms


def open_camera(width=640, height=480, quality=85, **options):
    """The camera that this firmware has: QuecPython's `camCapture`, the class `Camera` (cnadler86), or the module
    functions of the older ESP32-CAM firmwares (lemariva, shariltumin)."""
    try:
        import camera
    except ImportError:
        raise FaceIotError("this firmware has no `camera` module", 301)
    if hasattr(camera, "camCapture"):
        return QuecPython(camera, width, height, **options)
    if hasattr(camera, "Camera"):
        return FrameBuffer(camera, width, quality)
    return Functions(camera, width, quality)


class _Camera:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class QuecPython(_Camera):
    """`camera.camCapture` of EC200U, EC600x, EC800x. It writes a JPEG file and says so later: capture() waits for it.

    `model` 0 is GC032A (640x480), 1 is BF3901 (320x240).
    """

    def __init__(self, module, width, height, model=0, timeout=10, folder="/usr/"):
        self._size = (width, height)
        self._timeout = timeout
        self._folder = folder
        self._done = None
        self._camera = module.camCapture(model, width, height, 0, 0, 0)  # 0: no preview, so no display is needed
        if self._camera.open() != 0:
            raise FaceIotError("the camera does not open", 300)
        self._camera.callback(self._taken)

    def _taken(self, result):
        self._done = result

    def capture(self, name="faceiot"):
        """Path of the new photo; the file of the photo before is overwritten."""
        self._done = None
        if self._camera.start(self._size[0], self._size[1], name) != 0:
            raise FaceIotError("the camera does not start", 300)
        start = ticks_ms()
        while self._done is None:
            if ticks_diff(ticks_ms(), start) > self._timeout * 1000:
                raise TimedOutError("no photo within %d s" % self._timeout)
            sleep_ms(20)
        if self._done[0] != 0:
            raise FaceIotError("the camera failed (%s)" % self._done[0], 300)
        return self._find(self._done[1] if len(self._done) > 1 else name)

    def _find(self, name):
        # The documents say that `.jpeg` is added; fielded code opens `.jpg`; the callback may give either or the path.
        for path in (name, self._folder + name, self._folder + name + ".jpeg", self._folder + name + ".jpg"):
            try:
                open(path, "rb").close()
                return path
            except OSError:
                pass
        raise FaceIotError("the photo `%s` is not under %s" % (name, self._folder), 300)

    def release(self):
        pass

    def close(self):
        self._camera.close()


class FrameBuffer(_Camera):
    """Class `Camera` of cnadler86/micropython-camera-API: a memoryview of the driver's buffer."""

    # Its FrameSize names by width
    _NAMES = ((160, "QQVGA"), (320, "QVGA"), (640, "VGA"), (800, "SVGA"), (1024, "XGA"), (1280, "SXGA"), (1600, "UXGA"))

    def __init__(self, module, width, quality):
        size = [name for limit, name in self._NAMES if limit >= width][:1] or ["UXGA"]
        self._camera = module.Camera(
            pixel_format=module.PixelFormat.JPEG,
            frame_size=getattr(module.FrameSize, size[0]),
            jpeg_quality=quality,
        )

    def capture(self):
        self.release()  # the frame before: the driver may have one buffer only
        frame = self._camera.capture()
        if not frame:
            raise FaceIotError("the camera gave no frame", 300)
        return frame

    def release(self):
        """Gives the frame buffer back to the driver. Call it when the photo has been sent."""
        self._camera.free_buffer()

    def close(self):
        self._camera.deinit()


class Functions(_Camera):
    """Module functions: `camera.init(0)`, `camera.capture()` -> bytes, `camera.deinit()`."""

    def __init__(self, module, width, quality):
        self._camera = module
        try:
            started = module.init(0, format=module.JPEG)
        except (TypeError, AttributeError):  # builds whose init takes nothing else
            started = module.init(0)
        if started is False:
            raise FaceIotError("the camera does not open", 300)
        # Here the quality is the sensor's: 10 (best) to 63.
        if hasattr(module, "quality"):
            module.quality(max(10, min(63, 63 - quality * 53 // 100)))
        if hasattr(module, "framesize"):
            name = "FRAME_VGA" if width > 320 else "FRAME_QVGA"
            if hasattr(module, name):
                module.framesize(getattr(module, name))

    def capture(self):
        frame = self._camera.capture()
        if not frame:
            raise FaceIotError("the camera gave no frame", 300)
        return frame

    def release(self):
        pass

    def close(self):
        self._camera.deinit()
