import time
import picamera

with picamera.PiCamera() as camera:
    camera.start_preview()
    try:
        for i, filename in enumerate(
                camera.capture_continuous('image{counter:02d}.jpg')):
            print(filename)
            time.sleep(0.05)
            if i == 4:
                break
    finally:
        camera.stop_preview()
