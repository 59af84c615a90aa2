//! Whether functions can execute in processes and containers of their own, tried for real.

use weft_function_engine::port::Standing;
use weft_pool::Level;
use weft_process::server::{Settings, Tried};

use super::{Check, State};
use crate::config::Serve;
use crate::serve::settings;

const LEVELS: [(&str, Level); 2] = [("processes", Level::Process), ("containers", Level::Container)];

pub(crate) async fn checks(serve: &Serve) -> Vec<Check> {
    let settings = settings::processes(serve);
    let tried =
        tokio::task::spawn_blocking(move || LEVELS.map(|(name, level)| check(name, level, &settings)));
    match tried.await {
        Ok(checks) => checks.into(),
        Err(error) => {
            let why = format!("it could not be tried: {error}");
            let untried = LEVELS.map(|(name, _)| Check::new(name, State::Unavailable, why.clone()));
            untried.into()
        }
    }
}

fn check(name: &'static str, level: Level, settings: &Settings) -> Check {
    let tried = Tried::new(level, settings);
    let by = tried.by().map(|by| format!(" in a container of {by}"));
    let check = match tried.standing() {
        Standing::Works => {
            let by = by.unwrap_or_default();
            Check::new(
                name,
                State::Works,
                format!("a worker was tried{by}: every layer confines it"),
            )
        }
        Standing::Degraded(reasons) => Check::new(name, State::Degraded, reasons.join("; ")),
        Standing::Unavailable(reason) => Check::new(name, State::Unavailable, reason),
    };
    tried.forget();
    check
}
