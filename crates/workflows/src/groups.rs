//! Groups of workers that runs ask for.

/// The only group there is: every pool of a server belongs to it.
pub const DEFAULT: &str = "default";

/// Whether the nodes of a run that asks for this group can be executed anywhere; one that asks for none can.
///
/// # Errors
/// Where no pool belongs to it: what would be right.
pub fn check(group: Option<&str>) -> Result<(), String> {
    match group {
        None | Some(DEFAULT) => Ok(()),
        Some(other) => {
            let shown: String = other.chars().take(80).collect();
            Err(format!(
                "no pool belongs to the group `{shown}`: those of this server belong to `{DEFAULT}`"
            ))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn only_the_default_group_has_pools() {
        assert_eq!(check(None), Ok(()));
        assert_eq!(check(Some("default")), Ok(()));
        let told = check(Some("gpu")).unwrap_err();
        assert_eq!(
            told,
            "no pool belongs to the group `gpu`: those of this server belong to `default`"
        );
        assert!(check(Some("")).is_err());
        assert!(check(Some(&"long".repeat(1000))).unwrap_err().len() < 200);
    }
}
