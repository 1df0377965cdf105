# Logs in with a heap that is full but for a few blocks, more of them each time, and looks for the password in what a login
# without room has left behind. Runs inside MicroPython where `_faceiot` can be imported.
import gc

import _faceiot
import uctypes

PASSWORD = (67, 54, 69, 51, 49, 52, 65, 48)  # how it begins; as text it would be found here


def fill():
    global hold, low, high
    try:
        while True:
            hold = (hold, None)
            low = min(low, id(hold))
            high = max(high, id(hold))
    except MemoryError:
        pass


def found():
    count = 0
    for i in range(high - low - len(PASSWORD)):
        if heap[i] == PASSWORD[0] and heap[i + 1] == PASSWORD[1]:
            n = 2
            while n < len(PASSWORD) and heap[i + n] == PASSWORD[n]:
                n += 1
            count += n == len(PASSWORD)
    return count


hold = result = None
low, high = 1 << 60, 0
fill()
hold = None
gc.collect()
heap = uctypes.bytearray_at(low, high - low)
blocks = refused = 0
while result is None:
    blocks += 3
    fill()
    for _ in range(blocks):
        hold = hold[0]
    gc.collect()
    try:
        result = _faceiot.aliyun_login(0, "p", "d", "s", None, None, "", "cn-shanghai", None, 3, 1883, True)
    except MemoryError:
        refused += 1
        assert found() == 0, "a password stayed behind with %d blocks free" % blocks
hold = None
assert result[4].startswith("C6E3"), result
print(refused, "refused, then", found())
