//! The command line, read by hand: it is small, and a parser would take longer to build than all of this.

use std::collections::VecDeque;

use anyhow::{Result, bail};

/// What is left of the command line.
pub struct Arguments(VecDeque<String>);

impl Arguments {
    /// All but the program's own name.
    pub fn from_environment() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Takes the next word.
    pub fn word(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    /// Takes a flag from anywhere and tells whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let position = self.0.iter().position(|word| word == name);
        position.and_then(|position| self.0.remove(position)).is_some()
    }

    /// Takes all that is left.
    pub fn rest(self) -> Vec<String> {
        self.0.into()
    }

    /// Refuses anything that is left.
    pub fn end(self) -> Result<()> {
        match self.0.front() {
            Some(word) => bail!("`{word}` means nothing here; `cargo xtask help` tells what does"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        Arguments(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn flags_may_stand_anywhere() {
        let mut arguments = arguments("up --detach x");
        assert!(arguments.flag("--detach"));
        assert!(!arguments.flag("--detach"));
        assert_eq!(arguments.word().as_deref(), Some("up"));
        assert_eq!(arguments.rest(), ["x"]);
    }

    #[test]
    fn what_is_left_is_refused() {
        assert!(arguments("").end().is_ok());
        assert!(arguments("--detached").end().is_err());
    }
}
