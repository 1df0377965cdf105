# the face detection tutorials: a frame at a time for OpenCV
from picamera.array import PiRGBArray
from picamera import PiCamera
import time
import numpy as np

camera = PiCamera()
camera.resolution = (640, 480)
camera.framerate = 32
rawCapture = PiRGBArray(camera, size=(640, 480))

time.sleep(0.1)

seen = []
for frame in camera.capture_continuous(rawCapture, format="bgr", use_video_port=True):
    image = frame.array
    seen.append(image.copy())
    rawCapture.truncate(0)
    if len(seen) == 3:
        break
camera.close()
np.save('bgr.npy', np.stack(seen))
