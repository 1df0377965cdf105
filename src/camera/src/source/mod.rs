//! Where frames come from.

mod files;
mod font;
mod testcard;

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::frame::Frame;

/// Something that gives photos, one at a time.
///
/// To add a source: write it in a file beside this one, give it a name in [`open`], and a line in the error there.
pub trait FrameSource: Send {
    /// Takes the next photo; blocks until there is one.
    ///
    /// # Errors
    /// Whatever keeps the photo from being taken. The source stays usable: the next call tries again.
    fn next(&mut self) -> Result<Frame>;

    /// What this source is, for people: `file door.jpg`, `test card 640x480`.
    fn describe(&self) -> String;
}

/// Makes a source from a short text.
///
/// | text | source |
/// |---|---|
/// | `file:door.jpg` | one photo, read anew at every call; its time is the file's |
/// | `dir:/photos` | the `.jpg` and `.jpeg` files of a folder, by name, over and over |
/// | `testcard:` or `testcard:800x600` | a drawn picture that shows its number and the time (UTC); 640x480 unless told |
///
/// # Errors
/// `InvalidArgument` for an unknown name or size. Files are looked at when a photo is taken, not here.
///
/// ```
/// let mut source = faceiot_camera::open("testcard:")?;
/// assert_eq!(source.describe(), "test card 640x480");
/// assert_ne!(source.next()?.jpeg(), source.next()?.jpeg(), "the number is part of the picture");
/// # Ok::<(), faceiot_camera::Error>(())
/// ```
pub fn open(spec: &str) -> Result<Box<dyn FrameSource>> {
    let (name, argument) = spec.split_once(':').unwrap_or((spec, ""));
    match (name, argument) {
        ("file" | "dir", "") => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{spec}` names no path: use {name}:PATH"),
        )),
        ("file", path) => Ok(Box::new(files::File::new(path))),
        ("dir", path) => Ok(Box::new(files::Folder::new(path))),
        ("testcard", "") => Ok(Box::new(testcard::TestCard::new(640, 480))),
        ("testcard", size) => {
            let (width, height) = testcard::parse_size(size)?;
            Ok(Box::new(testcard::TestCard::new(width, height)))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("no frame source is called `{name}`: use file:PATH, dir:FOLDER or testcard:[WxH]"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_that_names_no_source_or_path_is_refused() {
        for spec in [
            "",
            "camera",
            "file:",
            "dir:",
            "testcard:big",
            "testcard:0x10",
            "testcard:99999x99999",
        ] {
            let error = open(spec).err().expect(spec);
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{spec}: {error}");
        }
    }
}
