import datetime as dt
from picamera import PiCamera, Color

camera = PiCamera(resolution=(640, 480), framerate=24)
camera.start_preview()
camera.capture('plain.png')
camera.annotate_background = Color('black')
camera.annotate_text_size = 50
camera.annotate_text = dt.datetime.now().strftime('%Y-%m-%d %H:%M:%S')
camera.capture('text.png')
camera.annotate_text = ''
camera.stop_preview()
camera.close()
