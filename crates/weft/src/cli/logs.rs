use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::header::ACCEPT;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use weft_api::wire::{LogLine, Logs, Lost};
use weft_types::FunctionName;

use super::{Session, deploy};
use crate::client::{Client, Event, Events, described};
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::units::Moment;

mod line;

/// Lines asked for at once.
const PAGE: usize = 1000;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft logs greeter --filter error            what a function printed, as far as it is kept
  weft logs greeter -f                        and what it prints from now on
  weft logs greeter --tail 20 -f              the last 20 lines of it, and what comes
  weft logs greeter --since 10m               what it printed in the last ten minutes
  weft logs --run RUN -f                      what the nodes of a run print, until it ends
  weft logs --run RUN --node labels           what one of them printed")]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name, required_unless_present = "run")]
    function: Option<FunctionName>,
    /// What the nodes of a run wrote, instead.
    #[arg(long, value_name = "RUN", conflicts_with = "function")]
    run: Option<String>,
    /// Only what this node wrote.
    #[arg(long, value_name = "NODE", requires = "run")]
    node: Option<String>,
    /// Go on showing lines as they are written.
    #[arg(short, long)]
    follow: bool,
    /// Only the last so many lines, of those that the other options leave.
    #[arg(short = 'n', long, value_name = "COUNT")]
    tail: Option<u32>,
    /// Only lines that were written at this time (RFC 3339) or later, or as long ago at most: `10m`.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Only lines that contain this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

/// Lines that are asked for.
struct Wanted {
    /// Where in the project: one path segment per item.
    path: Vec<String>,
    filter: Option<String>,
    since: Option<Moment>,
    tail: Option<u32>,
    of_run: bool,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let follows = args.follow;
    let wanted = Wanted::of(args);
    let next = wanted.print_kept(&client, session.output).await?;
    match follows {
        true => wanted.follow(&client, &next, session.output).await,
        false => Ok(()),
    }
}

/// Shows the lines written from now on, until the server ends the stream.
pub(crate) async fn follow_from_now(client: &Client, function: &FunctionName, output: Output) -> Result<()> {
    let wanted = Wanted {
        path: of_function(function),
        filter: None,
        since: None,
        tail: None,
        of_run: false,
    };
    wanted.follow(client, "end", output).await
}

fn of_function(function: &FunctionName) -> Vec<String> {
    vec!["functions".to_owned(), function.to_string(), "logs".to_owned()]
}

impl Wanted {
    fn of(args: Args) -> Self {
        // One of both is there, and only one.
        let of_run = args.run.is_some();
        let mut path = args.function.as_ref().map(of_function).unwrap_or_default();
        if let Some(run) = args.run {
            path.extend(["runs".to_owned(), run]);
            path.extend(args.node.into_iter().flat_map(|node| ["nodes".to_owned(), node]));
            path.push("logs".to_owned());
        }
        Self {
            path,
            filter: args.filter,
            since: args.since,
            tail: args.tail,
            of_run,
        }
    }

    fn request(&self, client: &Client, after: &str) -> RequestBuilder {
        let path: Vec<_> = self.path.iter().map(String::as_str).collect();
        let mut query = Vec::new();
        query.extend(self.filter.as_deref().map(|filter| ("contains", filter)));
        query.extend((!after.is_empty()).then_some(("after", after)));
        client.in_project(Method::GET, &path).query(&query)
    }

    /// Prints what is kept, and answers where what follows begins.
    async fn print_kept(&self, client: &Client, output: Output) -> Result<String> {
        let mut after = String::new();
        loop {
            let mut request = self.request(client, &after).query(&[("limit", PAGE)]);
            if after.is_empty() {
                let tail = self.tail.map(|tail| ("tail", tail.to_string()));
                let since = self.since.map(|since| ("since", since.to_string()));
                request = request.query(&Vec::from_iter(since.into_iter().chain(tail)));
            }
            let page: Logs = client.json(request).await?;
            print_lost(page.lost, output);
            for line in &page.items {
                line::print(line, output)?;
            }
            if page.items.is_empty() && after.is_empty() && self.tail != Some(0) {
                output.note(self.none());
            }
            if page.items.is_empty() || page.next == after {
                return Ok(page.next);
            }
            after = page.next;
        }
    }

    /// What is said where there is nothing.
    fn none(&self) -> &'static str {
        match (&self.filter, self.of_run) {
            _ if self.since.is_some() => "no such line since then is kept",
            (Some(_), _) => "no line that is kept has this text",
            (None, true) => "the nodes of the run wrote nothing that is kept",
            (None, false) => {
                "nothing that it wrote is kept; `weft logs --run RUN` shows what was written for nodes of a workflow"
            }
        }
    }

    async fn follow(&self, client: &Client, after: &str, output: Output) -> Result<()> {
        let request = self.request(client, after).header(ACCEPT, "text/event-stream");
        let mut events = Events::new(client.send(request).await?);
        while let Some(event) = events.next().await.map_err(cut_off)? {
            show(&event, output)?;
        }
        match self.is_over(client).await {
            true => Ok(()),
            false => Err(gone().into()),
        }
    }

    /// Whether nothing can follow: the run has ended, or what wrote is there no longer. Else the server ended the stream as it ends.
    async fn is_over(&self, client: &Client) -> bool {
        // Of the function or run, without what is behind its name.
        let path: Vec<_> = self.path.iter().take(2).map(String::as_str).collect();
        let told = client.json::<Value>(client.in_project(Method::GET, &path)).await;
        match told {
            Ok(told) => self.of_run && told.get("finished-at").is_some_and(|at| !at.is_null()),
            Err(error) => output::exit_code(&error) == Exit::NotFound,
        }
    }
}

/// The end of the lines that is none of who writes them.
fn gone() -> Failure {
    Failure::new(
        Exit::Unreachable,
        "the server goes away: what is written from now on is not shown",
    )
    .hint(
        "ask again with -f once it is there; --since shows what was written meanwhile, as far as it is kept",
    )
}

/// A stream that broke off has ended with the server, or with the way to it.
fn cut_off(error: anyhow::Error) -> anyhow::Error {
    match error.chain().any(|cause| cause.is::<reqwest::Error>()) {
        true => gone().into(),
        false => error,
    }
}

fn show(event: &Event, output: Output) -> Result<()> {
    let unexpected = || format!("the server sent an event that is not expected: {}", event.data);
    match event.name.as_str() {
        "lost" => {
            let lost: Lost = serde_json::from_str(&event.data).with_context(unexpected)?;
            print_lost(lost.lost, output);
            Ok(())
        }
        "problem" => {
            let problem = serde_json::from_str(&event.data).with_context(unexpected)?;
            Err(described(problem).into())
        }
        _ => {
            let line: LogLine = serde_json::from_str(&event.data).with_context(unexpected)?;
            line::print(&line, output)
        }
    }
}

fn print_lost(lost: u64, output: Output) {
    if lost > 0 {
        output.note(format_args!("… {lost} lines are no longer kept …"));
    }
}
