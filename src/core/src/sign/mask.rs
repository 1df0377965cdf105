//! Security tokens in what is shown.

/// How names of security tokens end, in every service: `x-oss-security-token`, `SecurityToken`, `x-ots-ststoken`.
const NAMES: [&str; 3] = ["security-token", "securitytoken", "ststoken"];

/// What stands between a name and its value, and behind the value: headers, parameters, parameters that are encoded again.
const AROUND: [(&str, &str); 3] = [(":", "\n"), ("=", "&"), ("%3D", "%26")];

/// Writes `***` over the security tokens of a string to sign; gives its new length.
pub(super) fn mask_tokens(text: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
        let (kept, value) = token(rest).unwrap_or((1, 0));
        text.copy_within(from..from + kept, to);
        (from, to) = (from + kept, to + kept);
        let stars = value.min(3);
        if let Some(place) = text.get_mut(to..to + stars) {
            place.fill(b'*');
        }
        (from, to) = (from + value, to + stars);
    }
    to
}

/// The lengths of a token's name, with what is behind it, and of its value, when one begins here.
fn token(text: &[u8]) -> Option<(usize, usize)> {
    let starts = |text: &[u8], start: &str| {
        text.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    };
    let name = NAMES.into_iter().find(|name| starts(text, name))?.len();
    let (between, behind) = AROUND
        .into_iter()
        .find(|around| starts(text.get(name..).unwrap_or_default(), around.0))?;
    let start = name + between.len();
    let value = text.get(start..).unwrap_or_default();
    let end = value
        .windows(behind.len())
        .position(|octets| octets == behind.as_bytes());
    Some((start, end.unwrap_or(value.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_masked_wherever_a_service_signs_it() {
        for (text, shown) in [
            (
                "PUT\nx-oss-security-token:CAIS+/=\n/b/k",
                "PUT\nx-oss-security-token:***\n/b/k",
            ),
            (
                "GET\n/b/k?acl&security-token=CAIS+/&uploads",
                "GET\n/b/k?acl&security-token=***&uploads",
            ),
            ("GET\n/b/k?security-token=CAIS", "GET\n/b/k?security-token=***"),
            (
                "POST&%2F&A%3D1%26SecurityToken%3DCAIS%252B%26Version%3D1",
                "POST&%2F&A%3D1%26SecurityToken%3D***%26Version%3D1",
            ),
            (
                "/PutRow\nPOST\n\nx-ots-ststoken:照片\nx-ots-z:1\n",
                "/PutRow\nPOST\n\nx-ots-ststoken:***\nx-ots-z:1\n",
            ),
            (
                "authId=a&securityToken=CAIS&timestamp=1",
                "authId=a&securityToken=***&timestamp=1",
            ),
            (
                "security-token:a\nsecurity-token=",
                "security-token:*\nsecurity-token=",
            ),
            (
                "x-acs-security-tokens:a\ncontinuation-token=b",
                "x-acs-security-tokens:a\ncontinuation-token=b",
            ),
            ("", ""),
        ] {
            let mut octets = [0; 80];
            let octets = &mut octets[..text.len()];
            octets.copy_from_slice(text.as_bytes());
            let len = mask_tokens(octets);
            assert_eq!(core::str::from_utf8(&octets[..len]), Ok(shown));
        }
    }
}
