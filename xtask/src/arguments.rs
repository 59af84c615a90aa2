//! The command line, read by hand: it is small, and a parser would take longer to build than all of this.

use std::collections::VecDeque;

use anyhow::{Context, Result, bail};

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

    /// Takes what stands behind a flag, from anywhere; none where the flag is not there.
    pub fn value(&mut self, flag: &str) -> Result<Option<String>> {
        let Some(position) = self.0.iter().position(|word| word == flag) else {
            return Ok(None);
        };
        self.0.remove(position);
        match self.0.remove(position) {
            Some(value) => Ok(Some(value)),
            None => bail!("{flag} needs a value"),
        }
    }

    /// Takes the number behind a flag.
    pub fn number(&mut self, flag: &str) -> Result<Option<u64>> {
        let value = self.value(flag)?;
        value
            .map(|value| {
                value
                    .parse()
                    .with_context(|| format!("{flag} needs a whole number, not `{value}`"))
            })
            .transpose()
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
    fn values_stand_behind_their_flags() {
        let mut arguments = arguments("--rounds 5 x --seed");
        assert_eq!(arguments.value("--rounds").unwrap().as_deref(), Some("5"));
        assert_eq!(arguments.value("--rounds").unwrap(), None);
        assert!(arguments.value("--seed").is_err());
        assert_eq!(
            super::Arguments(["--n".into(), "7".into()].into())
                .number("--n")
                .unwrap(),
            Some(7)
        );
        assert!(
            super::Arguments(["--n".into(), "x".into()].into())
                .number("--n")
                .is_err()
        );
        assert_eq!(arguments.rest(), ["x"]);
    }

    #[test]
    fn what_is_left_is_refused() {
        assert!(arguments("").end().is_ok());
        assert!(arguments("--detached").end().is_err());
    }
}
