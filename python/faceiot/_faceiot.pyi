# The extension module. The texts are the extension's own, written here by `python/update_stubs.py` (which a test keeps
# honest); the signatures are written by hand and held to the extension by `mypy.stubtest`.

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, TypeVar, final, type_check_only

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

_Callback = TypeVar("_Callback", bound=Callable[[Command], Any])

__version__: Final[str]
ERROR_KINDS: Final[dict[str, tuple[int, bool]]]
HEX_OCTETS: Final[int]
V2_TEXT_DATA_MAX: Final[int]

def cli_main(argv: Sequence[str]) -> int:
    """Runs the `faceiot` command.

    Args:
        argv: The command line, the program's name first.

    Returns:
        The exit code.
    """

# faceiot.sign

@final
class Login:
    """What a device gives an MQTT broker to be let in.

    `repr()` shows the password as `***`; `==` compares all five fields.
    """

    @property
    def host(self) -> str:
        """Name of the broker."""
    @property
    def port(self) -> int:
        """Port of the broker."""
    @property
    def client_id(self) -> str:
        """MQTT client id."""
    @property
    def username(self) -> str:
        """MQTT user name."""
    @property
    def password(self) -> str:
        """MQTT password. It opens the device's session: treat it as the secret it is."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def aliyun_mqtt(
    product_key: str,
    device_name: str,
    device_secret: str,
    *,
    client_id: str | None = None,
    method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
    secure_mode: int = 3,
    timestamp: int | str | None = None,
    extra: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    region: str = "cn-shanghai",
    instance_id: str | None = None,
    port: int | None = None,
    hex_upper: bool = True,
) -> Login:
    """Signs the MQTT login of a device of Alibaba Cloud IoT.

    The password is the hex HMAC of `clientId…deviceName…productKey…[timestamp…]` with the device secret as the key
    (help.aliyun.com/document_detail/73742). Only these four are signed: the secure mode, the method and `extra` are not.

    Args:
        product_key: ProductKey of the product.
        device_name: DeviceName of the device.
        device_secret: DeviceSecret; used as the key, never stored or printed.
        client_id: The free part of the client id, at most 64 characters; without it `{product_key}.{device_name}`.
        method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
        secure_mode: 2 for TLS, 3 for TCP. It changes the client id, not the password.
        timestamp: Signed as it stands (the cloud does not compare it with its clock); without it there is none.
        extra: Further items of the client id such as `{"lan": "Python"}`, in their order, unsigned.
        region: Region of the public instance.
        instance_id: Id of an enterprise or new public instance; it decides the host.
        port: Port to put into the result; without it the cloud's for this secure mode.
        hex_upper: Upper-case hex password. The cloud takes both.

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        SignatureError: The method is unknown.
        ArgumentError: A name is empty or holds a character that would break the client id.

    Example:
        >>> login = faceiot.sign.aliyun_mqtt("pk", "device", "secret", client_id="12345",
        ...                                  method="hmacsha1", timestamp=789)
        >>> login.client_id
        '12345|securemode=3,signmethod=hmacsha1,timestamp=789|'
        >>> login.password
        'FAFD82A3D602B37FB0FA8B7892F24A477F851A14'
    """

def huawei_mqtt(
    device_id: str,
    device_secret: str,
    *,
    sign_type: Literal[0, 1] | int = 0,
    timestamp: int | str | None = None,
    host: str = "",
    port: int | None = None,
) -> Login:
    """Signs the MQTT login of a device of Huawei Cloud IoTDA.

    The password is the lower-case hex HMAC-SHA256 of the device secret with the UTC hour as the key
    (support.huaweicloud.com/api-iothub/iot_06_v5_3009).

    Args:
        device_id: Id of the device, usually `{product_id}_{node_id}`.
        device_secret: Secret of the device; never stored or printed.
        sign_type: 0: the cloud does not check the hour (for devices without a clock); 1: it must be the current one.
        timestamp: The hour, as `"YYYYMMDDHH"` in UTC or as seconds since 1970; without it the current one.
        host: Name of the broker, which the console shows for each instance.
        port: Port to put into the result; without it 8883 (TLS).

    Returns:
        The login: host, port, client id, user name and password.

    Raises:
        SignatureError: The sign type is neither 0 nor 1, or the timestamp is no hour.
        ArgumentError: The device id is empty or too long.

    Example:
        >>> login = faceiot.sign.huawei_mqtt("p_n", "x", sign_type=1, timestamp="2026010203")
        >>> login.client_id
        'p_n_0_1_2026010203'
        >>> login
        Login(host="", port=8883, client_id="p_n_0_1_2026010203", username="p_n", password='***')
    """

def verify_aliyun_mqtt(client_id: str, username: str, password: str, device_secret: str) -> None:
    """Checks a login as Alibaba's broker does.

    The hex case of the password does not matter, nor the age of the timestamp; the comparison takes the same time
    wherever the passwords differ.

    Args:
        client_id: Client id of the CONNECT packet, with its `|securemode=…|` part.
        username: User name of the CONNECT packet.
        password: Password of the CONNECT packet.
        device_secret: The secret that the registry holds for this device.

    Raises:
        SignatureError: The login does not verify. The message shows the string that was signed, never the password
            that would have been right.

    Example:
        >>> login = faceiot.sign.aliyun_mqtt("pk", "cam1", "secret")
        >>> faceiot.sign.verify_aliyun_mqtt(login.client_id, login.username, login.password, "secret")
        >>> faceiot.sign.verify_aliyun_mqtt(login.client_id, login.username, "00" * 32, "secret")
        Traceback (most recent call last):
            ...
        faceiot.errors.SignatureError: ...
    """

def verify_huawei_mqtt(
    client_id: str, username: str, password: str, device_secret: str, *, now: int | None = None
) -> None:
    """Checks a login as Huawei's broker does.

    Args:
        client_id: Client id of the CONNECT packet.
        username: User name of the CONNECT packet.
        password: Password of the CONNECT packet.
        device_secret: The secret that the registry holds for this device.
        now: Seconds since 1970, for sign type 1; without it the current time.

    Raises:
        SignatureError: The login does not verify, or its sign type is 1 and the hour is not the current one.

    Example:
        >>> login = faceiot.sign.huawei_mqtt("p_n", "x", sign_type=1, timestamp=1767323045)
        >>> faceiot.sign.verify_huawei_mqtt(login.client_id, login.username, login.password, "x", now=1767323045)
    """

# faceiot.chunk

@final
class HexMessages(Iterator[bytes]):
    """The messages of a photo, made one at a time."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> bytes: ...
    def __len__(self) -> int: ...

