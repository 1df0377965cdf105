"""The examples run as they are, against the local cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import faceiot
from support import interrupt, running

DEVICE = "aliyun:a1B2c3D4e5F:camera"


def start(repository, cloud, folder, *more):
    secret = cloud.add_device(DEVICE).secret
    arguments = [sys.executable, "-W", "error", str(repository / "examples" / "raspberry_pi" / "iot.py")]
    arguments += ["a1B2c3D4e5F", "camera", "--source", f"dir:{folder}", *more]
    return running(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "FACEIOT_DEVICE_SECRET": secret},
    )


def test_the_raspberry_pi_sends_a_photo_for_each_command(repository, cloud, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    frames = [faceiot.Frame.open(f"testcard:{size}") for size in ("320x240", "640x480")]
    for number, frame in enumerate(frames):
        frame.save(photos / f"{number}.jpg")
    tls = [
        "--host",
        "localhost",
        "--port",
        str(cloud.mqtts_port),
        "--ca",
        str(cloud.ca_file),
        "--photos",
        "2",
    ]
    with start(repository, cloud, photos, *tls) as example:
        assert DEVICE in example.stdout.readline()
        last = None
        for frame in frames:
            reply = cloud.command(DEVICE, "take_photo", {}, form="service", timeout=20)
            assert reply.data == {"bytes": len(frame.jpeg), "width": frame.width, "height": frame.height}
            last = cloud.wait_photo(DEVICE, after=last, timeout=20)
            assert last.jpeg == frame.jpeg
        output, errors = example.communicate(timeout=20)
        assert example.returncode == 0, errors
        assert output.count("take_photo: sent") == 2


def test_the_steps_of_the_examples_readme_work(repository, faceiot_bin, tmp_path):
    """`faceiot up`, `device add`, the script, `command`: as its README.md says, on free ports."""
    readme = (repository / "examples" / "raspberry_pi" / "README.md").read_text("utf-8")
    for step in ("faceiot up", f"faceiot device add {DEVICE}", f"faceiot command {DEVICE} take_photo"):
        assert step in readme

    def faceiot_json(*arguments):
        command = [faceiot_bin, *arguments, "--data", str(tmp_path / "data"), "--json"]
        return json.loads(
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
        )

    ports = [word for name in ("mqtt", "mqtts", "http") for word in (f"--{name}", "127.0.0.1:0")]
    up = [faceiot_bin, "up", "--data", str(tmp_path / "data"), "--json", *ports]
    with running(up, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as cloud:
        port = json.loads(cloud.stdout.readline())["mqtt"].rpartition(":")[2]
        secret = faceiot_json("device", "add", DEVICE)["secret"]
        script = [sys.executable, str(repository / "examples" / "raspberry_pi" / "iot.py")]
        script += ["a1B2c3D4e5F", "camera", "--host", "127.0.0.1", "--port", port, "--plain"]
        script += ["--source", "testcard:640x480", "--photos", "1"]
        environment = {**os.environ, "FACEIOT_DEVICE_SECRET": secret}
        with running(script, stdout=subprocess.PIPE, env=environment) as example:
            assert DEVICE in example.stdout.readline()
            answer = faceiot_json("command", DEVICE, "take_photo")
            assert answer["data"]["width"] == 640
            assert "take_photo: sent" in example.stdout.readline()
            assert example.wait(20) == 0
        interrupt(cloud)
        assert cloud.wait(20) == 130


def test_the_raspberry_pi_ends_with_ctrl_c(repository, cloud, tmp_path):
    faceiot.Frame.open("testcard:320x240").save(tmp_path / "a.jpg")
    plain = ["--host", "127.0.0.1", "--port", str(cloud.mqtt_port), "--plain"]
    with start(repository, cloud, tmp_path, *plain) as example:
        assert DEVICE in example.stdout.readline()
        interrupt(example)
        assert example.communicate(timeout=20) == ("bye\n", "")
        assert example.returncode == 0
