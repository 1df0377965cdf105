import io
import time
import picamera

my_stream = io.BytesIO()
with picamera.PiCamera() as camera:
    camera.start_preview()
    time.sleep(0.1)
    camera.capture(my_stream, 'jpeg')
my_file = open('my_image.jpg', 'wb')
camera = picamera.PiCamera()
camera.capture(my_file)
my_file.close()
camera.close()
open('stream.jpg', 'wb').write(my_stream.getvalue())
