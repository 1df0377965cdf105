//! Brightness, exposure, focus and their kin.

use std::path::Path;

use faceiot_core::ErrorKind;

use super::abi::{self, control};
use super::device::{Call, Device};
use super::identity::{is_unknown, text};
use super::problem;
use crate::Control;
use crate::error::{Error, Result};

/// Every control that has a whole number for a value. Texts, arrays and types that newer kernels may bring are left
/// out.
pub(super) fn list(device: &mut dyn Device, path: &Path) -> Result<Vec<Control>> {
    let mut found = Vec::new();
    for query in queries(device, path)? {
        let is_button = query.kind == control::BUTTON;
        let mut current = abi::ControlValue {
            id: query.id,
            value: query.default,
        };
        // A value that cannot be read now (write-only, or the camera is busy) does not hide the control.
        if !is_button && query.flags & control::WRITE_ONLY == 0 {
            let _ = device.call(Call::Control(&mut current));
        }
        found.push(Control {
            name: name(&query),
            value: if is_button { 0 } else { i64::from(current.value) },
            minimum: i64::from(query.minimum),
            maximum: i64::from(query.maximum),
            step: i64::from(query.step),
            default: i64::from(query.default),
            choices: choices(device, &query),
            writable: query.flags & (control::READ_ONLY | control::INACTIVE | control::GRABBED) == 0,
        });
    }
    Ok(found)
}

/// Sets a control by the name that [`list`] gives it; any value presses a button.
pub(super) fn set(device: &mut dyn Device, path: &Path, wanted: &str, value: i64) -> Result<()> {
    let wrong = |message| Err(Error::new(ErrorKind::InvalidArgument, message));
    let queries = queries(device, path)?;
    let Some(query) = queries.iter().find(|query| name(query) == wanted) else {
        let names: Vec<String> = queries.iter().map(name).collect();
        return wrong(format!(
            "`{}` has no control `{wanted}`; it has: {}",
            path.display(),
            names.join(", ")
        ));
    };
    if query.flags & control::READ_ONLY != 0 {
        return wrong(format!("`{wanted}` can only be read"));
    }
    let limits = i64::from(query.minimum)..=i64::from(query.maximum);
    // A bit mask's largest value is a mask, and its sign bit a bit.
    let is_free = matches!(query.kind, control::BUTTON | control::BITMASK);
    if !is_free && !limits.contains(&value) {
        return wrong(format!(
            "`{wanted}` is {} to {}, not {value}",
            limits.start(),
            limits.end()
        ));
    }
    let Ok(value) = i32::try_from(value) else {
        return wrong(format!("`{wanted}` takes no number as large as {value}"));
    };
    device
        .call(Call::SetControl(&mut abi::ControlValue { id: query.id, value }))
        .map_err(|error| match error.raw_os_error() {
            Some(libc::EINVAL | libc::ERANGE) => Error::new(
                ErrorKind::InvalidArgument,
                format!("`{}` refuses {value} for `{wanted}`", path.display()),
            ),
            Some(libc::EACCES | libc::EBUSY) => Error::new(
                ErrorKind::Camera,
                format!(
                    "`{wanted}` cannot be set now: another control (such as an automatic mode) has the say"
                ),
            ),
            _ => problem::failed(path, &format!("setting `{wanted}`"), &error),
        })
}

fn queries(device: &mut dyn Device, path: &Path) -> Result<Vec<abi::QueryControl>> {
    let mut found = Vec::new();
    let mut last = 0;
    for _ in 0..MOST_CONTROLS {
        let mut query = abi::QueryControl {
            id: last | control::NEXT,
            ..abi::QueryControl::default()
        };
        match device.call(Call::QueryControl(&mut query)) {
            Ok(()) => {}
            Err(error) if is_unknown(&error) => break,
            Err(error) => return Err(problem::failed(path, "asking for its controls", &error)),
        }
        if query.id <= last {
            break; // a driver that does not know "next" would go round for ever
        }
        last = query.id;
        let is_number = matches!(
            query.kind,
            control::INTEGER
                | control::BOOLEAN
                | control::MENU
                | control::BUTTON
                | control::BITMASK
                | control::INTEGER_MENU
        );
        if is_number && query.flags & control::DISABLED == 0 {
            found.push(query);
        }
    }
    Ok(found)
}

/// The items of a menu; a driver may leave numbers out.
fn choices(device: &mut dyn Device, query: &abi::QueryControl) -> Vec<(i64, String)> {
    if !matches!(query.kind, control::MENU | control::INTEGER_MENU) {
        return Vec::new();
    }
    let indices = (query.minimum.max(0)..=query.maximum).take(MOST_CHOICES);
    let mut found = Vec::new();
    for index in indices {
        let mut item = abi::QueryMenu {
            id: query.id,
            index: index.unsigned_abs(),
            ..abi::QueryMenu::default()
        };
        if device.call(Call::QueryMenu(&mut item)).is_err() {
            continue;
        }
        let name = if query.kind == control::MENU {
            text(&item.name)
        } else {
            let number = item.name.first_chunk().copied().unwrap_or_default();
            i64::from_ne_bytes(number).to_string()
        };
        found.push((i64::from(index), name));
    }
    found
}

/// `Exposure Time, Absolute` is `exposure_time_absolute`, as `v4l2-ctl` writes it.
fn name(query: &abi::QueryControl) -> String {
    text(&query.name)
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("_")
}

const MOST_CONTROLS: usize = 512;
const MOST_CHOICES: usize = 64;
