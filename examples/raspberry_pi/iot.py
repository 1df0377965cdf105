"""A camera that takes a photo when the cloud asks for one: the tutorial's `iot.py` in a few lines.

    python iot.py PRODUCT_KEY DEVICE_NAME --source auto

The device secret is read from the environment variable FACEIOT_DEVICE_SECRET, never from the command line,
where every user of the computer could read it. Without further options the device connects to Alibaba Cloud
by TLS; with `--host`, `--port` and `--ca` (or `--plain`) to any other broker, such as the local cloud of
`faceiot up`.
"""

import argparse
import os

import faceiot


def main():
    parser = argparse.ArgumentParser(description="Takes a photo when the cloud asks for one.")
    parser.add_argument("product_key")
    parser.add_argument("device_name")
    parser.add_argument(
        "--source", default="auto", help="the camera: rpicam:, v4l2:/dev/video0, dir:photos (default: auto)"
    )
    parser.add_argument("--host", help="name of the broker, when it is not Alibaba's")
    parser.add_argument("--port", type=int)
    parser.add_argument("--ca", help="file with the certificate authority of the broker")
    parser.add_argument("--plain", action="store_true", help="no TLS: only on this computer")
    parser.add_argument("--photos", type=int, help="end after so many photos (default: never)")
    options = parser.parse_args()

    with (
        faceiot.Camera(options.source) as camera,
        faceiot.Device.aliyun(
            options.product_key,
            options.device_name,
            os.environ["FACEIOT_DEVICE_SECRET"],
            host=options.host,
            port=options.port,
            tls=False if options.plain else options.ca or True,
        ) as device,
    ):
        print(f"{device.id} is connected and waits for commands; Ctrl-C ends it", flush=True)
        for taken, command in enumerate(device, start=1):
            photo = camera.capture()
            receipt = device.send(photo)
            command.reply({"bytes": len(photo.jpeg), "width": photo.width, "height": photo.height})
            receipt.wait(timeout=120)
            print(f"{command.name}: sent {photo}", flush=True)
            if taken == options.photos:
                break


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
