//! The structures and numbers of `linux/videodev2.h`, for single-planar capture and controls.
//!
//! Written by hand, so that no C header, no bindgen and no libv4l is needed to build. Where a structure of the header
//! is a union, the fields here are those of the member that capture uses. Sizes are checked below for both widths of
//! a pointer; a wrong one would also change the ioctl's number, and the kernel would refuse the call.

use libc::{_IOR, _IOW, _IOWR, Ioctl};

/// `struct v4l2_capability`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Capability {
    pub(super) driver: [u8; 16],
    pub(super) card: [u8; 32],
    pub(super) bus_info: [u8; 32],
    pub(super) version: u32,
    pub(super) capabilities: u32,
    pub(super) device_caps: u32,
    pub(super) reserved: [u32; 3],
}

/// `struct v4l2_fmtdesc`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct FormatDescription {
    pub(super) index: u32,
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) description: [u8; 32],
    pub(super) fourcc: u32,
    pub(super) mbus_code: u32,
    pub(super) reserved: [u32; 3],
}

/// `struct v4l2_frmsizeenum`: `values` are width and height (discrete), or the least, the greatest and the step of
/// the width, then of the height.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct FrameSize {
    pub(super) index: u32,
    pub(super) fourcc: u32,
    pub(super) kind: u32,
    pub(super) values: [u32; 6],
    pub(super) reserved: [u32; 2],
}

/// `struct v4l2_frmivalenum`: `values` are one fraction of a second (discrete), or the shortest, the longest and the
/// step.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct FrameInterval {
    pub(super) index: u32,
    pub(super) fourcc: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) kind: u32,
    pub(super) values: [u32; 6],
    pub(super) reserved: [u32; 2],
}

/// `struct v4l2_format` with `struct v4l2_pix_format`. The union of the header holds pointers, so that it begins at
/// a multiple of a pointer's size.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) kind: u32,
    #[cfg(target_pointer_width = "64")]
    pub(super) padding: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) fourcc: u32,
    pub(super) field: u32,
    pub(super) stride: u32,
    pub(super) octets: u32,
    pub(super) colorspace: u32,
    pub(super) private: u32,
    pub(super) flags: u32,
    pub(super) encoding: u32,
    pub(super) quantization: u32,
    pub(super) transfer: u32,
    pub(super) rest: [u8; 152],
}

impl Format {
    pub(super) const fn new(fourcc: u32, width: u32, height: u32) -> Self {
        Self {
            kind: CAPTURE,
            #[cfg(target_pointer_width = "64")]
            padding: 0,
            width,
            height,
            fourcc,
            field: FIELD_ANY,
            stride: 0,
            octets: 0,
            colorspace: 0,
            private: 0,
            flags: 0,
            encoding: 0,
            quantization: 0,
            transfer: 0,
            rest: [0; 152],
        }
    }
}

/// `struct v4l2_streamparm` with `struct v4l2_captureparm`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct StreamParameters {
    pub(super) kind: u32,
    pub(super) capability: u32,
    pub(super) mode: u32,
    /// Seconds for a frame: numerator and denominator.
    pub(super) interval: [u32; 2],
    pub(super) extended: u32,
    pub(super) read_buffers: u32,
    pub(super) rest: [u8; 176],
}

impl StreamParameters {
    pub(super) const fn new(interval: [u32; 2]) -> Self {
        Self {
            kind: CAPTURE,
            capability: 0,
            mode: 0,
            interval,
            extended: 0,
            read_buffers: 0,
            rest: [0; 176],
        }
    }
}

/// `struct v4l2_requestbuffers`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RequestBuffers {
    pub(super) count: u32,
    pub(super) kind: u32,
    pub(super) memory: u32,
    pub(super) capabilities: u32,
    pub(super) flags: u32,
}

/// `struct v4l2_buffer`, its union being the offset of mapped memory.
///
/// `timestamp` is 64 bits wide on every machine: 32-bit kernels know this structure by an ioctl number of its own
/// since Linux 5.6 (the one with 32-bit seconds, which ends in 2038, has another).
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Buffer {
    pub(super) index: u32,
    pub(super) kind: u32,
    pub(super) used: u32,
    pub(super) flags: u32,
    pub(super) field: u32,
    /// Seconds and microseconds.
    pub(super) timestamp: [i64; 2],
    pub(super) timecode: [u32; 4],
    pub(super) sequence: u32,
    pub(super) memory: u32,
    pub(super) offset: u32,
    #[cfg(target_pointer_width = "64")]
    pub(super) offset_padding: u32,
    pub(super) length: u32,
    pub(super) reserved: u32,
    pub(super) request: u32,
}

