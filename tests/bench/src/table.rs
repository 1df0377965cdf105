//! The rows of the result.

use std::fmt;

/// What was measured, on both sides, in one run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<[String; 5]>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A quantity of which more is better: the ratio is ours to theirs.
    pub(crate) fn more_is_better(&mut self, what: &str, unit: &str, ours: f64, peer: &str, theirs: f64) {
        self.row(what, unit, ours, peer, theirs, ours / theirs);
    }

    /// A quantity of which less is better: the ratio is theirs to ours.
    pub(crate) fn less_is_better(&mut self, what: &str, unit: &str, ours: f64, peer: &str, theirs: f64) {
        self.row(what, unit, ours, peer, theirs, theirs / ours);
    }

    fn row(&mut self, what: &str, unit: &str, ours: f64, peer: &str, theirs: f64, ratio: f64) {
        let number = |value: f64| format!("{} {unit}", significant(value)).trim().to_owned();
        self.rows.push([
            what.to_owned(),
            number(ours),
            peer.to_owned(),
            number(theirs),
            format!("{} x", significant(ratio)),
        ]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | faceiot | peer | the peer's | better by |")?;
        writeln!(f, "|---|--:|---|--:|--:|")?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

/// Three significant digits, without an exponent.
fn significant(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_always_says_that_ours_is_better() {
        let mut table = Table::new();
        table.more_is_better("speed", "MB/s", 300.0, "a peer", 30.0);
        table.less_is_better("memory", "MiB", 10.0, "a peer", 25.0);
        let text = table.to_string();
        assert!(
            text.contains("| speed | 300 MB/s | a peer | 30.0 MB/s | 10.0 x |"),
            "{text}"
        );
        assert!(
            text.contains("| memory | 10.0 MiB | a peer | 25.0 MiB | 2.50 x |"),
            "{text}"
        );
    }
}
