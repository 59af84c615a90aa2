//! Names of servers: the number of the process, and when it began, as numbers are given again.

use std::io;

/// The name of this process.
pub(super) fn this() -> io::Result<String> {
    let process = std::process::id();
    let begun = begun(process)?.ok_or_else(|| io::Error::other("it does not say when the process began"))?;
    Ok(format!("{process}-{begun}"))
}

/// Whether a name is that of a server that is no more. What is no server's name is nobody's to remove.
pub(super) fn is_gone(name: &str) -> bool {
    let Some((process, since)) = name.split_once('-') else {
        return false;
    };
    let (Ok(process), Ok(since)) = (process.parse::<u32>(), since.parse::<u64>()) else {
        return false;
    };
    match begun(process) {
        Ok(begun) => begun != Some(since),
        // One that cannot be asked for another reason may well live.
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// When a process began, in ticks since the host started.
fn begun(process: u32) -> io::Result<Option<u64>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field, the program's name, may hold anything, brackets too; the field wanted is the 22nd.
    let behind = stat.rsplit_once(')').map(|(_, behind)| behind);
    Ok(behind.and_then(|behind| behind.split_whitespace().nth(19)?.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_that_ended_are_gone() {
        let this = this().expect("a name");
        assert!(!is_gone(&this));
        let (process, since) = this.split_once('-').expect("two numbers");
        assert!(
            is_gone(&format!("{process}-{since}1")),
            "its number was given again"
        );
        assert!(is_gone("4294967295-1"));
        assert!(!is_gone("somebody") && !is_gone("a-b"));
    }
}