def hex_encode(photo: Buffer) -> HexMessages:
    """Cuts a photo into the MQTT messages that the tutorials' sketch publishes, byte for byte.

    Each is an Alink property post with at most 800 upper-case hex characters in `img`; the last one says `END`.

    Args:
        photo: The bytes of the photo.

    Returns:
        An iterator of messages that knows its length.

    Example:
        >>> [message] = faceiot.chunk.hex_encode(b"")
        >>> message
        b'{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"END"}}'
        >>> len(faceiot.chunk.hex_encode(bytes(12345)))
        32
    """

@final
class HexAssembler:
    r"""Puts the hex chunks of one device together again.

    The format has no numbers: chunks must be pushed in the order in which they came, and a lost, doubled or swapped one
    cannot be seen here. `Frame.from_jpeg(photo).check()` sees losses and doublings. A chunk that can only be the beginning
    of a photo begins a new one; a broken chunk gives up the photo it belongs to, and the next photo comes whole.

    Args:
        max_bytes: The most bytes of a photo.

    Example:
        >>> assembler = faceiot.chunk.HexAssembler()
        >>> assembler.push("FFD8FFE000")
        >>> assembler.push("FFD9")
        >>> assembler.push("END")
        b'\xff\xd8\xff\xe0\x00\xff\xd9'
    """

    def __new__(cls, max_bytes: int = 4194304) -> Self: ...
    def push(self, img: str | Buffer) -> bytes | None:
        """Takes the value of `img`.

        Args:
            img: Hex digits in either case, or `END`.

        Returns:
            The photo when this was its end, otherwise None.

        Raises:
            ArgumentError: Not hex, or an odd number of digits.
            ChunkError: The photo is larger than `max_bytes`.
        """
    def push_message(self, payload: str | Buffer) -> bytes | None:
        """Takes a whole MQTT message: an Alink property post with an `img`.

        Args:
            payload: The JSON text.

        Returns:
            The photo when this was its end, otherwise None.

        Raises:
            ArgumentError: Not JSON, no text in `params.img`, not hex.
            ChunkError: The photo is larger than `max_bytes`.
        """
    def reset(self) -> None:
        """Forgets the photo that is not complete."""
    @property
    def pending(self) -> int:
        """Bytes of the photo that is not complete."""
    @property
    def dropped(self) -> int:
        """Bytes that were dropped so far, with photos that were interrupted or broken."""

