use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, Subcommand};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use weft_api::wire::{Page, Profile, ProfileChanges, ProfileSummary};

use super::Session;
use crate::client::Client;
use crate::failure::Failure;

mod text;

/// Profiles asked for at once.
const PAGE: usize = 500;

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    change: Option<Change>,
    /// Show this one, as it is in its file.
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Add or change a profile. Its pools are replaced by new ones; no call fails.
    Set(SetArgs),
    /// Delete a profile, or bring the one back that came with the server.
    Delete(DeleteArgs),
}

#[derive(Debug, ClapArgs)]
struct SetArgs {
    /// Its text, TOML, such as `runtime-pools/mine.toml`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What it is called; the file's name without `.toml` where not given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

#[derive(Debug, ClapArgs)]
struct DeleteArgs {
    /// The profile.
    #[arg(value_name = "PROFILE")]
    name: String,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    match (args.change, args.name) {
        (Some(Change::Set(set)), _) => {
            let name = set.name()?;
            let text = std::fs::read_to_string(&set.file);
            let text = text.with_context(|| format!("reading {} failed", set.file.display()))?;
            let request = client.of_server(Method::PUT, &["profiles", &name]);
            let request = request.header(CONTENT_TYPE, "application/toml").body(text);
            let changes: ProfileChanges = client.json(request).await?;
            session.output.result(&changes, text::changes(&name, &changes))?;
        }
        (Some(Change::Delete(DeleteArgs { name })), _) => {
            client
                .send(client.of_server(Method::DELETE, &["profiles", &name]))
                .await?;
            let told = serde_json::json!({"deleted": name});
            session.output.result(&told, format!("{name} is deleted"))?;
        }
        (None, Some(name)) => {
            let request = client.of_server(Method::GET, &["profiles", &name]);
            let profile: Profile = client.json(request).await?;
            session.output.result(&profile, text::detail(&profile))?;
        }
        (None, None) => {
            let profiles = list(&client).await?;
            session.output.result(&profiles, text::table(&profiles))?;
        }
    }
    Ok(())
}

impl SetArgs {
    fn name(&self) -> Result<String, Failure> {
        let of_file = || {
            self.file
                .file_stem()
                .and_then(|stem| stem.to_str())
                .map(str::to_owned)
        };
        self.name.clone().or_else(of_file).ok_or_else(|| {
            Failure::usage(format!("`{}` names no profile", self.file.display())).hint("name it with --name")
        })
    }
}

async fn list(client: &Client) -> Result<Vec<ProfileSummary>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let request = client
            .of_server(Method::GET, &["profiles"])
            .query(&[("limit", PAGE)]);
        let request = request.query(&after.map(|after: String| [("after", after)]));
        let page: Page<ProfileSummary> = client.json(request).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}