/// `struct v4l2_queryctrl`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct QueryControl {
    pub(super) id: u32,
    pub(super) kind: u32,
    pub(super) name: [u8; 32],
    pub(super) minimum: i32,
    pub(super) maximum: i32,
    pub(super) step: i32,
    pub(super) default: i32,
    pub(super) flags: u32,
    pub(super) reserved: [u32; 2],
}

/// `struct v4l2_querymenu`: `name` is the item's text, or its number in the first eight octets (integer menus).
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct QueryMenu {
    pub(super) id: u32,
    pub(super) index: u32,
    pub(super) name: [u8; 32],
    pub(super) reserved: u32,
}

/// `struct v4l2_control`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct ControlValue {
    pub(super) id: u32,
    pub(super) value: i32,
}

const V: u32 = b'V' as u32;
pub(super) const VIDIOC_QUERYCAP: Ioctl = _IOR::<Capability>(V, 0);
pub(super) const VIDIOC_ENUM_FMT: Ioctl = _IOWR::<FormatDescription>(V, 2);
pub(super) const VIDIOC_S_FMT: Ioctl = _IOWR::<Format>(V, 5);
pub(super) const VIDIOC_REQBUFS: Ioctl = _IOWR::<RequestBuffers>(V, 8);
pub(super) const VIDIOC_QUERYBUF: Ioctl = _IOWR::<Buffer>(V, 9);
pub(super) const VIDIOC_QBUF: Ioctl = _IOWR::<Buffer>(V, 15);
pub(super) const VIDIOC_DQBUF: Ioctl = _IOWR::<Buffer>(V, 17);
pub(super) const VIDIOC_STREAMON: Ioctl = _IOW::<u32>(V, 18);
pub(super) const VIDIOC_STREAMOFF: Ioctl = _IOW::<u32>(V, 19);
pub(super) const VIDIOC_S_PARM: Ioctl = _IOWR::<StreamParameters>(V, 22);
pub(super) const VIDIOC_G_CTRL: Ioctl = _IOWR::<ControlValue>(V, 27);
pub(super) const VIDIOC_S_CTRL: Ioctl = _IOWR::<ControlValue>(V, 28);
pub(super) const VIDIOC_QUERYCTRL: Ioctl = _IOWR::<QueryControl>(V, 36);
pub(super) const VIDIOC_QUERYMENU: Ioctl = _IOWR::<QueryMenu>(V, 37);
pub(super) const VIDIOC_ENUM_FRAMESIZES: Ioctl = _IOWR::<FrameSize>(V, 74);
pub(super) const VIDIOC_ENUM_FRAMEINTERVALS: Ioctl = _IOWR::<FrameInterval>(V, 75);

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`, single-planar.
pub(super) const CAPTURE: u32 = 1;
/// `V4L2_MEMORY_MMAP`.
pub(super) const MMAP: u32 = 1;
/// `V4L2_FIELD_ANY`: the driver chooses; webcams are progressive.
const FIELD_ANY: u32 = 0;
/// `V4L2_FIELD_SEQ_TB`, `V4L2_FIELD_SEQ_BT`, `V4L2_FIELD_ALTERNATE`: the odd and the even lines apart from each other.
pub(super) const FIELDS_APART: [u32; 3] = [5, 6, 7];

/// `V4L2_COLORSPACE_JPEG`: sRGB with values over the full range.
pub(super) const COLORSPACE_JPEG: u32 = 7;
/// `V4L2_QUANTIZATION_FULL_RANGE` and `V4L2_QUANTIZATION_LIM_RANGE`.
pub(super) const FULL_RANGE: u32 = 1;
pub(super) const LIMITED_RANGE: u32 = 2;

/// `V4L2_CAP_*`.
pub(super) mod cap {
    pub(crate) const VIDEO_CAPTURE: u32 = 0x0000_0001;
    pub(crate) const VIDEO_CAPTURE_MPLANE: u32 = 0x0000_1000;
    pub(crate) const VIDEO_M2M_MPLANE: u32 = 0x0000_4000;
    pub(crate) const VIDEO_M2M: u32 = 0x0000_8000;
    pub(crate) const META_CAPTURE: u32 = 0x0080_0000;
    pub(crate) const STREAMING: u32 = 0x0400_0000;
    pub(crate) const IO_MC: u32 = 0x2000_0000;
    pub(crate) const DEVICE_CAPS: u32 = 0x8000_0000;
}

/// `V4L2_FRMSIZE_TYPE_*` and `V4L2_FRMIVAL_TYPE_*`; continuous is stepwise with a step of one.
pub(super) mod range {
    pub(crate) const DISCRETE: u32 = 1;
    pub(crate) const CONTINUOUS: u32 = 2;
    pub(crate) const STEPWISE: u32 = 3;
}

/// `V4L2_BUF_FLAG_*`.
pub(super) mod flag {
    pub(crate) const ERROR: u32 = 0x0000_0040;
    pub(crate) const TIMESTAMP_MASK: u32 = 0x0000_e000;
    pub(crate) const TIMESTAMP_MONOTONIC: u32 = 0x0000_2000;
}

/// `V4L2_CTRL_TYPE_*`.
pub(super) mod control {
    pub(crate) const INTEGER: u32 = 1;
    pub(crate) const BOOLEAN: u32 = 2;
    pub(crate) const MENU: u32 = 3;
    pub(crate) const BUTTON: u32 = 4;
    pub(crate) const BITMASK: u32 = 8;
    pub(crate) const INTEGER_MENU: u32 = 9;

    /// `V4L2_CTRL_FLAG_*`.
    pub(crate) const DISABLED: u32 = 0x0001;
    /// In use by somebody else for the moment.
    pub(crate) const GRABBED: u32 = 0x0002;
    pub(crate) const READ_ONLY: u32 = 0x0004;
    pub(crate) const INACTIVE: u32 = 0x0010;
    pub(crate) const WRITE_ONLY: u32 = 0x0040;
    pub(crate) const NEXT: u32 = 0x8000_0000;
}

// The sizes that the kernel's header gives each structure, for the pointers of this machine: those that a C compiler
// computes for x86-64, and with 64-bit time for 32-bit ARM and 32-bit x86.
const _: () = {
    let wide = size_of::<usize>() == 8;
    assert!(size_of::<Capability>() == 104);
    assert!(size_of::<FormatDescription>() == 64);
    assert!(size_of::<FrameSize>() == 44);
    assert!(size_of::<FrameInterval>() == 52);
    assert!(size_of::<Format>() == if wide { 208 } else { 204 });
    assert!(size_of::<StreamParameters>() == 204);
    assert!(size_of::<RequestBuffers>() == 20);
    // 32-bit ARM aligns 64-bit integers to eight octets, 32-bit x86 to four.
    let narrow = if align_of::<i64>() == 8 { 80 } else { 76 };
    assert!(size_of::<Buffer>() == if wide { 88 } else { narrow });
    assert!(std::mem::offset_of!(Buffer, sequence) == if narrow == 80 { 56 } else { 52 });
    assert!(std::mem::offset_of!(Format, width) == size_of::<usize>());
    assert!(std::mem::offset_of!(Format, quantization) == 40 + size_of::<usize>());
    assert!(std::mem::offset_of!(Buffer, offset) == 8 + std::mem::offset_of!(Buffer, sequence));
    assert!(size_of::<QueryControl>() == 68);
    assert!(size_of::<QueryMenu>() == 44);
    assert!(size_of::<ControlValue>() == 8);
};

#[cfg(test)]
mod tests {
    use super::*;

    /// As a C program prints them that includes `linux/videodev2.h` of Linux 6.1; 64-bit ARM has the same.
    #[test]
    #[cfg(all(target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn ioctl_numbers_are_the_kernels() {
        for (ours, kernels) in [
            (VIDIOC_QUERYCAP, 0x8068_5600_u64),
            (VIDIOC_ENUM_FMT, 0xc040_5602),
            (VIDIOC_S_FMT, 0xc0d0_5605),
            (VIDIOC_REQBUFS, 0xc014_5608),
            (VIDIOC_QUERYBUF, 0xc058_5609),
            (VIDIOC_QBUF, 0xc058_560f),
            (VIDIOC_DQBUF, 0xc058_5611),
            (VIDIOC_STREAMON, 0x4004_5612),
            (VIDIOC_STREAMOFF, 0x4004_5613),
            (VIDIOC_S_PARM, 0xc0cc_5616),
            (VIDIOC_G_CTRL, 0xc008_561b),
            (VIDIOC_S_CTRL, 0xc008_561c),
            (VIDIOC_QUERYCTRL, 0xc044_5624),
            (VIDIOC_QUERYMENU, 0xc02c_5625),
            (VIDIOC_ENUM_FRAMESIZES, 0xc02c_564a),
            (VIDIOC_ENUM_FRAMEINTERVALS, 0xc034_564b),
        ] {
            assert_eq!(ours, kernels, "{kernels:#x}");
        }
    }
}
