import picamera
from picamera.array import PiRGBAnalysis

class Brightness(PiRGBAnalysis):
    frames = 0
    def analyze(self, a):
        Brightness.frames += 1
        assert a.shape == (240, 320, 3)

with picamera.PiCamera() as camera:
    camera.resolution = (320, 240)
    camera.start_recording('film.mjpeg')
    camera.wait_recording(0.5)
    camera.stop_recording()
    with Brightness(camera) as output:
        camera.start_recording(output, format='rgb')
        camera.wait_recording(0.5)
        camera.stop_recording()
    try:
        camera.start_recording('film.h264')
    except picamera.PiCameraRuntimeError as e:
        print(e)
print(Brightness.frames > 1)
