# machine: UART alone, with nothing at its other end but what `feed` puts in and `written` collects.


class UART:
    UART0, UART1, UART2, UART3, UART4 = range(5)

    def __init__(self, port, baudrate=115200, databits=8, parity=0, stopbits=1, flowctl=0):
        if port not in range(5):
            raise ValueError("no such UART")
        self.written = bytearray()
        self._received = bytearray()
        self._callback = None

    def feed(self, data):
        """Octets arrive from the other end. Not in QuecPython."""
        self._received.extend(data)
        if self._callback is not None:
            self._callback([0, 0, len(data)])

    def any(self):
        return len(self._received)

    def read(self, nbytes):
        got = bytes(self._received[:nbytes])
        self._received = self._received[nbytes:]
        return got

    def write(self, data):
        self.written.extend(data.encode() if isinstance(data, str) else data)
        return len(data)

    def set_callback(self, callback):
        self._callback = callback

    def close(self):
        self._callback = None
