//! What the terminal shows.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;

pub const RED: u8 = 31;
pub const GREEN: u8 = 32;
pub const CYAN: u8 = 36;

/// Colours a text where standard error is a terminal.
pub fn paint(text: &str, colour: u8) -> String {
    if std::io::stderr().is_terminal() {
        format!("\x1b[1;{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Announces a step, takes it and tells how long it took.
pub fn step<T>(name: &str, take: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{} {name}", paint("==>", CYAN));
    let start = Instant::now();
    let taken = take();
    let (word, colour) = if taken.is_ok() {
        ("ok", GREEN)
    } else {
        ("failed", RED)
    };
    eprintln!(
        "{} {name}: {word}, {}",
        paint("<==", colour),
        duration(start.elapsed())
    );
    taken
}

/// Says one thing on the way.
pub fn note(text: &str) {
    eprintln!("    {text}");
}

/// `0.4 s`, `12.3 s`, `4 min 5 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(Duration::from_millis(440)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(245)), "4 min 5 s");
    }
}
