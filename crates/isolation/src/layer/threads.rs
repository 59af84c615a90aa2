//! Layers hold for the thread that enters them and those it starts later: they are entered by the only one.

/// Checks that the process has one thread.
pub(super) fn only_one() -> Result<(), String> {
    match std::fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(1) => Ok(()),
        Ok(threads) => Err(format!("the process has {threads} threads where one is allowed")),
        // Behind an empty root or landlock nothing can be listed any more; whoever entered those was checked then, and
        // entering a layer starts no thread.
        Err(_) => Ok(()),
    }
}
