//! Who a device is: the cloud it belongs to and its name there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{Error, ErrorKind, Result};

/// The clouds that a device of this crate can log in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cloud {
    /// Alibaba Cloud IoT Platform.
    Aliyun,
    /// Huawei Cloud `IoTDA`.
    Huawei,
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aliyun => "aliyun",
            Self::Huawei => "huawei",
        })
    }
}

/// Who a device is.
///
/// As text: `aliyun:{product_key}:{device_name}` and `huawei:{device_id}`; a colon inside a device name
/// (Aliyun allows it) stays part of the name.
///
/// ```
/// use faceiot::DeviceId;
///
/// let id: DeviceId = "aliyun:a1B2c3D4e5F:door:1".parse()?;
/// assert_eq!(id, DeviceId::aliyun("a1B2c3D4e5F", "door:1")?);
/// assert_eq!(id.to_string(), "aliyun:a1B2c3D4e5F:door:1");
/// # Ok::<(), faceiot::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceId {
    /// A device of an Aliyun product.
    Aliyun {
        /// Aliyun's `ProductKey`.
        product_key: String,
        /// Aliyun's `DeviceName`.
        device_name: String,
    },
    /// A device of Huawei `IoTDA`.
    Huawei {
        /// Huawei's `device_id`, usually `{product_id}_{node_id}`.
        device_id: String,
    },
}

impl DeviceId {
    /// An Aliyun device; both names are checked as [`from_str`](Self::from_str) checks them.
    ///
    /// # Errors
    /// `InvalidArgument` when a name is empty, longer than 64 octets (product key, device name), or holds a
    /// character that means something in a topic or a login (`/ + # & |`, white space, control characters).
    pub fn aliyun(product_key: impl Into<String>, device_name: impl Into<String>) -> Result<Self> {
        let (product_key, device_name) = (product_key.into(), device_name.into());
        check("product key", &product_key, 64)?;
        if product_key.contains(':') {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a product key holds no `:`",
            ));
        }
        check("device name", &device_name, 64)?;
        Ok(Self::Aliyun {
            product_key,
            device_name,
        })
    }

    /// A Huawei device.
    ///
    /// # Errors
    /// `InvalidArgument` when the id is empty, longer than 256 octets, or holds a character that means something
    /// in a topic.
    pub fn huawei(device_id: impl Into<String>) -> Result<Self> {
        let device_id = device_id.into();
        check("device id", &device_id, 256)?;
        Ok(Self::Huawei { device_id })
    }

    /// The cloud this device belongs to.
    pub const fn cloud(&self) -> Cloud {
        match self {
            Self::Aliyun { .. } => Cloud::Aliyun,
            Self::Huawei { .. } => Cloud::Huawei,
        }
    }

    /// The name of the device within its product or account: `device_name` or `device_id`.
    pub fn name(&self) -> &str {
        match self {
            Self::Aliyun { device_name, .. } => device_name,
            Self::Huawei { device_id } => device_id,
        }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aliyun {
                product_key,
                device_name,
            } => write!(f, "aliyun:{product_key}:{device_name}"),
            Self::Huawei { device_id } => write!(f, "huawei:{device_id}"),
        }
    }
}

impl FromStr for DeviceId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(rest) = text.strip_prefix("aliyun:") {
            if let Some((product_key, device_name)) = rest.split_once(':') {
                return Self::aliyun(product_key, device_name);
            }
        } else if let Some(device_id) = text.strip_prefix("huawei:") {
            return Self::huawei(device_id);
        }
        Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{text}` is not `aliyun:PRODUCT_KEY:DEVICE_NAME` or `huawei:DEVICE_ID`"),
        ))
    }
}

impl Serialize for DeviceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

fn check(what: &str, name: &str, max: usize) -> Result<()> {
    let wrong = |why: String| Err(Error::new(ErrorKind::InvalidArgument, why));
    if name.is_empty() {
        return wrong(format!("the {what} is empty"));
    }
    if name.len() > max {
        return wrong(format!("the {what} has {} octets; the most is {max}", name.len()));
    }
    match name
        .chars()
        .find(|c| "/+#&|".contains(*c) || c.is_control() || c.is_whitespace())
    {
        Some(c) => wrong(format!(
            "the {what} holds {c:?}, which has a meaning in topics and logins"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_id_are_inverse() {
        for text in [
            "aliyun:pk:dn",
            "aliyun:pk:a:b@c.d-e_f",
            "huawei:61e6d1_cam:1",
            "huawei:x",
        ] {
            let id: DeviceId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<DeviceId>(&json).unwrap(), id);
        }
    }

    #[test]
    fn a_name_that_would_reach_into_topics_is_refused() {
        for text in [
            "aliyun:pk:a/b",
            "aliyun:pk:+",
            "aliyun::dn",
            "aliyun:pk:",
            "aliyun:pk",
            "huawei:#",
            "huawei:",
            "x:y",
            "",
        ] {
            assert_eq!(
                text.parse::<DeviceId>().unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{text}"
            );
        }
    }
}
