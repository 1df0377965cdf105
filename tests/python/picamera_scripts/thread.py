import io
import threading
import picamera

class Camera(object):
    """ The streaming tutorials' camera: a thread that keeps the newest frame. """
    def __init__(self):
        self.frame = None
        self.count = 0
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._thread)
        self.thread.start()

    def _thread(self):
        with picamera.PiCamera() as camera:
            camera.resolution = (320, 240)
            camera.hflip = True
            camera.vflip = True
            camera.start_preview()
            stream = io.BytesIO()
            for foo in camera.capture_continuous(stream, 'jpeg', use_video_port=True):
                stream.seek(0)
                self.frame = stream.read()
                stream.seek(0)
                stream.truncate()
                self.count += 1
                if self.count == 5:
                    self.ready.set()
                    break

camera = Camera()
camera.ready.wait(30)
camera.thread.join(30)
open('thread.jpg', 'wb').write(camera.frame)
print(camera.count)
