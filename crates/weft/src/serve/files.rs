//! Open files: every connection is one, and so are databases, uploads, code that is loaded and calls to other hosts.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files kept for everything that is no connection, where there are enough.
const OTHERS: u64 = 1024;

/// Raises the process's limit on open files as far as it may, and answers how many of `wanted` connections fit into it.
pub(crate) fn room_for(wanted: usize) -> usize {
    let limit = raised();
    let room = fitting(limit, wanted);
    if room < wanted {
        tracing::warn!(
            limit,
            connections = room,
            "few open files are allowed, so fewer connections are taken; `ulimit -n` raises the limit"
        );
    }
    room
}

/// How far the limit can be raised; none where there is none.
pub(crate) fn highest() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// The limit after raising it; none where there is none.
fn raised() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let highest = Rlimit {
        current: maximum,
        maximum,
    };
    match setrlimit(Resource::Nofile, highest) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files could not be raised");
            current
        }
    }
}

/// How many of `wanted` connections fit: at least half of a low limit is left for the rest.
pub(crate) fn fitting(limit: Option<u64>, wanted: usize) -> usize {
    let Some(limit) = limit else { return wanted };
    let room = limit - OTHERS.min(limit / 2);
    usize::try_from(room).unwrap_or(usize::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        for (limit, wanted, expected) in [
            (None, 16_384, 16_384),
            (Some(1_048_576), 16_384, 16_384),
            (Some(20_000), 16_384, 16_384),
            (Some(4_096), 16_384, 3_072),
            (Some(1_024), 16_384, 512),
            (Some(256), 16_384, 128),
            (Some(256), 100, 100),
        ] {
            assert_eq!(fitting(limit, wanted), expected, "{limit:?} {wanted}");
        }
    }
}
