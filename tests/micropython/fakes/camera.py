# QuecPython's camera: start() returns at once, the file comes later, the callback says so. The name gets `.jpeg`.
import _thread
import time


class camCapture:
    photo = None  # path of the file that it "takes"
    folder = "./"
    result = 0

    def __init__(self, model, width, height, preview, lcd_width, lcd_height):
        pass

    def open(self):
        return 0

    def callback(self, callback):
        self._callback = callback

    def start(self, width, height, name):
        _thread.start_new_thread(self._take, (name,))
        return 0

    def _take(self, name):
        time.sleep(0.1)
        with open(self.photo, "rb") as scene, open(self.folder + name + ".jpeg", "wb") as file:
            while file.write(scene.read(256)):
                pass
        self._callback([self.result, name])

    def close(self):
        pass
