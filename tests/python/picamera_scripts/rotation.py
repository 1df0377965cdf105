import picamera

camera = picamera.PiCamera()
camera.resolution = (320, 240)
camera.capture('up.png')
camera.rotation = 180
camera.capture('down.png')
camera.rotation = 0
camera.hflip = True
camera.vflip = True
camera.capture('flipped.png')
camera.hflip = camera.vflip = False
camera.rotation = 90
camera.capture('side.png')
camera.rotation = 0
camera.zoom = (0.25, 0.25, 0.5, 0.5)
camera.capture('zoom.png')
camera.close()
