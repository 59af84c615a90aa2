//! Whether functions can execute in processes of their own, tried for real.

use weft_function_engine::port::Standing;

use super::{Check, State};
use crate::config::Serve;
use crate::serve::settings;

const NAME: &str = "processes";

pub(crate) async fn check(serve: &Serve) -> Check {
    let program = settings::worker(serve);
    let tried = tokio::task::spawn_blocking(move || weft_process::server::try_level(&program)).await;
    match tried {
        Ok(Standing::Works) => Check::new(NAME, State::Works, "a worker was tried: every layer confines it"),
        Ok(Standing::Degraded(reasons)) => Check::new(NAME, State::Degraded, reasons.join("; ")),
        Ok(Standing::Unavailable(reason)) => Check::new(NAME, State::Unavailable, reason),
        Err(error) => Check::new(
            NAME,
            State::Unavailable,
            format!("it could not be tried: {error}"),
        ),
    }
}
