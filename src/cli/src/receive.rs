//! `faceiot receive`: the photos of the local cloud, into a folder, as they arrive.
//!
//! The event stream only says *when* to look; what is new is asked for by number. So a photo that comes while the stream is down
//! is not missed, and none is written twice.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use faceiot::http::Client;
use faceiot::{DeviceId, ErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::percent_encoded;
use crate::failure::Failure;
use crate::out::Output;
use crate::place::{CloudArgs, unreachable_cloud, write_private};
use crate::send::sha256;

/// Options of `faceiot receive`.
#[derive(Args, Debug)]
pub(crate) struct ReceiveCommand {
    /// Where the photos go; made when it is not there
    #[arg(value_name = "FOLDER", default_value = "photos")]
    folder: PathBuf,
    /// Only the photos of this device
    #[arg(long)]
    device: Option<DeviceId>,
    /// Stop after so many photos
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Begin with the photos that are there already
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot receive                                           into ./photos, until Ctrl-C
  faceiot receive album --device huawei:61e6d1_cam --count 1
  faceiot receive album --all --json";

/// What is used of a photo's row.
#[derive(Deserialize)]
struct Row {
    id: i64,
    device: DeviceId,
    received: u64,
    sha256: String,
    #[serde(default)]
    problem: Option<String>,
}

/// Runs `faceiot receive`.
pub(crate) async fn run(command: ReceiveCommand, out: Output) -> Result<(), Failure> {
    let client = command.cloud.client()?;
    std::fs::create_dir_all(&command.folder).map_err(|error| {
        Failure::from(faceiot::Error::from(error)).at(format_args!("`{}`", command.folder.display()))
    })?;
    // The first look tells a wrong address or token at once; later the cloud may come and go.
    let newest: Vec<Row> = client
        .get_json("/api/photos?limit=1")
        .await
        .map_err(unreachable_cloud)?;
    let mut reader = Reader {
        client,
        after: if command.all {
            0
        } else {
            newest.first().map_or(0, |row| row.id)
        },
        left: command.count.unwrap_or(u64::MAX),
        folder: &command.folder,
        device: command.device.as_ref(),
        out,
    };
    let mut pause = FIRST_PAUSE;
    loop {
        match reader.follow(&mut pause).await {
            Ok(Done::Enough) => return Ok(()),
            Ok(Done::StreamEnded) => tracing::warn!("the local cloud went away; waiting for it"),
            Err(Trouble::Ours(failure)) => return Err(failure),
            Err(Trouble::Theirs(error)) => tracing::warn!("{error}; trying again in {} s", pause.as_secs()),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Reader<'a> {
    client: Client,
    /// The number of the last photo that is written, or that was there before.
    after: i64,
    left: u64,
    folder: &'a Path,
    device: Option<&'a DeviceId>,
    out: Output,
}

enum Done {
    Enough,
    StreamEnded,
}

/// Whose trouble it is: with the cloud it is worth trying again, with this folder it is not.
enum Trouble {
    Ours(Failure),
    Theirs(faceiot::Error),
}

impl Reader<'_> {
    async fn follow(&mut self, pause: &mut Duration) -> Result<Done, Trouble> {
        // The stream first, then the look: what comes in between is in both.
        let mut events = self.client.events("/api/events").await.map_err(theirs)?;
        loop {
            if self.catch_up().await? {
                return Ok(Done::Enough);
            }
            *pause = FIRST_PAUSE;
            loop {
                // A look now and then costs little and forgives a stream that lies dead without saying so.
                match tokio::time::timeout(LOOK_ANYWAY, events.next()).await {
                    Err(_) => break,
                    Ok(Ok(Some(event))) if event.event == "photo" => break,
                    Ok(Ok(Some(_))) => {}
                    Ok(Ok(None)) => return Ok(Done::StreamEnded),
                    Ok(Err(error)) => return Err(Trouble::Theirs(error)),
                }
            }
        }
    }

    /// Writes all that is new; says whether it was enough.
    async fn catch_up(&mut self) -> Result<bool, Trouble> {
        loop {
            let device = self
                .device
                .map(|id| format!("&device={}", percent_encoded(&id.to_string())))
                .unwrap_or_default();
            let path = format!("/api/photos?after={}&limit={PAGE}{device}", self.after);
            let rows: Vec<Value> = self.client.get_json(&path).await.map_err(theirs)?;
            if rows.is_empty() {
                return Ok(false);
            }
            for value in rows {
                if self.write(value).await? {
                    self.left -= 1;
                }
                if self.left == 0 {
                    return Ok(true);
                }
            }
        }
    }

    /// Writes one photo; says whether there was a file to write.
    async fn write(&mut self, value: Value) -> Result<bool, Trouble> {
        let row = Row::deserialize(&value).map_err(|error| {
            Trouble::Ours(Failure::new(
                ErrorKind::Json,
                format!("the local cloud's answer: {error}"),
            ))
        })?;
        let image = match self
            .client
            .get_bytes(&format!("/api/photos/{}/image", row.id))
            .await
        {
            Ok(image) => image,
            // Of a photo that did not arrive whole there may be a row and no file.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.after = row.id;
                let problem = row.problem.unwrap_or_else(|| error.to_string());
                tracing::warn!("photo {} of {} has no file: {problem}", row.id, row.device);
                return Ok(false);
            }
            Err(error) => return Err(theirs(error)),
        };
        if sha256(&image) != row.sha256 {
            let failure = Failure::new(
                ErrorKind::FrameCrc,
                format!("photo {} is not what its row says", row.id),
            );
            return Err(Trouble::Ours(failure.todo("look at the local cloud's disk")));
        }
        let path = self.folder.join(file_name(&row));
        write_private(&path, &image).map_err(Trouble::Ours)?;
        self.after = row.id;
        let told = if self.out.json {
            self.out.json(&json!({"file": path, "photo": value}))
        } else {
            let problem = row
                .problem
                .map(|problem| format!("   {problem}"))
                .unwrap_or_default();
            self.out.line(format!("{}{problem}", path.display()))
        };
        told.map(|()| true).map_err(Trouble::Ours)
    }
}

/// When, who, which: sorts by time, and holds nothing that a file system could take for more than a name.
fn file_name(row: &Row) -> String {
    let time = i64::try_from(row.received)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(String::new, |time| time.strftime("%Y%m%dT%H%M%SZ_").to_string());
    let device: String = row
        .device
        .to_string()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_@.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    format!("{time}{device}_{}.jpg", row.id)
}

fn theirs(error: faceiot::Error) -> Trouble {
    if error.kind() == ErrorKind::Refused || error.kind() == ErrorKind::Config {
        return Trouble::Ours(unreachable_cloud(error));
    }
    Trouble::Theirs(error)
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const LOOK_ANYWAY: Duration = Duration::from_secs(30);
const PAGE: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_only_a_name_whatever_the_device_is_called() {
        let row = |device: &str| Row {
            id: 7,
            device: device.parse().unwrap(),
            received: 1_767_323_045_000,
            sha256: String::new(),
            problem: None,
        };
        assert_eq!(
            file_name(&row("aliyun:pk:door:1")),
            "20260102T030405Z_aliyun-pk-door-1_7.jpg"
        );
        assert_eq!(
            file_name(&row("huawei:a\\b*")),
            "20260102T030405Z_huawei-a-b-_7.jpg"
        );
    }
}
