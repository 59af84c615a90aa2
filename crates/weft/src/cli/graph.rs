use anyhow::{Context, Result};
use clap::{Args as ClapArgs, ValueEnum};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use weft_api::wire::Run;

use super::{Session, show};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::reference::Reference;

mod states;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft graph order --format svg > order.svg    a picture
  weft graph order@2                           text that Markdown of many places shows as one
  weft graph --run RUN                         the same, each node coloured by what became of it")]
pub(crate) struct Args {
    /// `NAME[@VERSION]`; the active version where not given.
    #[arg(value_name = "WORKFLOW", required_unless_present = "run")]
    reference: Option<Reference>,
    /// What became of each node of this run, instead; not as a picture.
    #[arg(long, value_name = "RUN", conflicts_with = "reference")]
    run: Option<String>,
    /// How it is drawn: `mermaid` where not given, or `json` with `--output json`.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for Mermaid.
    Mermaid,
    /// A picture.
    Svg,
    /// Nodes and edges as data.
    Json,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let format = args.format.unwrap_or(match session.output.is_json() {
        true => Format::Json,
        false => Format::Mermaid,
    });
    // One of both is there, and only one.
    let text = match (&args.run, &args.reference) {
        (Some(run), _) => of_run(&client, &show::fetch(&client, run).await?, format).await?,
        (None, Some(reference)) => {
            let version = reference.version.map(|version| version.0);
            client
                .text(request(&client, reference.function.as_str(), version, format))
                .await?
        }
        (None, None) => return Err(Failure::usage("name a workflow or a run").into()),
    };
    session.output.line(text.trim_end())?;
    Ok(())
}

fn request(client: &Client, workflow: &str, version: Option<u32>, format: Format) -> RequestBuilder {
    let format = match format {
        Format::Mermaid => "mermaid",
        Format::Svg => "svg",
        Format::Json => "json",
    };
    let request = client.request(Method::GET, &[workflow, "graph"]);
    request
        .query(&[("format", format)])
        .query(&version.map(|version| [("version", version)]))
}

/// The graph of a run's version, with what became of each node.
async fn of_run(client: &Client, run: &Run, format: Format) -> Result<String> {
    if let Some(untold) = show::untold(run) {
        // Another version may have the name and the number by now.
        return Err(Failure::new(Exit::NotFound, untold).into());
    }
    let (workflow, version) = (&run.summary.workflow, run.summary.version);
    let of = |format| request(client, workflow, Some(version), format);
    let mut graph: Value = client.json(of(Format::Json)).await?;
    match format {
        Format::Json => {
            states::add_to_data(&mut graph, run);
            serde_json::to_string_pretty(&graph).context("a graph is not JSON")
        }
        Format::Mermaid => {
            let drawn = client.text(of(Format::Mermaid)).await?;
            Ok(states::add_to_mermaid(&drawn, &graph, run))
        }
        Format::Svg => Err(Failure::usage("a run is not drawn as a picture")
            .hint("--format mermaid colours the nodes; many places show that as one")
            .into()),
    }
}
