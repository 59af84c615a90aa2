//! Watching a run until it ends.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Method;
use reqwest::header::ACCEPT;
use weft_api::wire::{Run, RunEvent};

use super::show;
use crate::client::{Client, Events, described, hint_of_run};
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};

/// How often a server that went away is looked for in a row; the times between make half a minute.
const TRIES: u32 = 10;
/// The time before the first of those, doubled for each further one.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest such time.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Tells what happens in a run until it ends; then prints its result, or fails as it did. A server that goes away meanwhile is
/// looked for some time. Who interrupts it leaves the run alone.
pub(crate) async fn follow(client: &Client, run: &str, output: Output) -> Result<()> {
    tokio::select! {
        ended = Watched::new(client, run, output).end() => finish(&ended?, output),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Err(goes_on(run, format!("run {run} goes on, it is only watched no longer")).into())
        }
    }
}

/// A run that has not ended when the command does.
pub(crate) fn goes_on(run: &str, message: String) -> Failure {
    Failure::new(Exit::RunGoesOn, message)
        .hint(format!(
            "`weft show {run} -f` watches it, `weft cancel {run}` ends it"
        ))
        .of_run(run)
}

fn finish(run: &Run, output: Output) -> Result<()> {
    if run.summary.status != "succeeded" {
        return Err(failure(run).into());
    }
    match &run.result {
        Some(result) => Ok(output.line(result)?),
        None => Ok(()),
    }
}

fn failure(run: &Run) -> Failure {
    let summary = &run.summary;
    let error = summary.error.as_ref();
    let why = error.map_or_else(String::new, |error| format!(": {}", show::because(error)));
    let message = format!("run {} {}{why}", summary.run, summary.status);
    Failure::new(Exit::RunFailed, message)
        .hint(hint_of_run(&summary.run, show::nested_that_failed(run)))
        .of_run(&*summary.run)
}

/// A run that is watched.
struct Watched<'a> {
    client: &'a Client,
    run: &'a str,
    output: Output,
    /// The last event that was told.
    last: Option<String>,
    /// Looks for the server since it last said something.
    tries: u32,
}

impl<'a> Watched<'a> {
    fn new(client: &'a Client, run: &'a str, output: Output) -> Self {
        Self {
            client,
            run,
            output,
            last: None,
            tries: 0,
        }
    }

    /// The run once it has ended.
    async fn end(mut self) -> Result<Run> {
        // Who cannot be reached to begin with is not waited for.
        let mut events = self.events().await?;
        loop {
            let lost = match self.tell(&mut events).await {
                Ok(Some(run)) => return Ok(run),
                // The server ended the stream, and not because the run is over: it shuts down.
                Ok(None) => None,
                Err(error) if may_pass(&error) => Some(error),
                Err(error) => return Err(error),
            };
            events = self.again(lost).await?;
        }
    }

    /// Tells events to the end of their stream; then answers the run if it has ended.
    async fn tell(&mut self, events: &mut Events) -> Result<Option<Run>> {
        while let Some(event) = events.next().await? {
            let unexpected = || format!("the server sent an event that is not expected: {}", event.data);
            if event.name == "problem" {
                return Err(described(serde_json::from_str(&event.data).with_context(unexpected)?).into());
            }
            let told: RunEvent = serde_json::from_str(&event.data).with_context(unexpected)?;
            self.output.note(line(&told));
            self.last = Some(event.id).filter(|id| !id.is_empty()).or(self.last.take());
            self.tries = 0;
        }
        let run = show::fetch(self.client, self.run).await?;
        Ok(Some(run).filter(|run| run.summary.finished_at.is_some()))
    }

    async fn events(&self) -> Result<Events> {
        let mut request = self
            .client
            .in_project(Method::GET, &["runs", self.run, "events"])
            .header(ACCEPT, "text/event-stream");
        if let Some(last) = &self.last {
            request = request.header("last-event-id", last);
        }
        Ok(Events::new(self.client.send(request).await?))
    }

    /// Looks for a server that went away, and goes on behind the last event.
    async fn again(&mut self, mut lost: Option<anyhow::Error>) -> Result<Events> {
        if self.tries == 0 {
            self.output.note("the server is gone; looking for it …");
        }
        while let Some(pause) = pause(self.tries) {
            self.tries += 1;
            tokio::time::sleep(pause).await;
            match self.events().await {
                Ok(events) => return Ok(events),
                Err(error) if may_pass(&error) => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
        let why = lost.map_or_else(String::new, |error| format!(": {error:#}"));
        let message = format!(
            "run {} was watched until the server went away, and it did not come back{why}",
            self.run
        );
        let failure = Failure::new(Exit::Unreachable, message).of_run(self.run);
        let hint = format!("`weft show {} -f` goes on once it is there again", self.run);
        Err(failure.hint(hint).into())
    }
}

/// How long to wait before the next look, when there were so many already; none after the last.
fn pause(tries: u32) -> Option<Duration> {
    (tries < TRIES).then(|| PAUSE.saturating_mul(1 << tries).min(LONGEST_PAUSE))
}

/// Whether it may be otherwise after a while: the server is not there, or shuts down.
fn may_pass(error: &anyhow::Error) -> bool {
    let broke_off = error.chain().any(|cause| cause.is::<reqwest::Error>());
    broke_off || matches!(output::exit_code(error), Exit::Unreachable | Exit::Busy)
}

/// An event in a line.
fn line(event: &RunEvent) -> String {
    let time = event.at.strftime("%H:%M:%S%.3f");
    let place = match (&event.node, event.item) {
        (Some(node), Some(item)) => format!(" {node}[{item}]"),
        (Some(node), None) => format!(" {node}"),
        (None, _) => String::new(),
    };
    let more = [
        event.items.map(|items| show::counted(items, "item")),
        event
            .attempt
            .filter(|&attempt| attempt > 1)
            .map(|attempt| format!("attempt {attempt}")),
        event.status.clone(),
        event.error.as_ref().map(show::because),
        event.reason.clone(),
        event
            .by
            .as_ref()
            .filter(|_| event.kind != "accepted")
            .map(|by| format!("by {by}")),
    ];
    let more: Vec<_> = more.into_iter().flatten().collect();
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(": {}", more.join(", "))
    };
    format!("{time} {}{place}{more}", event.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_looked_for_half_a_minute() {
        for (tries, millis) in [
            (0, Some(250)),
            (1, Some(500)),
            (4, Some(4000)),
            (9, Some(5000)),
            (10, None),
        ] {
            assert_eq!(pause(tries), millis.map(Duration::from_millis), "{tries}");
        }
        let all: Duration = (0..).map_while(pause).sum();
        assert_eq!(all.as_secs(), 32);
    }

    #[test]
    fn only_what_may_pass_is_waited_for() {
        let failure = |exit| anyhow::Error::from(Failure::new(exit, "x"));
        for (error, passes) in [
            (failure(Exit::Unreachable), true),
            (failure(Exit::Busy), true),
            (failure(Exit::NotFound), false),
            (anyhow::anyhow!("no event"), false),
        ] {
            assert_eq!(may_pass(&error), passes, "{error}");
        }
    }
}
