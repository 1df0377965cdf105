import time
import picamera

with picamera.PiCamera() as camera:
    camera.resolution = '640x480'
    camera.framerate = 30
    camera.start_preview()
    time.sleep(0.1)
    start = time.time()
    camera.capture_sequence(('burst%d.jpg' % i for i in range(6)), use_video_port=True)
    finish = time.time()
print('Captured 6 frames at %.2ffps' % (6 / (finish - start)))
