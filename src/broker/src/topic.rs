//! Names and filters: what is well formed, and what matches.

/// A topic name as it may stand in a PUBLISH: not empty, no wildcard, no U+0000, at most 65,535 bytes.
pub fn is_topic(name: &str) -> bool {
    !name.is_empty() && name.len() <= 65_535 && !name.bytes().any(|b| matches!(b, b'+' | b'#' | 0))
}

/// A topic filter as it may stand in a SUBSCRIBE: `+` alone in its level, `#` alone in the last one.
pub fn is_filter(filter: &str) -> bool {
    if filter.is_empty() || filter.len() > 65_535 || filter.contains('\0') {
        return false;
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let wild = level.contains(['+', '#']);
        if wild && (level.len() > 1 || (level == "#" && levels.peek().is_some())) {
            return false;
        }
    }
    true
}

/// Does `filter` match the topic `name`? Topics that begin with `$` are matched by no filter that begins with
/// a wildcard.
pub fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = name.split('/');
    for part in filter.split('/') {
        if part == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if part == "+" || part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_section_4_7_of_the_standard_says() {
        let cases = [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            (
                "sport/tennis/player1/#",
                "sport/tennis/player1/score/wimbledon",
                true,
            ),
            ("sport/#", "sport", true),
            ("#", "a/b", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/x", false),
            ("+/monitor/Clients", "$SYS/monitor/Clients", false),
            ("$SYS/#", "$SYS/x", true),
            ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
            ("a", "A", false),
            ("a/b", "a/b/", false),
        ];
        for (filter, name, expected) in cases {
            assert_eq!(matches(filter, name), expected, "{filter} {name}");
        }
    }

    #[test]
    fn wildcards_stand_alone_in_their_level_and_hash_is_last() {
        for good in ["#", "+", "a/#", "+/a/+", "/", "a//b", "/+/#"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["", "a#", "#/a", "a/#/b", "a+/b", "+a", "a/b#", "a\0b", "##", "++"] {
            assert!(!is_filter(bad), "{bad:?}");
        }
        assert!(is_topic("a/b") && is_topic("/") && is_topic(" "));
        assert!(!is_topic("") && !is_topic("a/+") && !is_topic("#") && !is_topic("a\0"));
    }
}
