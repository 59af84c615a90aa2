use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use serde_json::json;
use weft_api::wire::{Page, RunSummary};

use super::Session;
use crate::client::Client;
use crate::failure::Failure;
use crate::reference::Reference;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The function, which goes with all its versions; or one of its versions, such as pricing@3.
    #[arg(value_name = "FUNCTION[@VERSION]", required_unless_present = "run", value_parser = reference)]
    function: Option<Reference>,
    /// The record of this run, which has ended, instead.
    #[arg(long, value_name = "RUN", conflicts_with = "function")]
    run: Option<String>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let deleted = args.function.clone();
    // One of both is there, and only one.
    let (path, name, text) = match (args.run, args.function) {
        (Some(run), _) => (
            vec!["runs".to_owned(), run.clone()],
            run.clone(),
            format!("run {run}"),
        ),
        (None, Some(reference)) => of_function(&reference)?,
        (None, None) => return Err(Failure::usage("name what is to be deleted").into()),
    };
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    client.send(client.in_project(Method::DELETE, &path)).await?;
    session
        .output
        .result(&json!({ "deleted": name }), format!("{text} is deleted"))?;
    if let Some(deleted) = deleted.filter(|_| !session.output.is_json())
        && has_runs(&client, &deleted).await
    {
        session.output.note(format_args!(
            "its runs are kept, but no longer tell what their nodes did: `weft runs {name}` lists them"
        ));
    }
    Ok(())
}

/// Reads what is to be deleted. The id of a run is given otherwise.
fn reference(text: &str) -> Result<Reference, String> {
    text.parse().map_err(|error| match is_run(text) {
        true => format!("this is the id of a run: `weft delete --run {text}` deletes its record"),
        false => error,
    })
}

/// Whether it is written as ids of runs are.
fn is_run(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(place, byte)| match matches!(place, 8 | 13 | 18 | 23) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit(),
            })
}

/// Whether runs are kept of what was deleted, where the server says so.
async fn has_runs(client: &Client, deleted: &Reference) -> bool {
    let query = [
        ("workflow", deleted.function.to_string()),
        ("limit", "1".to_owned()),
        ("nested", "true".to_owned()),
    ];
    let version = deleted.version.map(|version| [("version", version.to_string())]);
    let request = client
        .in_project(Method::GET, &["runs"])
        .query(&query)
        .query(&version);
    client
        .json::<Page<RunSummary>>(request)
        .await
        .is_ok_and(|page| !page.items.is_empty())
}

/// The path of a function or of one of its versions, and how it is called.
fn of_function(reference: &Reference) -> Result<(Vec<String>, String, String)> {
    let Reference {
        function,
        export,
        version,
    } = reference;
    if let Some(export) = export {
        let message = format!("`{export}` is an export, which cannot be deleted by itself");
        return Err(Failure::usage(message)
            .hint(format!("`weft delete {function}` deletes the function"))
            .into());
    }
    let mut path = vec!["functions".to_owned(), function.to_string()];
    let name = match version {
        Some(version) => {
            path.extend(["versions".to_owned(), version.to_string()]);
            format!("{function}@{version}")
        }
        None => function.to_string(),
    };
    Ok((path, name.clone(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_run_is_told_from_a_name() {
        let wrong = reference("019a8c4e-5d7b-7c3a-9f21-0123456789ab").unwrap_err();
        assert!(wrong.contains("--run 019a8c4e-"), "{wrong}");
        assert!(reference("Pricing").unwrap_err().contains("is not a name"));
        assert!(reference("pricing@3").is_ok());
    }
}