def v2_encode(
    photo: Buffer,
    *,
    chunk_size: int = 4096,
    epoch: int = 1,
    frame_id: int = 1,
    content_type: int = 1,
    time_ms: int = 0,
    text: bool = False,
) -> list[bytes]:
    """Cuts a photo into chunks that describe themselves.

    Args:
        photo: The bytes of the photo (or of anything), at least one.
        chunk_size: Octets of data in a chunk; at most `V2_TEXT_DATA_MAX` for a text property.
        epoch: Changes at each boot of the sender, 0 to 65535.
        frame_id: Number of the photo within the epoch, from 1.
        content_type: 0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON.
        time_ms: When it was taken, in milliseconds since 1970; 0 without a clock.
        text: Make text chunks (`~2` and base64) for a text property instead of raw ones.

    Returns:
        The chunks, in order.

    Raises:
        ArgumentError: The photo is empty, or the chunk size is 0.
        ChunkError: More than 65,535 chunks.

    Example:
        >>> chunks = faceiot.chunk.v2_encode(bytes(10000))
        >>> [len(chunk) for chunk in chunks]
        [4136, 4136, 1848]
        >>> faceiot.chunk.v2_parse(chunks[2]).offset
        8192
    """

def v2_parse(chunk: str | Buffer) -> V2Chunk:
    """Reads and checks one chunk.

    Args:
        chunk: A raw chunk, or a text chunk (`~2` and base64).

    Returns:
        What the chunk says of itself, and its data.

    Raises:
        ChunkError: It is damaged, cut, of another version, or contradicts itself.
        ArgumentError: The base64 of a text chunk is broken.
    """

@final
class V2Chunk:
    """One chunk, read and checked."""

    @property
    def last(self) -> bool:
        """Whether it has the highest offset of its frame."""
    @property
    def retransmit(self) -> bool:
        """Whether it was sent before."""
    @property
    def content_type(self) -> int:
        """0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON."""
    @property
    def sequence(self) -> int:
        """Number of the chunk within the frame, from 0."""
    @property
    def total(self) -> int:
        """Number of chunks; 0 when not yet known."""
    @property
    def epoch(self) -> int:
        """Changes at each boot of the sender."""
    @property
    def frame_id(self) -> int:
        """Number of the frame within the epoch."""
    @property
    def total_length(self) -> int:
        """Octets of the frame; 0 when not yet known."""
    @property
    def offset(self) -> int:
        """Where the data stands in the frame."""
    @property
    def frame_crc(self) -> int:
        """CRC-32 of the frame, in the last chunk; 0 in the others."""
    @property
    def time_ms(self) -> int:
        """When it was taken, in milliseconds since 1970; 0 without a clock."""
    @property
    def data(self) -> bytes:
        """The data."""

@final
class V2Assembler:
    """Puts the chunks of one photo together again, in any order, doubled or not.

    One assembler holds one photo at a time. When it is whole, or given up by `reset`, the next one may come.

    Args:
        max_bytes: The most bytes of a photo.

    Example:
        >>> assembler = faceiot.chunk.V2Assembler()
        >>> for chunk in reversed(faceiot.chunk.v2_encode(b"a photo", chunk_size=3)):
        ...     print(assembler.push(chunk), assembler.missing)
        None [(0, 6)]
        None [(0, 3)]
        b'a photo' []
    """

    def __new__(cls, max_bytes: int = 4194304) -> Self: ...
    def push(self, chunk: str | Buffer) -> bytes | None:
        """Takes a chunk.

        Args:
            chunk: A raw chunk, or a text chunk (`~2` and base64).

        Returns:
            The photo when it is whole now and its CRC matches, otherwise None.

        Raises:
            ChunkError: The chunk is damaged, of another photo, too far out, or contradicts what came before.
            ArgumentError: The base64 of a text chunk is broken.
        """
    def reset(self) -> None:
        """Forgets the photo."""
    @property
    def missing(self) -> list[tuple[int, int]]:
        """What is still missing, as (offset, length), in order: up to the photo's length when a chunk has said it."""
    @property
    def duplicates(self) -> int:
        """How many chunks came that were there already."""

# faceiot

