"""What participants without camera and microphone send: a picture of one hue with a bar that moves, and a tone."""

import array
import asyncio
import fractions
import math
import time

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

_WIDTH, _HEIGHT, _FRAMES_PER_S = 320, 240, 20
_BAR_ROWS = 24
_GREY, _WHITE = 90, 220
_SAMPLES_PER_S, _SAMPLES = 48_000, 960  # 20 ms


class _Paced(MediaStreamTrack):
    """Gives a frame every `period_s`, on a clock that does not drift with the work between."""

    period_s = 1.0

    def __init__(self):
        super().__init__()
        self._began = 0.0
        self._number = -1

    async def next_number(self) -> int:
        if self.readyState != "live":
            raise MediaStreamError
        self._number += 1
        self._began = self._began or time.monotonic()
        await asyncio.sleep(self._began + self._number * self.period_s - time.monotonic())
        return self._number


class Picture(_Paced):
    """`hue`: 0 to 255, of the chroma planes; hue_of() finds it again on the other side."""

    kind = "video"
    period_s = 1 / _FRAMES_PER_S

    def __init__(self, hue: int):
        super().__init__()
        self._hue = hue

    async def recv(self) -> av.VideoFrame:
        number = await self.next_number()
        frame = av.VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
        luma, blue, red = frame.planes
        top = number * 4 % (_HEIGHT - _BAR_ROWS) * luma.line_size
        rows = bytearray([_GREY]) * luma.buffer_size
        rows[top:top + _BAR_ROWS * luma.line_size] = bytes([_WHITE]) * (_BAR_ROWS * luma.line_size)
        luma.update(bytes(rows))
        blue.update(bytes([self._hue]) * blue.buffer_size)
        red.update(bytes([255 - self._hue]) * red.buffer_size)
        frame.pts, frame.time_base = number, fractions.Fraction(1, _FRAMES_PER_S)
        return frame


class Tone(_Paced):
    kind = "audio"
    period_s = _SAMPLES / _SAMPLES_PER_S

    def __init__(self, hertz: float):
        super().__init__()
        self._step = 2 * math.pi * hertz / _SAMPLES_PER_S

    async def recv(self) -> av.AudioFrame:
        first = await self.next_number() * _SAMPLES
        frame = av.AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
        wave = (int(8_000 * math.sin((first + i) * self._step)) for i in range(_SAMPLES))
        frame.planes[0].update(array.array("h", wave).tobytes())
        frame.sample_rate = _SAMPLES_PER_S
        frame.pts, frame.time_base = first, fractions.Fraction(1, _SAMPLES_PER_S)
        return frame


def hue_of(frame: av.VideoFrame) -> int:
    """As a decoder sees it: within a few of the sender's."""
    blue = memoryview(frame.planes[1])
    return blue[len(blue) // 2]
