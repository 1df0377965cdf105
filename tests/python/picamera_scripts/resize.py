import time
import picamera

with picamera.PiCamera() as camera:
    camera.resolution = (1024, 768)
    camera.start_preview()
    time.sleep(0.1)
    camera.capture('small.jpg', resize=(320, 240))
    camera.capture('small.png', resize=(160, 120))
    camera.capture('small.bmp', 'bmp', resize=(160, 120))
    camera.capture('best.jpg', quality=95)
    camera.capture('worst.jpg', quality=10)