@final
class Frame:
    """One picture: the JPEG bytes as the camera gave them, with its size and the time it was taken.

    A frame shows itself in a notebook, is a numpy array when numpy asks (`numpy.asarray(frame)`: height, width, 3
    channels RGB, `uint8`) and can be sent by `Device.send`. It never changes; two frames are equal when their bytes are.
    """

    @staticmethod
    def from_jpeg(data: Buffer) -> Frame:
        """Makes a frame of JPEG bytes, which are kept as they are.

        Only the header is read; `check` reads the picture.

        Args:
            data: The bytes of a JPEG file.

        Returns:
            The frame.

        Raises:
            JpegError: There is no JPEG header, or the picture has too many pixels.
        """
    @staticmethod
    def from_numpy(pixels: npt.NDArray[np.uint8], *, quality: int = 85) -> Frame:
        """Makes a frame of pixels by compressing them.

        Args:
            pixels: An array of shape (height, width, 3), RGB, `uint8`.
            quality: JPEG quality, 1 to 100.

        Returns:
            The frame.

        Raises:
            ArgumentError: The array has another shape or type.
            ImportError: numpy is not installed.
        """
    @staticmethod
    def open(source: str) -> Frame:
        """Takes one frame from a source.

        Args:
            source: What to open, such as `"file:photo.jpg"`, `"dir:photos"` or `"testcard:640x480"`; see `FrameSource`.

        Returns:
            The first frame of the source.

        Raises:
            CameraError: The source is unknown or gives nothing.
            JpegError: What it gives is not a picture.

        Example:
            >>> faceiot.Frame.open("testcard:320x240").width
            320
        """
    @property
    def jpeg(self) -> bytes:
        """The JPEG bytes, as they came."""
    @property
    def width(self) -> int:
        """Width in pixels."""
    @property
    def height(self) -> int:
        """Height in pixels."""
    @property
    def time_ms(self) -> int:
        """When it was taken, in milliseconds since 1970; 0 if that is not known."""
    def check(self) -> JpegReport:
        """Reads the whole picture and says how much of it can be trusted.

        Returns:
            The report. `report.ok` is true when the pixels decode without a single warning.
        """
    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """Decodes the picture.

        Returns:
            A new array of shape (height, width, 3), RGB, `uint8`.

        Raises:
            JpegError: The picture cannot be decoded.
            ImportError: numpy is not installed.
        """
    def save(self, path: str | PathLike[str]) -> None:
        """Writes the JPEG bytes to a file, replacing it.

        Args:
            path: Where to write.

        Raises:
            IoError: The file cannot be written.
        """
    def _repr_jpeg_(self) -> bytes: ...
    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]: ...
    def __bytes__(self) -> bytes: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class JpegReport:
    """What reading a whole JPEG found."""

    @property
    def verified(self) -> Literal["entropy", "structure", "none"]:
        """`"entropy"`: every pixel decodes without a warning; `"structure"`: only the segments are in order; `"none"`."""
    @property
    def width(self) -> int:
        """Width in pixels, 0 if there is no header."""
    @property
    def height(self) -> int:
        """Height in pixels, 0 if there is no header."""
    @property
    def problem(self) -> str | None:
        """What is wrong, in words; `None` when nothing is."""
    @property
    def trailing(self) -> int:
        """Bytes after the end of the picture."""
    @property
    def ok(self) -> bool:
        """Whether the picture decodes without a single warning."""

@final
class FrameSource(Iterator[Frame]):
    """Where frames come from: `"file:photo.jpg"`, `"dir:photos"` (sorted, again and again) or `"testcard:640x480"`.

    Iterating takes frames without end; `next(source)` takes one. The source is opened once.

    Args:
        spec: What to open.

    Raises:
        CameraError: There is no such source.
        ArgumentError: The text is not a source.

    Example:
        >>> camera = faceiot.FrameSource("testcard:320x240")
        >>> next(camera)
        <faceiot.Frame 320x240, ...>
    """

    def __new__(cls, spec: str) -> Self: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Frame: ...

