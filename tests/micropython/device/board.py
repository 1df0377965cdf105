# Runs an example as a board does that is no modem: no checkNet, a camera with the class `Camera`. Only names of hosts are
# looked up as on a PC, so that a cloud's leads to the local one. Runs inside MicroPython.
import sys

del sys.path[0]  # this folder, where another `quecpython` is
import quecpython.usocket

sys.modules["usocket"] = quecpython.usocket


class Eye:
    class PixelFormat:
        JPEG = 3

    class FrameSize:
        VGA = 6

    class Camera:
        def __init__(self, pixel_format, frame_size, jpeg_quality):
            assert (pixel_format, frame_size) == (3, 6)

        def capture(self):
            with open("photo.jpg", "rb") as file:
                return memoryview(file.read())

        def free_buffer(self):
            pass


sys.modules["camera"] = Eye
with open(sys.argv[1]) as example:
    exec(example.read(), {"__name__": "__main__"})  # noqa: S102
