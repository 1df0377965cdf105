"""MQTTS with verification of the server, on MicroPython: against Debian's mosquitto with an authority made here, and against
the local cloud with its own."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def recorder(broker: int, heard: bytearray) -> Iterator[int]:
    """A way to the broker that keeps what the client says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            with listener.accept()[0] as client, socket.create_connection(("127.0.0.1", broker)) as server:
                client.settimeout(20)
                back = threading.Thread(target=copy, args=(server, client, bytearray()))
                back.start()
                copy(client, server, heard)
                with suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
                back.join(20)

        def copy(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
            """To the end of what the source says, also when the target has gone."""
            with suppress(OSError):
                for got in iter(lambda: source.recv(65536), b""):
                    kept.extend(got)
                    with suppress(OSError):
                        target.sendall(got)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)
        assert not thread.is_alive()


def records(octets: bytes) -> list[int]:
    """The types of the records of TLS that these octets are, to the last one (RFC 8446 section 5.1)."""
    types = []
    while octets:
        assert octets[0] in range(20, 24), octets[:40]
        assert octets[1] == 3, octets[:40]
        types.append(octets[0])
        length = int.from_bytes(octets[3:5], "big")
        assert len(octets) >= 5 + length
        octets = octets[5 + length :]
    return types


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
    heard = bytearray()
    with recorder(broker.port, heard) as port:
        printed = on_device("tls.py", "huawei", str(port), server, name, str(certificates / f"{ca}.pem"), cwd=tmp_path)
    assert printed.startswith(f"refused: {server}: ")
    assert printed.count("\n") == 1
    assert 22 in records(heard), "a handshake, and nothing that is not TLS"


def test_a_silent_connection_stays_open(on_device: Run, broker: Mosquitto, certificates: Path, tmp_path: Path) -> None:
    ca = str(certificates / "right.pem")
    assert on_device("tls_client.py", "silence", str(broker.port), ca, cwd=tmp_path) == "heard\n"


def test_tls_that_verifies_nobody_has_to_be_asked_for(
    on_device: Run, broker: Mosquitto, certificates: Path, tmp_path: Path
) -> None:
    for ca, printed in (("right", "connected\n"), ("wrong", "refused\n")):
        ca = str(certificates / f"{ca}.pem")
        assert on_device("tls_client.py", "arguments", str(broker.port), ca, cwd=tmp_path) == printed


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