@final
class Device:
    """A device: logs in with its signed secret, sends photos and properties, is given commands.

    Made by `Device.aliyun` or `Device.huawei`, which return when the cloud has let the device in. The connection
    is kept up by threads of its own: when it is lost the device reconnects, subscribes again and starts an interrupted
    photo again. Used as a context manager it is closed at the end of the block. Iterating gives commands.

    After `os.fork()` a device belongs to the parent: in the child every method raises `ConnectError`.
    """

    @staticmethod
    def aliyun(
        product_key: str,
        device_name: str,
        device_secret: str,
        *,
        host: str | None = None,
        port: int | None = None,
        connect: str | None = None,
        tls: bool | str | PathLike[str] = True,
        client_id: str | None = None,
        method: Literal["hmacsha256", "hmacsha1", "hmacmd5"] | str = "hmacsha256",
        region: str = "cn-shanghai",
        instance_id: str | None = None,
        timestamp: bool = False,
        format: Literal["v2", "v2-text", "hex"] | str | None = None,
        qos: Literal[0, 1] | int = 1,
        keep_alive: int | None = None,
        connect_timeout: float = 20.0,
    ) -> Device:
        """Connects a device of Alibaba Cloud IoT.

        Args:
            product_key: ProductKey of the product.
            device_name: DeviceName of the device.
            device_secret: DeviceSecret; signs every login afresh, is never sent or printed.
            host: Name of the broker, verified by TLS; without it the cloud's own for this region or instance.
            port: Port of the broker; without it the cloud's own.
            connect: Address to dial when it is not the name: `"10.0.0.7"`, `"10.0.0.7:8883"`, `"[::1]:8883"`.
            tls: True for TLS with the system's authorities, a path for those in a PEM file, False for none. The cloud
                refuses plain TCP to accounts made after 2022-08-02.
            client_id: The free part of the client id; without it `{product_key}.{device_name}`.
            method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
            region: Region of the public instance.
            instance_id: Id of an enterprise or new public instance.
            timestamp: Whether to sign the time of the login.
            format: How photos travel: `"v2"` (the default), `"v2-text"` or `"hex"`, the tutorials' format.
            qos: 1: a photo is sent when the broker has acknowledged all of it; 0: when it is written.
            keep_alive: Seconds between signs of life, 30 to 1200; without it 300.
            connect_timeout: Seconds that one attempt to connect may take.

        Returns:
            The connected device.

        Raises:
            RefusedError: The cloud does not accept the credentials.
            ConnectError: No connection: DNS, TCP, TLS.
            TimedOutError: The cloud did not answer.
            ConfigError: A setting that the cloud refuses.
            ArgumentError: A setting that is none.
        """
    @staticmethod
    def huawei(
        device_id: str,
        device_secret: str,
        *,
        host: str | None = None,
        port: int | None = None,
        connect: str | None = None,
        tls: bool | str | PathLike[str] = True,
        sign_type: Literal[0, 1] | int = 0,
        service_id: str = "camera",
        format: Literal["v2", "v2-text"] | str | None = None,
        qos: Literal[0, 1] | int = 1,
        keep_alive: int | None = None,
        connect_timeout: float = 20.0,
    ) -> Device:
        """Connects a device of Huawei Cloud IoTDA.

        Args:
            device_id: Id of the device, usually `{product_id}_{node_id}`.
            device_secret: Secret of the device; signs every login afresh, is never sent or printed.
            host: Name of the broker, verified by TLS: the access domain name that the console shows for the instance.
            port: Port of the broker; without it the cloud's own.
            connect: Address to dial when it is not the name.
            tls: True for TLS with the system's authorities, a path for those in a PEM file, False for none.
            sign_type: 0: the cloud does not check the hour of the login; 1: it does.
            service_id: The service that reported properties belong to.
            format: How photos travel: `"v2"` (the default) or `"v2-text"`.
            qos: 1: a photo is sent when the broker has acknowledged all of it; 0: when it is written.
            keep_alive: Seconds between signs of life, 30 to 1200; without it 120.
            connect_timeout: Seconds that one attempt to connect may take.

        Returns:
            The connected device.

        Raises:
            RefusedError: The cloud does not accept the credentials.
            ConnectError: No connection: DNS, TCP, TLS.
            TimedOutError: The cloud did not answer.
            ConfigError: A setting that the cloud refuses, or no host.
            ArgumentError: A setting that is none.
        """
    @property
    def id(self) -> str:
        """The device's name: `aliyun:{product_key}:{device_name}` or `huawei:{device_id}`."""
    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the cloud refused the device for good."""
    def send(self, photo: Frame | Buffer) -> Receipt:
        """Sends a photo in chunks.

        Args:
            photo: A frame, or the bytes of a JPEG file.

        Returns:
            A receipt, at once: the photo is in memory. `receipt.wait()` returns when the broker has all of it.

        Raises:
            ConnectError: The device is closed, or too much waits to be sent.
        """
    def report(self, properties: Mapping[str, Any]) -> Receipt:
        """Reports properties: what the device measures or how it is set.

        Args:
            properties: Names and values; anything that JSON can hold.

        Returns:
            A receipt; `receipt.wait()` returns when the broker has it.

        Raises:
            TypeError: A value is nothing that JSON can hold.
            ConnectError: The device is closed.
        """
    def publish(self, topic: str, payload: str | Buffer, *, qos: Literal[0, 1] | int = 1) -> Receipt:
        """Publishes a message to any topic of the device.

        Args:
            topic: The topic.
            payload: The message; text is sent as UTF-8.
            qos: 0 or 1.

        Returns:
            A receipt; `receipt.wait()` returns when the broker has it.

        Raises:
            ArgumentError: The topic holds a wildcard, or the quality of service is neither 0 nor 1.
            ConnectError: The device is closed.
        """
    def subscribe(self, filter: str, *, qos: Literal[0, 1] | int = 1) -> None:
        """Subscribes to a topic; its messages come out of `messages()`.

        Args:
            filter: A topic, or a filter with `+` and `#`.
            qos: 0 or 1.

        Raises:
            ConnectError: The broker refuses the subscription, or the device is closed.
        """
    def on_command(self, callback: _Callback) -> _Callback:
        """Lets a function answer every command; usable as a decorator.

        It runs on a thread of its own, one command after the other. What it returns is the answer: None, anything that
        JSON can hold, or a `Reply` with a code. When it raises, the exception goes to `sys.unraisablehook` (which prints
        the traceback), and the cloud is told that the command failed.

        Args:
            callback: Called with each `Command`. A second call of `on_command` replaces it.

        Returns:
            The function itself.

        Raises:
            ArgumentError: Commands are iterated already.
            ConnectError: The device is closed.
        """
    def commands(self, *, timeout: float | None = None) -> Commands:
        """Commands, as they come.

        Args:
            timeout: Seconds to wait for each; without it for ever.

        Returns:
            An iterator that ends when the device is closed. `next()` raises `TimedOutError` after `timeout`.

        Raises:
            ArgumentError: A callback answers commands already.
            ConnectError: The device is closed.
        """
    def messages(self, *, timeout: float | None = None) -> Messages:
        """Messages of the topics that were subscribed to, as they come.

        Args:
            timeout: Seconds to wait for each; without it for ever.

        Returns:
            An iterator that ends when the device is closed. `next()` raises `TimedOutError` after `timeout`.

        Raises:
            ConnectError: The device is closed.
        """
    def events(self, *, timeout: float | None = None) -> Events:
        """What happens to the connection from now on.

        Args:
            timeout: Seconds to wait for each event; without it for ever.

        Returns:
            An iterator that ends after the event `"closed"` or `"refused"`. `next()` raises `TimedOutError` after `timeout`.

        Raises:
            ConnectError: The device is closed.
        """
    def wait_closed(self, *, timeout: float | None = None) -> None:
        """Waits until the device is closed, by another thread or because the cloud refuses it for good.

        For programs whose work is done by `on_command`.

        Args:
            timeout: Seconds to wait; without it for ever.

        Raises:
            TimedOutError: It is still open.
            RefusedError: The cloud no longer accepts the credentials.
        """
    def close(self) -> None:
        """Closes the connection.

        What was not sent yet is dropped; its receipts say so. Closing twice is fine, and in a forked child it does nothing.
        """
    def __iter__(self) -> Commands: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

@final
class Commands(Iterator[Command]):
    """The iterator that `Device.commands` returns."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Command: ...

