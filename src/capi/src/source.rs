//! A photo, where it is: in memory, or behind a callback that reads a flash file or a camera's buffer.

use core::ffi::c_void;

use faceiot_core::ErrorKind;

use crate::ffi::octets;

/// Reads the next `want` octets at most into `out`; sets `got` (0 at the end). Not 0: the error ends the photo.
pub type FaceiotRead =
    unsafe extern "C" fn(context: *mut c_void, out: *mut u8, want: usize, got: *mut usize) -> i32;

/// A photo that is read once, front to back.
#[repr(C)]
pub struct FaceiotSource {
    /// Reads more; NULL when the photo is in memory.
    pub read: Option<FaceiotRead>,
    /// For `read`.
    pub context: *mut c_void,
    /// The photo, when it is in memory.
    pub data: *const u8,
    /// Octets of the photo; 0 behind a callback: not known.
    pub length: usize,
    /// Octets that were read.
    pub position: usize,
}

impl FaceiotSource {
    /// Fills `out` as far as the photo goes.
    ///
    /// # Safety
    /// What the header asks of a source.
    pub(crate) unsafe fn fill(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut filled = 0;
        if let Some(read) = self.read {
            while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                let mut got = 0;
                // SAFETY: the caller's function, called as the header says.
                if unsafe { read(self.context, rest.as_mut_ptr(), rest.len(), &raw mut got) } != 0
                    || got > rest.len()
                {
                    return Err(ErrorKind::Io);
                }
                if got == 0 {
                    break;
                }
                filled += got;
            }
        } else {
            let photo = unsafe { octets(self.data, self.length) }?;
            let rest = photo.get(self.position..).unwrap_or_default();
            filled = rest.len().min(out.len());
            let (to, from) = (out.get_mut(..filled), rest.get(..filled));
            if let (Some(to), Some(from)) = (to, from) {
                to.copy_from_slice(from);
            }
        }
        self.position += filled;
        Ok(filled)
    }
}
