//! Photos that are files already.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::source::FrameSource;

/// One file, read anew at every call (another program may be writing it).
pub(crate) struct File {
    path: PathBuf,
}

impl File {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl FrameSource for File {
    fn next(&mut self) -> Result<Frame> {
        read(&self.path)
    }

    fn describe(&self) -> String {
        format!("file {}", self.path.display())
    }
}

/// The JPEG files of a folder, by name, over and over; the folder is listed anew at every call, so that photos may
/// come and go.
pub(crate) struct Folder {
    path: PathBuf,
    last: Option<PathBuf>,
}

impl Folder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            last: None,
        }
    }

    /// The first photo whose name comes after the last one's; the very first when there is none.
    fn pick(&self) -> Result<PathBuf> {
        let entries = fs::read_dir(&self.path).map_err(|error| Error::file(&self.path, &error))?;
        let (mut first, mut after): (Option<PathBuf>, Option<PathBuf>) = (None, None);
        for entry in entries {
            let path = entry.map_err(|error| Error::file(&self.path, &error))?.path();
            if !is_jpeg(&path) {
                continue;
            }
            if first.as_ref().is_none_or(|first| path < *first) {
                first = Some(path.clone());
            }
            let is_later = self.last.as_ref().is_some_and(|last| path > *last);
            if is_later && after.as_ref().is_none_or(|after| path < *after) {
                after = Some(path);
            }
        }
        after.or(first).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("`{}` holds no .jpg or .jpeg file", self.path.display()),
            )
        })
    }
}

impl FrameSource for Folder {
    fn next(&mut self) -> Result<Frame> {
        let path = self.pick()?;
        let frame = read(&path);
        self.last = Some(path); // also when it cannot be read: one bad file must not stop the others
        frame
    }

    fn describe(&self) -> String {
        format!("folder {}", self.path.display())
    }
}

fn is_jpeg(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("jpg") || ext.eq_ignore_ascii_case("jpeg"))
}

/// Opens what has an end: a FIFO would keep us until somebody writes to it, a device may go on for ever.
pub(super) fn open_regular(path: &Path) -> Result<fs::File> {
    let failed = |error: std::io::Error| Error::file(path, &error);
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        let is = if metadata.is_dir() {
            "is a folder: use dir:FOLDER"
        } else {
            "is no regular file: write what comes from it into one first"
        };
        let words = format!("`{}` {is}", path.display());
        return Err(Error::new(ErrorKind::InvalidArgument, words));
    }
    fs::File::open(path).map_err(failed)
}

fn read(path: &Path) -> Result<Frame> {
    let failed = |error: std::io::Error| Error::file(path, &error);
    let file = open_regular(path)?;
    let metadata = file.metadata().map_err(failed)?;
    let mut octets = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut octets).map_err(failed)?;
    if octets.len() as u64 > MAX_FILE {
        let message = format!("`{}` is larger than {MAX_FILE} octets", path.display());
        return Err(Error::new(ErrorKind::FrameTooLarge, message));
    }
    let taken = metadata
        .modified()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let time_ms = taken.map_or(0, |since| since.as_millis() as u64);
    let frame = Frame::from_jpeg(octets)
        .map_err(|error| Error::new(error.kind, format!("`{}`: {error}", path.display())))?;
    Ok(frame
        .with_time_ms(time_ms)
        .with_source(path.display().to_string()))
}

/// No photo that a chunk format can carry to a cloud is larger; a wrong path must not fill the memory.
const MAX_FILE: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn photos() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/photos")
    }

    #[test]
    fn a_file_is_read_with_its_time() {
        let path = photos().join("camera.jpg");
        let mut source = crate::open(&format!("file:{}", path.display())).unwrap();
        let frame = source.next().unwrap();
        assert_eq!(frame.jpeg().unwrap(), fs::read(&path).unwrap());
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(
            u128::from(frame.time_ms()),
            modified.duration_since(UNIX_EPOCH).unwrap().as_millis()
        );
        assert!(frame.source().ends_with("camera.jpg"));
    }

    #[test]
    fn a_file_that_is_missing_or_no_jpeg_is_named() {
        let missing = crate::open("file:/nowhere/x.jpg").unwrap().next().unwrap_err();
        assert_eq!(missing.kind, ErrorKind::NotFound);
        assert!(missing.to_string().contains("/nowhere/x.jpg"));
        let readme = File::new(photos().join("README.md")).next().unwrap_err();
        assert_eq!(readme.kind, ErrorKind::Jpeg);
        assert!(readme.to_string().contains("README.md"));
    }

    #[test]
    fn a_folder_gives_its_photos_by_name_over_and_over() {
        let mut source = Folder::new(photos());
        let names: Vec<String> = (0..6)
            .map(|_| {
                source
                    .next()
                    .unwrap()
                    .source()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(
            names,
            [
                "astronaut.jpg",
                "camera.jpg",
                "chelsea.jpg",
                "coffee.jpg",
                "rocket.jpg",
                "astronaut.jpg"
            ]
        );
    }

    #[test]
    fn a_bad_photo_in_a_folder_does_not_stop_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.jpg"), "not a photo").unwrap();
        fs::copy(photos().join("camera.jpg"), folder.path().join("b.JPEG")).unwrap();
        let mut source = Folder::new(folder.path());
        assert_eq!(source.next().unwrap_err().kind, ErrorKind::Jpeg);
        assert_eq!(
            (source.next().unwrap().width(), source.next().is_err()),
            (512, true)
        );
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_regular_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo.jpg");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        for spec in [
            format!("file:{}", fifo.display()),
            format!("dir:{}", folder.path().display()),
            format!("mjpeg:{}", fifo.display()),
            "mjpeg:/dev/zero".into(),
            "file:/dev/zero".into(),
        ] {
            let error = crate::open(&spec).unwrap().next().unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{spec}");
            assert!(error.to_string().contains("is no regular file"), "{error}");
        }
        let error = File::new(folder.path()).next().unwrap_err();
        assert!(
            error.to_string().ends_with("is a folder: use dir:FOLDER"),
            "{error}"
        );
    }

    #[test]
    fn an_empty_folder_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            Folder::new(folder.path()).next().unwrap_err().kind,
            ErrorKind::NotFound
        );
    }

    #[test]
    fn a_huge_file_is_refused_without_reading_it_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.jpg");
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(
            File::new(&path).next().unwrap_err().kind,
            ErrorKind::FrameTooLarge
        );
    }
}