@final
class Messages(Iterator[Message]):
    """The iterator that `Device.messages` returns."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Message: ...

@final
class Events(Iterator[ConnectionEvent]):
    """The iterator that `Device.events` returns."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> ConnectionEvent: ...

@final
class Receipt:
    """Says when the broker has all of something that was sent.

    Dropping a receipt changes nothing: what it stands for is sent all the same.
    """

    def wait(self, timeout: float | None = None) -> Sent:
        """Waits until the broker has all of it: acknowledged with QoS 1, written to the connection with QoS 0.

        A lost connection does not end the wait: the photo starts again after the reconnect.

        Args:
            timeout: Seconds to wait; without it for ever.

        Returns:
            How many messages and bytes it took.

        Raises:
            TimedOutError: It takes longer. Sending goes on; `wait` can be called again.
            RefusedError: The cloud no longer accepts the credentials.
            ConnectError: The device was closed before.
        """
    @property
    def done(self) -> bool:
        """Whether it is over, well or not."""
    @property
    def progress(self) -> tuple[int, int]:
        """Messages that are there, and how many there will be."""

@final
class Sent:
    """Something that was sent completely."""

    @property
    def messages(self) -> int:
        """MQTT messages, those of interrupted attempts included."""
    @property
    def bytes(self) -> int:
        """Octets of MQTT payload in them."""
    @property
    def seconds(self) -> float:
        """Seconds from the call to the last acknowledgement."""
    @property
    def restarts(self) -> int:
        """How often a lost connection made it start again."""

@final
class Command:
    """What the cloud asks of the device.

    A command that is dropped without an answer is answered with an error.
    """

    @property
    def id(self) -> str:
        """Id of the request; empty when it has none."""
    @property
    def name(self) -> str:
        """What is to be done: the service or command; `"set"` for properties; the last level of a custom topic."""
    @property
    def payload(self) -> Any:
        """The arguments, as JSON holds them; text when a custom message is not JSON."""
    @property
    def form(
        self,
    ) -> Literal["custom", "property_set", "service", "rrpc", "huawei", "huawei_property_set"]:
        """How it came: `"custom"`, `"property_set"`, `"service"`, `"rrpc"`, `"huawei"` or `"huawei_property_set"`."""
    def reply(self, data: Any = None, *, code: int | None = None) -> None:
        """Answers. Huawei gives a device 20 seconds for it; a custom message needs no answer and takes any.

        Args:
            data: What comes with the answer; anything that JSON can hold.
            code: None when it went well, otherwise the device's own code.

        Raises:
            TypeError: The data is nothing that JSON can hold.
            StoreError: It was answered before.
            TimedOutError: The cloud was told meanwhile that it took too long.
            ConnectError: The device is closed.
        """

