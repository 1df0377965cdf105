//! The log: lines with levels on standard error, never on standard output, which belongs to the command's answer.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts the log at `level` unless `RUST_LOG` says otherwise. A second call in one process (the Python package) changes nothing.
pub(crate) fn start(level: LevelFilter) {
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .from_env_lossy();
    // Every question to SQLite is a line of its debug level, two a second in an idle cloud: that is "everything".
    let filter = match "sqlx=info".parse() {
        Ok(directive) if level < LevelFilter::TRACE && std::env::var_os("RUST_LOG").is_none() => {
            filter.add_directive(directive)
        }
        _ => filter,
    };
    let colours =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .try_init();
}

/// `-q` once is warnings and errors, twice errors; `-v` once debug, twice trace; neither is `usual`.
pub(crate) fn level(usual: LevelFilter, verbose: u8, quiet: u8) -> LevelFilter {
    const LADDER: [LevelFilter; 5] = [
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    let start = LADDER.iter().position(|&rung| rung == usual).unwrap_or(2);
    let rung = (start + usize::from(verbose)).saturating_sub(usize::from(quiet));
    LADDER[rung.min(LADDER.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_and_each_q_is_one_step_and_the_ends_hold() {
        assert_eq!(level(LevelFilter::INFO, 0, 0), LevelFilter::INFO);
        assert_eq!(level(LevelFilter::INFO, 1, 0), LevelFilter::DEBUG);
        assert_eq!(level(LevelFilter::WARN, 9, 0), LevelFilter::TRACE);
        assert_eq!(level(LevelFilter::INFO, 0, 9), LevelFilter::ERROR);
    }
}
