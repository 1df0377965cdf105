"""`faceiot run`: the tutorial's scripts as they are, with the local cloud where they expect their cloud."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud import FACEIOT, LocalCloud, environment, until

from conftest import COMPAT, PORT, ROOT, tool
from conftest import DEVICE as DEVICE_SCRIPTS

SEED = ROOT / "tests" / "seeds" / "002_25ebcd3f55505fc5.txt"
DEVICE = "huawei:5fbbb784b4ec2202e982e643_868540050954037"
HOST = "a15fbbd7ce.iot-mqtts.cn-north-4.myhuaweicloud.com"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path) as cloud:
        cloud.add(DEVICE, "ac4263b86eaf6442997a")
        yield cloud


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """The script of seed 002, cut out of its tutorial and otherwise untouched."""
    text = SEED.read_bytes()
    script = text[text.index(b"import checkNet") : text.index("接下来就可以下载验证了".encode())]
    assert hashlib.sha256(script).hexdigest() == "7db6bfcd4d7983005feeb412800f8476fd51153f6a34513b2a30b670baf534a4"
    path = tmp_path / "seed.py"
    path.write_bytes(script)
    return path


def run(*words: str | Path, data: Path | None = None, cwd: Path, **more: str) -> subprocess.Popen[str]:
    options = ["--data", str(data)] if data else []
    return subprocess.Popen(
        [FACEIOT, "run", *options, *words],
        cwd=cwd,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], timeout: float = 30) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return process.returncode, out, err


@pytest.mark.parametrize("interpreter", ["CPython", "MicroPython"])
def test_seed_002_unchanged_reports_to_the_local_cloud_and_answers_its_command(
    cloud: LocalCloud, seed: Path, interpreter: str, tmp_path: Path
) -> None:
    options = [f"--micropython={tool('micropython')}"] if interpreter == "MicroPython" else []
    script = run(*options, seed, data=cloud.data, cwd=tmp_path)
    try:
        until("its report", lambda: cloud.properties(DEVICE) == {"WaterMeterControl.state": "T:15c,  H: 85% "})
        assert cloud.ask(DEVICE, "close", {"valve": 1})["code"] == 0
        code, out, err = ended(script)
    finally:
        script.kill()
    assert code == 0, err
    assert out.startswith("Waiting command\nSubscribe Recv: Topic=$oc/devices/")
    assert '"valve":1' in out
    until("its end", lambda: not cloud.online(DEVICE))


def test_the_short_example_does_the_same_in_micropython(cloud: LocalCloud, tmp_path: Path) -> None:
    example = ROOT / "examples" / "quecpython" / "huawei.py"
    micropython = f"--micropython={tool('micropython')}"
    script = run(micropython, example, data=cloud.data, cwd=tmp_path, MICROPYPATH=f"{PORT}:.frozen")
    try:
        until("its report", lambda: cloud.properties(DEVICE) == {"WaterMeterControl.state": "T:15c,  H: 85% "})
        answer = cloud.ask(DEVICE, "close", {"valve": 1})
    finally:
        script.kill()  # it serves for ever
        script.communicate()
    assert (answer["code"], answer["data"]) == (0, {"done": True})


def test_the_aliyun_example_reports(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.add("aliyun:a1b2C3d4E5F:esp001_001", "589abcdef0123456789abcdef01e0f")
    example = ROOT / "examples" / "quecpython" / "aliyun.py"
    micropython = f"--micropython={tool('micropython')}"
    script = run(micropython, example, data=cloud.data, cwd=tmp_path, MICROPYPATH=f"{PORT}:.frozen")
    try:
        until("its report", lambda: cloud.properties("aliyun:a1b2C3d4E5F:esp001_001") == {"temperature": 15.5})
    finally:
        script.kill()
        script.communicate()


def test_an_example_finds_the_package_among_a_modems_own_files(cloud: LocalCloud, tmp_path: Path) -> None:
    usr = tmp_path / "usr"
    shutil.copytree(PORT / "faceiot", usr / "faceiot")
    text = (ROOT / "examples" / "quecpython" / "huawei.py").read_text()
    (tmp_path / "script.py").write_text(text.replace('"/usr"', repr(str(usr))))
    script = run(f"--micropython={tool('micropython')}", "script.py", data=cloud.data, cwd=tmp_path, MICROPYPATH=".frozen")
    try:
        until("its report", lambda: cloud.properties(DEVICE) == {"WaterMeterControl.state": "T:15c,  H: 85% "})
    finally:
        script.kill()
        script.communicate()


@pytest.mark.parametrize("name", ["aliyun.py", "huawei.py", "photo.py"])
def test_in_cpython_the_examples_do_not_run_for_faceiot_is_the_wheel(name: str, tmp_path: Path) -> None:
    code, _, err = ended(run("--real-cloud", ROOT / "examples" / "quecpython" / name, cwd=tmp_path))
    assert (code, "cannot import name 'network' from 'faceiot'" in err) == (1, True), err


class Board:
    """A MicroPython that is no modem: online already, its camera a class. The cloud's host leads to the local one."""

    def __init__(self, cloud: LocalCloud, example: str, folder: Path) -> None:
        path = ROOT / "examples" / "quecpython" / example
        self.process = subprocess.Popen(
            [tool("micropython"), DEVICE_SCRIPTS / "board.py", path],
            cwd=folder,
            env=environment(
                MICROPYPATH=f"{PORT}:{COMPAT}:.frozen",
                FACEIOT_ROUTES=f"*.myhuaweicloud.com:1883=127.0.0.1:{cloud.mqtt} *.aliyuncs.com:1883=127.0.0.1:{cloud.mqtt}",
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> subprocess.Popen[str]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_the_aliyun_example_runs_on_a_board_that_is_no_modem(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.add("aliyun:a1b2C3d4E5F:esp001_001", "589abcdef0123456789abcdef01e0f")
    with Board(cloud, "aliyun.py", tmp_path):
        until("its report", lambda: cloud.properties("aliyun:a1b2C3d4E5F:esp001_001") == {"temperature": 15.5})


def test_the_photo_example_runs_on_a_board_with_a_camera(cloud: LocalCloud, photo: tuple[Path, bytes], tmp_path: Path) -> None:
    with Board(cloud, "photo.py", tmp_path):
        until("the device", lambda: cloud.online(DEVICE))
        assert cloud.ask(DEVICE, "capture", {})["data"] == {"accepted": True}
        row, digest = cloud.photo()
    assert digest == hashlib.sha256(photo[1]).hexdigest()
    assert (row["verified"], row["problem"]) == ("crc", None)


def test_the_huawei_example_says_on_such_a_board_that_it_has_no_imei(cloud: LocalCloud, tmp_path: Path) -> None:
    with Board(cloud, "huawei.py", tmp_path) as board:
        out, _ = board.communicate(timeout=20)
    assert board.returncode == 1
    assert "this board is no modem and has no IMEI: write the device's own id" in out


def test_a_photo_is_taken_on_command_by_the_simulated_modem(cloud: LocalCloud, photo: tuple[Path, bytes], tmp_path: Path) -> None:
    example = ROOT / "examples" / "quecpython" / "photo.py"
    micropython = f"--micropython={tool('micropython')}"
    more = {"MICROPYPATH": f"{PORT}:.frozen", "FACEIOT_CAMERA": str(photo[0])}
    script = run(micropython, example, data=cloud.data, cwd=tmp_path, **more)
    try:
        until("the device", lambda: cloud.online(DEVICE))
        assert cloud.ask(DEVICE, "capture", {})["data"] == {"accepted": True}
        row, digest = cloud.photo()
    finally:
        script.kill()
        script.communicate()
    assert digest == hashlib.sha256(photo[1]).hexdigest()
    assert (row["verified"], row["problem"]) == ("crc", None)


CAMERA = """
import camera, utime
from machine import UART
taken = []
eye = camera.camCapture(0, 640, 480, 0, 0, 0)
print(eye.start(640, 480, "early"), eye.open())
eye.callback(taken.append)
print(eye.start(640, 480, "photo"), taken)
while not taken:
    utime.sleep_ms(10)
with open(taken[0][1], "rb") as file:
    print(taken[0][0], file.read()[:2])
uart = UART(UART.UART1, 115200, 8, 0, 1, 0)
print(uart.write("AT"), uart.any(), uart.read(9))
heard = []
uart.set_callback(heard.append)
uart.feed(b"OK\\r\\n")
print(heard, uart.any(), uart.read(2), uart.any(), uart.read(9), uart.any(), bytes(uart.written))
uart.close()
uart.feed(b"RING")
print(len(heard), uart.any())
"""


@pytest.mark.parametrize("interpreter", ["CPython", "MicroPython"])
def test_the_modems_camera_and_uart_answer_later(photo: tuple[Path, bytes], interpreter: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(CAMERA)
    options, more = [], {}  # CPython: the test card of the wheel
    if interpreter == "MicroPython":
        options, more = [f"--micropython={tool('micropython')}"], {"FACEIOT_CAMERA": str(photo[0])}
    code, out, err = ended(run("--real-cloud", *options, "script.py", cwd=tmp_path, **more))
    assert code == 0, err
    assert out == ("-1 0\n0 []\n0 b'\\xff\\xd8'\n2 0 b''\n[[0, 0, 4]] 4 b'OK' 2 b'\\r\\n' 0 b'AT'\n1 4\n")
    assert (tmp_path / "photo.jpeg").stat().st_size > 1000


LATE = """
import camera, os, sys, utime
taken = []
eye = camera.camCapture(0, 640, 480, 0, 0, 0)
if eye.open() != 0:
    sys.exit(3)
eye.callback(taken.append)
os.remove("scene.jpg")
eye.start(640, 480, "photo")
while not taken:
    utime.sleep_ms(10)
print(taken[0][0] != 0)
"""


@pytest.mark.parametrize("interpreter", ["CPython", "MicroPython"])
def test_a_camera_that_is_not_there_says_so_and_lets_nobody_wait(interpreter: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(LATE)
    (tmp_path / "scene.jpg").write_bytes(b"\xff\xd8")
    options = [f"--micropython={tool('micropython')}"] if interpreter == "MicroPython" else []

    def look(camera: str) -> tuple[int, str, str]:
        return ended(run("--real-cloud", *options, "script.py", cwd=tmp_path, FACEIOT_CAMERA=camera))

    code, out, _ = look("/nope.jpg")
    assert (code, out.startswith("no camera `/nope.jpg`: "), out.count("\n")) == (3, True, 1)
    if interpreter == "CPython":
        assert look("nonsense:1x")[0] == 3
    code, out, err = look("scene.jpg")
    assert (code, out.startswith("no photo: "), out.endswith("\nTrue\n")) == (0, True, True), err


@pytest.mark.parametrize("interpreter", ["CPython", "MicroPython"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("NETWORK", "online"), ("NETWORK", "3"), ("NETWORK", "3,1,4"), ("ZONE", "east"), ("ZONE", "8,0")],
)
def test_nonsense_about_the_modem_is_explained_in_one_line(variable: str, value: str, interpreter: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import checkNet\nprint('ran')\n")
    options = [f"--micropython={tool('micropython')}"] if interpreter == "MicroPython" else []
    name = f"FACEIOT_MODEM_{variable}"
    code, out, err = ended(run("--real-cloud", *options, "script.py", cwd=tmp_path, **{name: value}))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{name} is `{value}`: it is ")


SIM = """
import sim, modem
print(sim.getStatus(), sim.getImsi(), sim.getIccid(), sim.getPhoneNumber())
print(modem.getDevImei(), modem.getDevSN(), modem.getDevModel())
"""


@pytest.mark.parametrize("interpreter", ["CPython", "MicroPython"])
def test_the_modem_and_its_card_are_who_the_environment_says(interpreter: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SIM)
    options = [f"--micropython={tool('micropython')}"] if interpreter == "MicroPython" else []

    def said(**more: str) -> list[str]:
        code, out, err = ended(run("--real-cloud", *options, "script.py", cwd=tmp_path, **more))
        assert code == 0, err
        return out.splitlines()

    assert said() == [
        "1 460046619207891 89860450191891038487 -1",
        "868540050954037 D1Q20GM050038341P EC600S",
    ]
    names = {"IMSI": "460001234567890", "ICCID": "-1", "PHONE": "13800000000", "IMEI": "-1", "SN": "N1"}
    assert said(**{f"FACEIOT_MODEM_{name}": value for name, value in names.items()}) == [
        "1 460001234567890 -1 13800000000",
        "-1 N1 EC600S",
    ]


# A script with paho-mqtt, as the Raspberry Pi tutorial's SDK uses it inside, with TLS verified by the system's authorities.
PAHO = f"""
import ssl, sys, paho.mqtt.client as paho
client = paho.Client("5fbbb784b4ec2202e982e643_868540050954037_0_0_2022010507")
client.username_pw_set("5fbbb784b4ec2202e982e643_868540050954037", sys.argv[1])
client.tls_set_context(ssl.create_default_context())
client.connect("{HOST}", int(sys.argv[2]), 60)
client.on_connect = lambda client, *_: client.publish(
    "$oc/devices/5fbbb784b4ec2202e982e643_868540050954037/sys/properties/report",
    '{{"services":[{{"service_id":"s","properties":{{"by":"paho"}}}}]}}', qos=1)
client.on_publish = lambda *_: client.disconnect()
client.loop_forever()
"""


def test_a_script_with_another_mqtt_library_and_tls_reaches_it_too(cloud: LocalCloud, tmp_path: Path) -> None:
    password = hmac.new(b"2022010507", b"ac4263b86eaf6442997a", "sha256").hexdigest()
    (tmp_path / "script.py").write_text(PAHO)
    code, _, err = ended(run("script.py", password, "8883", data=cloud.data, cwd=tmp_path))
    assert code == 0, err
    assert cloud.properties(DEVICE) == {"s.by": "paho"}


# A script with Alibaba's own SDK, which brings the authority that it believes.
LINKKIT = """
import ssl, sys, threading
from linkkit import linkkit
kit = linkkit.LinkKit("cn-shanghai", "a1b2C3d4E5F", "esp001_001", "589abcdef0123456789abcdef01e0f")
kit.config_mqtt(port=int(sys.argv[1]), secure=sys.argv[2])
connected, answered = threading.Event(), threading.Event()
kit.on_connect = lambda flag, rc, user: connected.set()
kit.on_publish_topic = lambda mid, user: answered.set()
kit.connect_async()
assert connected.wait(20), "not connected"
topic = "/sys/a1b2C3d4E5F/esp001_001/thing/event/property/post"
kit.publish_topic(topic, '{"id":"1","version":"1.0","params":{"by":"linkkit"},"method":"thing.event.property.post"}')
assert answered.wait(20), "not acknowledged"
try:
    kit.disconnect()
except ssl.SSLError:
    pass  # its two threads write to one TLS connection without a lock
"""


@pytest.mark.parametrize(("port", "secure"), [("1883", ""), ("8883", "TLS")], ids=["TCP", "TLS"])
def test_alibabas_own_sdk_reaches_it_with_its_own_authority(cloud: LocalCloud, port: str, secure: str, tmp_path: Path) -> None:
    device = "aliyun:a1b2C3d4E5F:esp001_001"
    cloud.add(device, "589abcdef0123456789abcdef01e0f")
    (tmp_path / "script.py").write_text(LINKKIT)
    code, _, err = ended(run("script.py", port, secure, data=cloud.data, cwd=tmp_path))
    assert code == 0, err
    until("its report", lambda: cloud.properties(device) == {"by": "linkkit"})


def test_a_port_of_the_cloud_that_the_local_one_lacks_is_refused_and_not_reached(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(PAHO)
    code, _, err = ended(run("script.py", "x", "5683", data=cloud.data, cwd=tmp_path))
    assert code == 1
    assert err.rstrip().endswith("is a cloud's, and the local cloud does not listen for that port")
    assert "run.py" not in err, "the trace begins in the script"


def test_a_script_that_connects_by_address_is_sent_where_it_is_told(cloud: LocalCloud, seed: Path, tmp_path: Path) -> None:
    seed.write_bytes(seed.read_bytes().replace(HOST.encode(), b"192.0.2.7"))
    route = f"192.0.2.7:1883=127.0.0.1:{cloud.mqtt}"
    for how in (("--route", route, seed), (seed,)):
        script = run(*how, data=cloud.data, cwd=tmp_path, **({} if len(how) > 1 else {"FACEIOT_ROUTES": route}))
        try:
            until("the device", lambda: cloud.online(DEVICE))
            cloud.ask(DEVICE, "close", {})
            assert ended(script)[0] == 0
        finally:
            script.kill()
        until("its end", lambda: not cloud.online(DEVICE))


@pytest.mark.parametrize(
    "lookup", ["socket.gethostbyname(HOST)", "socket.getaddrinfo(HOST, None)[0][4][0]"], ids=["by name", "without port"]
)
def test_a_script_that_looks_the_address_up_first_reaches_it_too(cloud: LocalCloud, lookup: str, tmp_path: Path) -> None:
    text = f"""
import socket
HOST = "{HOST}"
address = {lookup}
for port in (1883, 1):
    try:
        print(port, "reached", socket.create_connection((address, port)).getpeername()[1])
    except ConnectionRefusedError as error:
        print(port, error)
"""
    (tmp_path / "script.py").write_text(text)
    _, out, err = ended(run("script.py", data=cloud.data, cwd=tmp_path))
    reached, refused = out.splitlines()
    assert reached == f"1883 reached {cloud.mqtt}", err
    assert "the local cloud does not listen" in refused


def test_the_script_is_run_as_python_runs_it(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("here = True\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, beside\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].__dict__ is globals()\n"
        "assert beside.here and 'faceiot' not in __file__\n"
        "print(sys.argv[1:], __file__, '--data' in sys.argv)\n"
        "sys.exit(7)\n"
    )
    plain = subprocess.run([sys.executable, script, "--data", "-x"], capture_output=True, text=True, check=False)
    assert ended(run(script, "--data", "-x", data=cloud.data, cwd=tmp_path)) == (7, plain.stdout, "")


def test_a_mistake_in_the_script_is_shown_as_python_shows_it(tmp_path: Path) -> None:
    for text in ("def f(:\n", "import json\njson.loads('{')\n", "raise SystemExit('no')\n"):
        (tmp_path / "script.py").write_text(text)
        plain = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        shown = ended(run("--real-cloud", "script.py", cwd=tmp_path))[2].replace(f'"{tmp_path}/', '"')
        assert shown == plain.stderr.replace(f'"{tmp_path}/', '"')


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('ran')\n")
    nowhere = tmp_path / "nowhere"
    code, _, err = ended(run("script.py", data=nowhere, cwd=tmp_path))
    assert (code, "no local cloud runs" in err, "faceiot up" in err) == (1, True, True)
    assert ended(run("--real-cloud", "script.py", cwd=tmp_path)) == (0, "ran\n", "")
    code, _, err = ended(run("--real-cloud", "other.py", cwd=tmp_path))
    assert (code, err) == (1, "error: `other.py`: No such file or directory\n")
    code, _, err = ended(run("--real-cloud", "--micropython=none-of-these", "script.py", cwd=tmp_path))
    assert code == 1
    assert "there is no `none-of-these`" in err
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True, timeout=50)
    code, _, err = ended(run("--real-cloud", "--python", bare / "bin" / "python", "script.py", cwd=tmp_path))
    assert code == 1
    assert "pip install faceiot" in err
    code, _, err = ended(run("--route", "nonsense", "--real-cloud", "script.py", cwd=tmp_path))
    assert (code, "HOST:PORT=ADDRESS:PORT" in err) == (2, True)


def test_a_killed_local_cloud_is_noticed_before_the_script_runs(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('ran')\n")
    cloud.kill()
    code, out, err = ended(run("script.py", data=cloud.data, cwd=tmp_path))
    assert (code, out, "does not answer" in err) == (1, "", True)


def test_what_is_installed_wins_over_a_stand_in(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "sim.py").write_text("mine = True\n")
    (tmp_path / "script.py").write_text("import sim, checkNet\nassert sim.mine\nprint(checkNet.__name__)\n")
    code, out, err = ended(run("script.py", data=cloud.data, cwd=tmp_path))
    assert (code, out) == (0, "faceiot.compat.quecpython.checkNet\n"), err


def test_every_stand_in_is_in_the_table() -> None:
    from faceiot.compat import SHIMS, quecpython

    helpers = {"__init__", "__main__", "hmac", "routes", "settings"}
    modules = {path.stem for path in (COMPAT / "quecpython").glob("*.py")} - helpers
    assert set(quecpython.MODULES) == modules
    assert modules <= SHIMS.keys()