@final
class Reply:
    """An answer with a code of its own, for callbacks of `Device.on_command`.

    Args:
        code: 200 when it went well (Huawei is sent its own 0 for it); any other number says that it did not.
        data: What comes with the answer; anything that JSON can hold.

    Raises:
        TypeError: The data is nothing that JSON can hold.
    """

    def __new__(cls, code: int, data: Any = None) -> Self: ...
    @property
    def code(self) -> int:
        """The code."""
    @property
    def data(self) -> Any:
        """What comes with it."""

@final
class Message:
    """A message of a subscribed topic."""

    @property
    def topic(self) -> str:
        """The topic."""
    @property
    def payload(self) -> bytes:
        """The octets."""

@final
class ConnectionEvent:
    """A change of the connection, or something on it that needs attention."""

    @property
    def name(self) -> str:
        """What happened.

        `"connecting"`, `"connected"`, `"disconnected"`, `"refused"`, `"closed"`, `"photo_restarted"`,
        `"subscription_refused"`, `"command_failed"`, `"command_timed_out"`, `"overflow"`.
        """
    @property
    def reason(self) -> str | None:
        """Why, or what it is about, in words; None when there is nothing to say."""
    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt, after `"disconnected"`."""

# faceiot.local

@type_check_only
class _Endpoint(TypedDict):
    host: str
    port: int
    tls: bool | str

@final
class Cloud:
    """The local cloud: MQTT over TCP and TLS, photos, properties, commands and a page, inside this process.

    It runs from the moment it is made until `stop`; used as a context manager it stops at the end of the block. It
    checks every login, topic and limit as the real clouds do, and listens on loopback only.

    Args:
        data_dir: Where photos, properties and devices are kept; without it a temporary folder that `stop` removes. One
            folder serves one cloud at a time.
        mqtt_port: Port for MQTT over TCP; 0 takes a free one.
        mqtts_port: Port for MQTT over TLS; 0 takes a free one.
        http_port: Port for HTTP and the page; 0 takes a free one.

    Raises:
        StoreError: A port or the folder is in use.
        IoError: The folder cannot be written.

    Example:
        >>> with faceiot.local.Cloud() as cloud:
        ...     cloud.add_device("aliyun:a1B2c3D4e5F:camera", "0123456789abcdef").id
        'aliyun:a1B2c3D4e5F:camera'
    """

    def __new__(
        cls,
        data_dir: str | PathLike[str] | None = None,
        *,
        mqtt_port: int = 0,
        mqtts_port: int = 0,
        http_port: int = 0,
    ) -> Self: ...
    @property
    def data_dir(self) -> Path:
        """The folder that holds everything."""
    @property
    def mqtt_port(self) -> int:
        """Port of MQTT over TCP."""
    @property
    def mqtts_port(self) -> int:
        """Port of MQTT over TLS."""
    @property
    def http_url(self) -> str:
        """Address of the HTTP interface, which wants `token` as a bearer."""
    @property
    def page_url(self) -> str:
        """Address of the page with a code that opens it once: for a browser."""
    @property
    def ca_file(self) -> Path:
        """PEM file with the authority that signed the cloud's certificate."""
    @property
    def token(self) -> str:
        """Token of the HTTP interface. It opens everything: treat it as a password."""
    def endpoint(self, *, tls: bool = False) -> _Endpoint:
        """Where devices connect, as arguments for `Device.aliyun` and `Device.huawei`.

        Args:
            tls: The TLS listener instead of the TCP one.

        Returns:
            A dict to be spread: `Device.huawei(device_id, secret, **cloud.endpoint())`.
        """
    def add_device(self, device: str, secret: str | None = None) -> RegisteredDevice:
        """Registers a device.

        Args:
            device: `"aliyun:{product_key}:{device_name}"` or `"huawei:{device_id}"`.
            secret: Its secret; without it one is made.

        Returns:
            The device with its secret.

        Raises:
            StoreError: It is registered already.
            ArgumentError: The name is none.
        """
    def remove_device(self, device: str) -> bool:
        """Removes a device. Its photos and properties stay.

        Args:
            device: The device's name.

        Returns:
            Whether it was registered.
        """
    def devices(self) -> list[RegisteredDevice]:
        """The registered devices, with their secrets."""
    def photos(self, device: str | None = None, *, limit: int = 100) -> list[Photo]:
        """Photos that are stored, the newest first.

        Args:
            device: Only those of this device.
            limit: At most so many.

        Returns:
            The photos.
        """
    def wait_photo(
        self, device: str | None = None, *, after: Photo | None = None, timeout: float | None = None
    ) -> Photo:
        """Waits for a photo.

        Args:
            device: Only of this device.
            after: Only one that was stored after this one; without it the newest that is there counts too.
            timeout: Seconds to wait; without it for ever.

        Returns:
            The first photo after `after`, or without `after` the newest.

        Raises:
            TimedOutError: None came.
            ConnectError: The cloud was stopped.
        """
    def properties(self, device: str) -> dict[str, Any]:
        """The last values that a device reported.

        Args:
            device: The device's name.

        Returns:
            Name and value of each; Huawei's names are `{service_id}.{property}`.
        """
    def command(
        self,
        device: str,
        name: str,
        payload: Any = None,
        *,
        form: Literal["custom", "property_set", "service", "rrpc", "huawei", "huawei_property_set"]
        | str
        | None = None,
        timeout: float = 20.0,
    ) -> CommandReply:
        """Sends a command to a device and waits for its answer.

        Args:
            device: The device's name.
            name: The service or command.
            payload: Its arguments; anything that JSON can hold.
            form: How it travels: `"service"` (the default for Aliyun), `"property_set"`, `"rrpc"`, `"huawei"` (the default
                for Huawei), `"huawei_property_set"`, or `"custom"`, which nothing answers.
            timeout: Seconds to wait for the answer.

        Returns:
            The answer.

        Raises:
            NotFoundError: The device is not registered.
            ConnectError: It is not connected.
            TimedOutError: It did not answer.
            ArgumentError: The form is none, or not one of this cloud.
        """
    def publish(self, topic: str, payload: str | Buffer, *, qos: Literal[0, 1] | int = 1) -> int:
        """Publishes a message as the cloud.

        Args:
            topic: The topic.
            payload: The message; text is sent as UTF-8.
            qos: 0 or 1.

        Returns:
            How many devices subscribe to it.
        """
    def disconnect(self, device: str) -> None:
        """Cuts the connection of a device, as a bad network does. The device may come back at once.

        Args:
            device: The device's name.
        """
    def stop(self) -> None:
        """Stops the cloud.

        What is on disk stays, unless the folder was temporary. Stopping twice is fine, and in a forked child it does
        nothing.
        """
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

