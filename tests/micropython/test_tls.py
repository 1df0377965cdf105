"""MQTTS with verification of the server, on MicroPython: against Debian's mosquitto with an authority made here, and against
the local cloud with its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import Listener, Mosquitto
from cloud import LocalCloud

from conftest import SECRET, Run, passwords

# The name of seed 002. Nobody connects to it: the address is another setting.
CLOUD = "a15fbbd7ce.iot-mqtts.cn-north-4.myhuaweicloud.com"
HUAWEI, ALIYUN = "huawei:p1_cam1", "aliyun:a1pk:cam_1"

# TLS with mbedtls does not fit into the 64 KB heap beside the package; README says so.
pytestmark = pytest.mark.parametrize("interpreter", ["micropython", "CPython"], indirect=True)


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=30)


def authority(folder: Path, name: str) -> Path:
    """A certificate authority: `name`.pem and `name`.key."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
    openssl(folder, "req", "-x509", *key, "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "30")
    return folder / f"{name}.pem"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right and a wrong authority, and a server's certificate for `localhost` and the cloud's name."""
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder, "right")
    authority(folder, "wrong")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key"]
    openssl(folder, "req", *key, "-out", "server.csr", "-subj", "/CN=server")
    (folder / "names").write_text(f"subjectAltName=DNS:localhost,DNS:{CLOUD}\n")
    signed = ["-CA", "right.pem", "-CAkey", "right.key", "-CAcreateserial", "-extfile", "names", "-days", "30"]
    openssl(folder, "x509", "-req", "-in", "server.csr", "-out", "server.pem", *signed)
    return folder


@pytest.fixture
def broker(certificates: Path, tmp_path: Path) -> Iterator[Mosquitto]:
    tls = (certificates / "server.pem", certificates / "server.key")
    with Mosquitto(tmp_path, passwords(), tls) as broker:
        yield broker


@pytest.mark.parametrize(
    ("server", "name"),
    [("localhost", ""), ("127.0.0.1", CLOUD)],
    ids=["by its name", "by address with the name of the cloud"],
)
@pytest.mark.parametrize("cloud", ["aliyun", "huawei"])
def test_a_server_that_proves_its_name_is_believed(
    on_device: Run, broker: Mosquitto, certificates: Path, cloud: str, server: str, name: str, tmp_path: Path
) -> None:
    listener = Listener(broker, "listener", "listener", ["/#", "$oc/#"], ca=certificates / "right.pem")
    ca = str(certificates / "right.pem")
    assert on_device("tls.py", cloud, str(broker.port), server, name, ca, cwd=tmp_path) == "connected\n"
    assert "verified" in json.dumps(json.loads(listener.next()[1]))
    listener.stop()


@pytest.mark.parametrize(
    ("server", "name", "ca"),
    [
        ("localhost", "elsewhere.example", "right"),
        ("127.0.0.1", "", "right"),  # an address is no name of the certificate
        ("localhost", "", "wrong"),
        ("127.0.0.1", CLOUD, "wrong"),
    ],
    ids=["another name", "an address", "another authority", "another authority by address"],
)
def test_a_server_that_does_not_is_refused(
    on_device: Run, broker: Mosquitto, certificates: Path, server: str, name: str, ca: str, tmp_path: Path
) -> None:
    printed = on_device("tls.py", "huawei", str(broker.port), server, name, str(certificates / f"{ca}.pem"), cwd=tmp_path)
    assert printed.startswith("refused: ")


def test_the_firmwares_own_client_checks_nothing(on_device: Run, broker: Mosquitto, tmp_path: Path) -> None:
    case = "tls_checks_no_certificate"
    assert on_device("firmware.py", case, str(broker.port), cwd=tmp_path, modem=True) == "ok\n"


@pytest.mark.parametrize(("cloud", "device"), [("aliyun", ALIYUN), ("huawei", HUAWEI)])
def test_the_local_cloud_is_verified_too(
    on_device: Run, certificates: Path, cloud: str, device: str, tmp_path: Path
) -> None:
    with LocalCloud(tmp_path) as local:
        local.add(device, SECRET.decode())
        ca = local.said["ca"]

        def connect(server: str, name: str, authority: str) -> str:
            return on_device("tls.py", cloud, str(local.mqtts), server, name, authority, cwd=tmp_path)

        assert connect("127.0.0.1", "localhost", ca) == "connected\n"
        assert "verified" in local.properties(device).values()
        assert connect("127.0.0.1", "elsewhere.example", ca).startswith("refused: ")
        assert connect("127.0.0.1", "localhost", str(certificates / "right.pem")).startswith("refused: ")
