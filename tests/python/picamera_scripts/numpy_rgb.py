import time
import picamera
import picamera.array
import numpy as np

with picamera.PiCamera() as camera:
    with picamera.array.PiRGBArray(camera) as stream:
        camera.resolution = (100, 100)
        camera.start_preview()
        time.sleep(0.1)
        camera.capture(stream, 'rgb')
        # Show size of RGB data
        print(stream.array.shape)
        np.save('rgb.npy', stream.array)
    with picamera.array.PiYUVArray(camera) as stream:
        camera.capture(stream, 'yuv')
        print(stream.array.shape)
        print(stream.rgb_array.shape)
        np.save('yuv_as_rgb.npy', stream.rgb_array)
