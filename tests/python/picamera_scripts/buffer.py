import time
import picamera
import numpy as np

with picamera.PiCamera() as camera:
    camera.resolution = (100, 100)
    camera.framerate = 24
    time.sleep(0.1)
    output = np.empty((112, 128, 3), dtype=np.uint8)
    camera.capture(output, 'rgb')
    output = output[:100, :100, :]
    np.save('buffer.npy', output)
