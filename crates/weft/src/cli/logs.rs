use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use reqwest::header::ACCEPT;
use weft_api::wire::{LogLine, Logs, Lost, Stream};
use weft_types::FunctionName;

use super::{Session, deploy};
use crate::client::{Client, Event, Events};
use crate::output::Output;

/// Lines asked for at once.
const PAGE: usize = 1000;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function.
    #[arg(value_name = "FUNCTION", value_parser = deploy::name)]
    function: FunctionName,
    /// Go on showing lines as they are written.
    #[arg(short, long)]
    follow: bool,
    /// Only lines that contain this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let next = print_kept(&client, &args, session.output).await?;
    if args.follow {
        follow(
            &client,
            &args.function,
            args.filter.as_deref(),
            &next,
            session.output,
        )
        .await?;
    }
    Ok(())
}

/// Shows the lines written from now on, until the server ends the stream.
pub(crate) async fn follow_from_now(client: &Client, function: &FunctionName, output: Output) -> Result<()> {
    follow(client, function, None, "end", output).await
}

/// Prints what is kept, and answers where what follows begins.
async fn print_kept(client: &Client, args: &Args, output: Output) -> Result<String> {
    let mut after = String::new();
    loop {
        let page = page(client, &args.function, args.filter.as_deref(), &after).await?;
        print_lost(page.lost, output);
        for line in &page.items {
            print(line, output)?;
        }
        if page.items.is_empty() || page.next == after {
            return Ok(page.next);
        }
        after = page.next;
    }
}

async fn page(client: &Client, function: &FunctionName, filter: Option<&str>, after: &str) -> Result<Logs> {
    let request = client.request(Method::GET, &[function.as_str(), "logs"]);
    let limit = PAGE.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(filter.map(|filter| ("contains", filter)));
    query.extend((!after.is_empty()).then_some(("after", after)));
    client.json(request.query(&query)).await
}

async fn follow(
    client: &Client,
    function: &FunctionName,
    filter: Option<&str>,
    after: &str,
    output: Output,
) -> Result<()> {
    let mut query = vec![("after", after)];
    query.extend(filter.map(|filter| ("contains", filter)));
    let request = client
        .request(Method::GET, &[function.as_str(), "logs"])
        .query(&query);
    let response = client.send(request.header(ACCEPT, "text/event-stream")).await?;
    let mut events = Events::new(response);
    while let Some(event) = events.next().await? {
        show(&event, output)?;
    }
    Ok(())
}

fn show(event: &Event, output: Output) -> Result<()> {
    let unexpected = || format!("the server sent an event that is not expected: {}", event.data);
    if event.name == "lost" {
        let lost: Lost = serde_json::from_str(&event.data).with_context(unexpected)?;
        print_lost(lost.lost, output);
        return Ok(());
    }
    let line: LogLine = serde_json::from_str(&event.data).with_context(unexpected)?;
    print(&line, output)
}

/// One line: as JSON on one line, or as time, stream and text.
fn print(line: &LogLine, output: Output) -> Result<()> {
    if output.is_json() {
        return Ok(output.line(serde_json::to_string(line)?)?);
    }
    let mark = match line.stream {
        Stream::Stdout => ' ',
        Stream::Stderr => '!',
    };
    let time = line.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    Ok(output.line(format_args!("{time} {mark} {}", printable(&line.text)))?)
}

fn print_lost(lost: u64, output: Output) {
    if lost > 0 {
        output.note(format_args!("… {lost} lines are no longer kept …"));
    }
}

/// Text that cannot move the cursor or colour the terminal: it comes from a function's code.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_cannot_command_the_terminal() {
        assert_eq!(printable("a\tb\u{1b}[2Jc"), "a\tb\u{fffd}[2Jc");
    }
}
