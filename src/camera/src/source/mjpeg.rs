//! A recorded stream of JPEGs: what `rpicam-vid --codec mjpeg -o FILE` and `ffmpeg -c copy FILE.mjpeg` write.

use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::PathBuf;

use faceiot_core::ErrorKind;

use crate::camera::now_ms;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::jpeg::{self, Splitter};
use crate::source::files::open_regular;
use crate::source::{FrameSource, Lost, MAX_JPEG, NO_PICTURE};

/// The pictures of a file, one after the other, over and over.
pub(crate) struct Recording {
    path: PathBuf,
    playing: Option<Playing>,
    lost: Lost,
}

struct Playing {
    file: fs::File,
    splitter: Splitter,
    /// What the splitter threw away and was counted already.
    counted: u64,
    pictures: u64,
}

impl Recording {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            playing: None,
            lost: Lost::default(),
        }
    }

    /// The next picture, from the start again after the last one.
    fn picture(&mut self) -> Result<Vec<u8>> {
        let path = &self.path;
        let failed = |error: std::io::Error| Error::file(path, &error);
        let mut playing = match self.playing.take() {
            Some(playing) => playing,
            None => Playing {
                file: open_regular(path)?,
                splitter: Splitter::new(MAX_JPEG),
                counted: 0,
                pictures: 0,
            },
        };
        let mut piece = vec![0; 64 << 10];
        loop {
            if let Some(picture) = playing.splitter.next() {
                self.lost.damaged += playing.splitter.damaged() - playing.counted;
                playing.counted = playing.splitter.damaged();
                playing.pictures += 1;
                self.playing = Some(playing);
                return Ok(picture);
            }
            if playing.splitter.between() > NO_PICTURE {
                let words = format!(
                    "`{}` is no recording: {NO_PICTURE} octets without a JPEG",
                    path.display()
                );
                return Err(Error::new(ErrorKind::Jpeg, words));
            }
            let read = playing.file.read(&mut piece).map_err(failed)?;
            playing.splitter.push(piece.get(..read).unwrap_or_default());
            if read == 0 {
                if playing.pictures == 0 {
                    let words = format!("`{}` holds no whole JPEG", path.display());
                    return Err(Error::new(ErrorKind::Jpeg, words));
                }
                playing.file.rewind().map_err(failed)?;
                playing.splitter = Splitter::new(MAX_JPEG);
                playing.counted = 0;
                playing.pictures = 0;
            }
        }
    }
}

impl FrameSource for Recording {
    fn next(&mut self) -> Result<Frame> {
        loop {
            let picture = self.picture()?;
            match jpeg::repair(&picture) {
                Ok(whole) => {
                    return Ok(Frame::from_jpeg(whole)?
                        .with_time_ms(now_ms())
                        .with_source(self.path.display().to_string()));
                }
                Err(error) => {
                    self.lost.damaged += 1;
                    if self.lost.damaged > DAMAGED_AT_MOST {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn describe(&self) -> String {
        format!("recording {}", self.path.display())
    }

    fn lost(&self) -> Lost {
        self.lost
    }
}

/// A file of nothing but damaged pictures must not be read for ever.
const DAMAGED_AT_MOST: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_file_without_a_picture_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.mjpeg");
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = Recording::new(&path).next().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Jpeg);
        assert!(error.to_string().contains("is no recording"), "{error}");
    }
}
