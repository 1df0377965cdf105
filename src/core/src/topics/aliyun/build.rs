//! The topics of one device, written.

use super::NAME_MAX;
use crate::error::Result;
use crate::topics::{check_name, check_suffix, join};

/// Writes the builders of topics that have nothing in them but the two names.
macro_rules! builders {
    ($($(#[$doc:meta])* $name:ident = $before:literal, $after:literal;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
        pub fn $name<'b>(product_key: &str, device_name: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
            device(product_key, device_name)?;
            join(&[$before, product_key, "/", device_name, $after], buffer)
        })*

        #[cfg(test)]
        pub(super) const BUILDERS: &[Builder] = &[$($name),*];
    };
}

#[cfg(test)]
type Builder = for<'b> fn(&str, &str, &'b mut [u8]) -> Result<&'b str>;

builders! {
    /// `/sys/{pk}/{dn}/thing/event/property/post`: the device reports properties.
    property_post = "/sys/", "/thing/event/property/post";
    /// `/sys/{pk}/{dn}/thing/event/property/post_reply`: the answer to it.
    property_post_reply = "/sys/", "/thing/event/property/post_reply";
    /// `/sys/{pk}/{dn}/thing/service/property/set`: the cloud sets properties.
    property_set = "/sys/", "/thing/service/property/set";
    /// `/sys/{pk}/{dn}/thing/service/property/set_reply`: the answer to it.
    property_set_reply = "/sys/", "/thing/service/property/set_reply";
    /// `/sys/{pk}/{dn}/thing/service/property/get`: the cloud asks for properties.
    property_get = "/sys/", "/thing/service/property/get";
    /// `/sys/{pk}/{dn}/thing/service/property/get_reply`: the answer to it.
    property_get_reply = "/sys/", "/thing/service/property/get_reply";
    /// `/sys/{pk}/{dn}/thing/service/+`: the filter for the services without a level of their own.
    service_filter = "/sys/", "/thing/service/+";
    /// `/sys/{pk}/{dn}/rrpc/request/+`: the filter for calls that wait.
    rrpc_filter = "/sys/", "/rrpc/request/+";
    /// `/sys/{pk}/{dn}/thing/model/up_raw`: octets that a script of the platform translates.
    up_raw = "/sys/", "/thing/model/up_raw";
    /// `/sys/{pk}/{dn}/thing/model/down_raw`: the same towards the device.
    down_raw = "/sys/", "/thing/model/down_raw";
    /// `/sys/{pk}/{dn}/thing/deviceinfo/update`: the device's tags.
    device_info_update = "/sys/", "/thing/deviceinfo/update";
    /// `/sys/{pk}/{dn}/thing/ota/firmware/get`: the device asks for its firmware.
    ota_firmware_get = "/sys/", "/thing/ota/firmware/get";
    /// `/ota/device/inform/{pk}/{dn}`: the device tells its version.
    ota_inform = "/ota/device/inform/", "";
    /// `/ota/device/upgrade/{pk}/{dn}`: the platform announces a version.
    ota_upgrade = "/ota/device/upgrade/", "";
    /// `/ota/device/progress/{pk}/{dn}`: the device tells how far it is.
    ota_progress = "/ota/device/progress/", "";
    /// `/ext/ntp/{pk}/{dn}/request`: the device asks for the time.
    ntp_request = "/ext/ntp/", "/request";
    /// `/ext/ntp/{pk}/{dn}/response`: the answer to it.
    ntp_response = "/ext/ntp/", "/response";
    /// `/{pk}/{dn}/user/photo`: photos in chunks of format v2.
    photo = "/", "/user/photo";
    /// `/{pk}/{dn}/user/photo/ack`: what the receiver of photos answers.
    photo_ack = "/", "/user/photo/ack";
    /// `/{pk}/{dn}/control`: seed 001's commands.
    control = "/", "/control";
}

/// Writes the builders of topics that have one more name in them.
macro_rules! named_builders {
    ($($(#[$doc:meta])* $name:ident($given:ident, $what:literal) = $before:literal, $after:literal;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
        pub fn $name<'b>(
            product_key: &str,
            device_name: &str,
            $given: &str,
            buffer: &'b mut [u8],
        ) -> Result<&'b str> {
            device(product_key, device_name)?;
            check_name($what, $given, NAME_MAX)?;
            join(&["/sys/", product_key, "/", device_name, $before, $given, $after], buffer)
        })*
    };
}

named_builders! {
    /// `/sys/{pk}/{dn}/thing/event/{event}/post`: the device reports an event.
    event_post(event, "event") = "/thing/event/", "/post";
    /// `/sys/{pk}/{dn}/thing/service/{service}`: the cloud calls a service.
    service(service, "service") = "/thing/service/", "";
    /// `/sys/{pk}/{dn}/thing/service/{service}_reply`: the answer to it.
    service_reply(service, "service") = "/thing/service/", "_reply";
    /// `/sys/{pk}/{dn}/rrpc/request/{message_id}`: the cloud calls and waits.
    rrpc_request(message_id, "message id") = "/rrpc/request/", "";
    /// `/sys/{pk}/{dn}/rrpc/response/{message_id}`: the answer to it.
    rrpc_response(message_id, "message id") = "/rrpc/response/", "";
}

/// `/sys/{pk}/{dn}/{suffix}`: any other topic of the platform, such as `thing/sub/register`.
///
/// # Errors
/// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
pub fn system<'b>(
    product_key: &str,
    device_name: &str,
    suffix: &str,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    device(product_key, device_name)?;
    check_suffix(suffix, NAME_MAX)?;
    join(&["/sys/", product_key, "/", device_name, "/", suffix], buffer)
}

/// `/{pk}/{dn}/{suffix}`: the device's own topic, such as `user/photo` or `update`.
///
/// # Errors
/// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
pub fn custom<'b>(
    product_key: &str,
    device_name: &str,
    suffix: &str,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    device(product_key, device_name)?;
    check_suffix(suffix, NAME_MAX)?;
    join(&["/", product_key, "/", device_name, "/", suffix], buffer)
}

/// Whether both names can stand in a topic.
fn device(product_key: &str, device_name: &str) -> Result<()> {
    check_name("product key", product_key, NAME_MAX)?;
    check_name("device name", device_name, NAME_MAX)
}
