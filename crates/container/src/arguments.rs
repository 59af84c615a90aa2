//! What the program is to do.

use std::ffi::OsString;

use rustix::process::Pid;
use weft_isolation::group::Entrance;
use weft_isolation::launch::Order;

use crate::starter::Error;

/// The first argument of a guardian; the second is the number of its process.
const GUARD: &str = "guard";

/// What the program is to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Start a container, from within a control group.
    Start(Order, Entrance),
    /// Guard a process, its child.
    Guard(Pid),
}

impl Task {
    /// From arguments.
    pub(crate) fn of(arguments: &[OsString]) -> Result<Self, Error> {
        match arguments {
            [first, process] if first == GUARD => {
                let process = process
                    .to_str()
                    .and_then(|number| Pid::from_raw(number.parse().ok()?));
                process.map(Self::Guard).ok_or(Error::NoProcess)
            }
            order => Ok(Self::Start(
                Order::from_arguments(order)?,
                Entrance::from_arguments(order),
            )),
        }
    }

    /// The arguments of the guardian of a process.
    pub(crate) fn guard(process: Pid) -> [String; 2] {
        [GUARD.to_owned(), process.as_raw_nonzero().to_string()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guardian_is_told_its_process() {
        let process = Pid::from_raw(7).expect("a number");
        let arguments = Task::guard(process).map(OsString::from);
        assert!(matches!(Task::of(&arguments), Ok(Task::Guard(guarded)) if guarded == process));
        let error = Task::of(&["guard".into(), "nobody".into()]).expect_err("no number");
        assert_eq!(error.to_string(), "a guardian is told the number of its process");
    }

    #[test]
    fn what_is_no_order_is_told_what_is_missing() {
        let error = Task::of(&[]).expect_err("nothing to do");
        assert_eq!(
            error.to_string(),
            "`runtime` is missing; it is for `weft` to start this program"
        );
    }
}
