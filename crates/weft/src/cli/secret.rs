use std::io::{IsTerminal, Read, stdin};

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, Subcommand};
use reqwest::Method;
use weft_api::wire::{NewSecret, Page, Secret};
use weft_types::{SecretName, SecretText};

use super::Session;
use crate::failure::Failure;
use crate::output::Table;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Set a secret to what is read from standard input; a newline at its end is left out.
    Set(OneSecret),
    /// List the names of secrets. Their texts cannot be read.
    List,
    /// Delete a secret: requests that name it are refused from then on.
    Delete(OneSecret),
}

#[derive(Debug, ClapArgs)]
struct OneSecret {
    /// What it is called: letters, digits, `_` and `-`.
    #[arg(value_name = "NAME")]
    name: SecretName,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    match args.what {
        What::Set(OneSecret { name }) => {
            let value = read(&name)?;
            let request = client.in_project(Method::PUT, &["secrets", name.as_str()]);
            let secret: Secret = client.json(request.json(&NewSecret { value })).await?;
            session.output.result(&secret, format!("{name} is set"))?;
        }
        What::List => {
            let request = client.in_project(Method::GET, &["secrets"]);
            let Page { items, .. }: Page<Secret> = client.json(request).await?;
            session.output.result(&items, table(&items))?;
        }
        What::Delete(OneSecret { name }) => {
            client
                .send(client.in_project(Method::DELETE, &["secrets", name.as_str()]))
                .await?;
            let told = serde_json::json!({ "deleted": name });
            session.output.result(&told, format!("{name} is deleted"))?;
        }
    }
    Ok(())
}

/// Reads the text, and a byte more than it may have at most so that it is not cut.
fn read(name: &SecretName) -> Result<String> {
    if stdin().is_terminal() {
        return Err(
            Failure::usage("the secret is read from standard input, which is a terminal")
                .hint(format!(
                    "`weft secret set {name} < FILE`, or pipe it in from what keeps it"
                ))
                .into(),
        );
    }
    let mut text = String::new();
    // Two more: for the end of the line.
    let most = SecretText::MAX as u64 + 3;
    let read = stdin().take(most).read_to_string(&mut text);
    read.context("the secret cannot be read as text from standard input")?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    SecretText::new(text.to_owned()).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(text.to_owned())
}

fn table(secrets: &[Secret]) -> String {
    if secrets.is_empty() {
        return "no secrets; `weft secret set NAME` sets one".to_owned();
    }
    let mut table = Table::new(["secret", "created", "set"]);
    for secret in secrets {
        table.row([
            secret.name.clone(),
            secret.created_at.strftime("%Y-%m-%d %H:%M").to_string(),
            secret.updated_at.strftime("%Y-%m-%d %H:%M").to_string(),
        ]);
    }
    table.to_string()
}
