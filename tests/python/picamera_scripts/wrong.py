import picamera

camera = picamera.PiCamera()

def refused(name, value):
    try:
        setattr(camera, name, value)
    except picamera.PiCameraValueError as e:
        print(name, 'refused')
    else:
        print(name, 'taken')

refused('brightness', 101)
refused('contrast', -101)
refused('rotation', 45)
refused('iso', 3200)
refused('awb_mode', 'moonlight')
refused('exposure_mode', 'perfect')
refused('resolution', (0, 0))
refused('framerate', 0)
refused('zoom', (0, 0, 2, 1))
refused('annotate_text', 'x' * 256)
refused('brightness', 70)
refused('awb_mode', 'sunlight')
try:
    camera.capture('picture.doc')
except picamera.PiCameraValueError:
    print('capture refused')
camera.close()
try:
    camera.capture('late.jpg')
except picamera.PiCameraClosed:
    print('closed')
