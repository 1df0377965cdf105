from time import sleep
from picamera import PiCamera

camera = PiCamera(resolution=(320, 240), framerate=30)
sleep(0.1)
for filename in camera.capture_continuous('{timestamp:%H%M%S}-{counter:03d}.jpg'):
    print('Captured %s' % filename)
    sleep(0.1)
    if '-003' in filename:
        break
camera.close()
