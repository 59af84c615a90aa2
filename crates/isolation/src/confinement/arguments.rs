//! A confinement as arguments of the program that confines itself.

use super::{Confinement, Outside};
use crate::group::Entrance;
use crate::layer::{Identity, LayerSet, Limits};

/// The argument of a process in a container.
const OUTSIDE: &str = "outside";

/// Why arguments say no confinement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// One is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// One is not what it should be.
    #[error("`{name}` is `{found}`, which is no {expected}")]
    Invalid {
        /// Which one.
        name: &'static str,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
}

impl Confinement {
    /// Its form as arguments, which [`Confinement::from_arguments`] reads. The control group is told by whoever starts the process.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<String> {
        let Limits { memory, files } = self.settings.limits;
        let mut arguments = vec![
            format!("memory={memory}"),
            format!("files={files}"),
            format!("user={}", self.settings.identity.id),
            format!("lacking={}", self.lacking),
        ];
        arguments.extend(
            self.outside
                .as_ref()
                .map(|outside| format!("{OUTSIDE}={outside}")),
        );
        arguments
    }

    /// Reads its form as arguments.
    ///
    /// # Errors
    /// Where one is missing or wrong.
    pub fn from_arguments(arguments: &[String]) -> Result<Self, ArgumentError> {
        let find = |name: &str| {
            let mut arguments = arguments.iter();
            arguments.find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='))
        };
        let value = |name: &'static str| find(name).ok_or(ArgumentError::Missing(name));
        let number = |name| number(name, value(name)?);
        let limits = Limits {
            memory: number("memory")?,
            files: number("files")?,
        };
        let id =
            u32::try_from(number("user")?).map_err(|_| invalid("user", value("user"), "user's number"))?;
        let lacking = LayerSet::parse(value("lacking")?)
            .map_err(|name| invalid("lacking", Ok(&name), "list of layers with commas between"))?;
        Ok(Self {
            group: Entrance::from_arguments(arguments),
            outside: find(OUTSIDE).map(Outside::parse),
            ..Self::new(limits, Identity { id }, lacking)
        })
    }
}

fn number(name: &'static str, found: &str) -> Result<u64, ArgumentError> {
    found.parse().map_err(|_| invalid(name, Ok(found), "number"))
}

fn invalid(name: &'static str, found: Result<&str, ArgumentError>, expected: &'static str) -> ArgumentError {
    ArgumentError::Invalid {
        name,
        found: found.unwrap_or_default().to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Layer;

    fn confinement() -> Confinement {
        let limits = Limits {
            memory: 64 << 20,
            files: 32,
        };
        let lacking = [Layer::Landlock, Layer::UserNamespace].into_iter().collect();
        Confinement::new(limits, Identity { id: 70_000 }, lacking)
    }

    #[test]
    fn arguments_are_read_back() {
        for confinement in [confinement(), confinement().in_a_container()] {
            let arguments = confinement.to_arguments();
            assert_eq!(Confinement::from_arguments(&arguments), Ok(confinement));
        }
    }

    #[test]
    fn arguments_that_are_wrong_are_named() {
        let without = |at: usize, instead: &str| {
            let mut arguments = confinement().to_arguments();
            arguments[at] = instead.to_owned();
            Confinement::from_arguments(&arguments)
                .expect_err("wrong")
                .to_string()
        };
        assert_eq!(without(0, ""), "`memory` is missing");
        assert_eq!(without(1, "files=few"), "`files` is `few`, which is no number");
        assert_eq!(
            without(2, "user=4294967296"),
            "`user` is `4294967296`, which is no user's number"
        );
        assert_eq!(
            without(3, "lacking=walls"),
            "`lacking` is `walls`, which is no list of layers with commas between"
        );
    }
}