@final
class RegisteredDevice:
    """A device in the registry of the local cloud."""

    @property
    def id(self) -> str:
        """`aliyun:{product_key}:{device_name}` or `huawei:{device_id}`."""
    @property
    def secret(self) -> str:
        """The device secret; not in `repr()`."""

@final
class Photo:
    """A photo that the local cloud has stored."""

    @property
    def id(self) -> int:
        """Number of the photo; later ones are larger."""
    @property
    def device(self) -> str:
        """The device that sent it."""
    @property
    def time_ms(self) -> int:
        """When it was taken, in milliseconds since 1970, as the device says; 0 if it does not say."""
    @property
    def received_ms(self) -> int:
        """When all of it was here, in milliseconds since 1970."""
    @property
    def size(self) -> int:
        """Bytes."""
    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, lower-case hex."""
    @property
    def format(self) -> Literal["hex", "v2", "v2-text"]:
        """How it travelled: `"hex"`, `"v2"` or `"v2-text"`."""
    @property
    def verified(self) -> Literal["crc", "entropy", "structure", "none"]:
        """How much of it can be trusted: `"crc"`, `"entropy"`, `"structure"`, `"none"`."""
    @property
    def width(self) -> int:
        """Width in pixels."""
    @property
    def height(self) -> int:
        """Height in pixels."""
    @property
    def missing(self) -> list[tuple[int, int]]:
        """What never came, as (offset, length)."""
    @property
    def problem(self) -> str | None:
        """What is wrong with it, in words; None when nothing is."""
    @property
    def chunks(self) -> int:
        """How many chunks it came in."""
    @property
    def path(self) -> Path:
        """The file."""
    @property
    def jpeg(self) -> bytes:
        """The bytes, read from the file."""
    def frame(self) -> Frame:
        """The photo as a frame, for numpy, Pillow and notebooks.

        Returns:
            The frame.

        Raises:
            JpegError: It is not a picture.
        """
    def _repr_jpeg_(self) -> bytes: ...

@final
class CommandReply:
    """What a device answered to a command."""

    @property
    def code(self) -> int:
        """200 (Aliyun) or 0 (Huawei) when it went well, otherwise the device's own code."""
    @property
    def data(self) -> Any:
        """What came with it."""
    @property
    def seconds(self) -> float:
        """Seconds from the command to the answer."""
    @property
    def ok(self) -> bool:
        """Whether it went well."""
