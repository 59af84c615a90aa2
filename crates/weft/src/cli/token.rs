use std::path::PathBuf;

use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand};
use reqwest::Method;
use weft_access::Role;
use weft_api::wire::{CreatedToken, Myself, NewAdminToken, NewToken, Page, Token};

use super::Session;
use crate::config::{File, Serve, ServeLayers};
use crate::failure::{Exit, Failure};

mod offline;
mod text;

pub(crate) use text::role_name;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token. It is shown this once: keep it in WEFT_TOKEN or the configuration file.
    Create(CreateArgs),
    /// List the tokens of the project, without what opens them.
    List(ListArgs),
    /// Revoke a token: it is taken no longer from the next request on.
    Revoke(RevokeArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The first token of all is one of the platform; from then on everybody needs one. Where no server
runs yet, `weft token create --admin` writes it into the data directory; else the server is asked.")]
struct CreateArgs {
    /// Let it do everything everywhere, instead of acting in one project.
    #[arg(long, conflicts_with = "role")]
    admin: bool,
    /// The most it may do in the project: viewer, invoker, developer or owner.
    #[arg(long, value_name = "ROLE", required_unless_present = "admin")]
    role: Option<Role>,
    /// For whom it acts, a member of the project; who asks where not given.
    #[arg(long = "for", value_name = "WHO")]
    holder: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// How long it is taken, such as 12h or 30d; `never` ends never.
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = text::lifetime)]
    expires: text::Lifetime,
    /// Data directory that the first token is written into, instead of the configured one.
    #[arg(long, value_name = "DIR", env = "WEFT_DATA", hide_env_values = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
struct ListArgs {
    /// Those of all projects and of the platform.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, ClapArgs)]
struct RevokeArgs {
    /// The token's id, as lists show it.
    #[arg(value_name = "TOKEN")]
    id: String,
}

pub(crate) async fn run(args: Args, session: Session, file: File) -> Result<()> {
    match args.what {
        What::Create(args) => create(args, session, file).await,
        What::List(args) => list(&args, &session).await,
        What::Revoke(args) => revoke(&args, &session).await,
    }
}

async fn create(args: CreateArgs, session: Session, file: File) -> Result<()> {
    let created = match args.role {
        None if session.config.token.is_empty() => first(&args, &session, file).await?,
        None => create_admin(&args, &session).await?,
        Some(role) => {
            let client = session.client()?;
            let asked = NewToken {
                user: args.holder.clone(),
                role: role.into(),
                note: args.note.clone(),
                lifetime_seconds: Some(args.expires.seconds()),
            };
            let request = client.in_project(Method::POST, &["tokens"]).json(&asked);
            client.json(request).await?
        }
    };
    // The token alone is the result, for `$(…)`.
    session.output.result(&created, &created.secret)?;
    session.output.note(text::created(&created.token));
    Ok(())
}

/// Without a token only the first one can be made: in the data directory, or by the server that has it.
async fn first(args: &CreateArgs, session: &Session, file: File) -> Result<CreatedToken> {
    let mut serve: Serve = ServeLayers::default().over(file).serve.resolve()?;
    if let Some(data) = &args.data {
        serve.data.clone_from(data);
    }
    let data = serve.data_directory()?;
    match offline::create(
        args.holder.as_deref(),
        &args.note,
        args.expires,
        &session.config.user,
        &data,
    )
    .await?
    {
        Some(created) => Ok(created),
        None => create_admin(args, session).await,
    }
}

async fn create_admin(args: &CreateArgs, session: &Session) -> Result<CreatedToken> {
    let client = session.client()?;
    let asked = NewAdminToken {
        user: args.holder.clone(),
        note: args.note.clone(),
        lifetime_seconds: Some(args.expires.seconds()),
    };
    let request = client.of_server(Method::POST, &["tokens"]).json(&asked);
    client.json(request).await
}

async fn list(args: &ListArgs, session: &Session) -> Result<()> {
    let client = session.client()?;
    let request = match args.all {
        true => client.of_server(Method::GET, &["tokens"]),
        false => client.in_project(Method::GET, &["tokens"]),
    };
    let Page { items, .. }: Page<Token> = client.json(request).await?;
    session.output.result(&items, text::table(&items))?;
    Ok(())
}

async fn revoke(args: &RevokeArgs, session: &Session) -> Result<()> {
    let client = session.client()?;
    let me: Myself = client.json(client.of_server(Method::GET, &["self"])).await?;
    let path = ["tokens", &*args.id];
    let request = match me.admin {
        true => client.of_server(Method::DELETE, &path),
        false => client.in_project(Method::DELETE, &path),
    };
    client.send(request).await?;
    let told = serde_json::json!({ "revoked": args.id });
    session.output.result(&told, format!("{} is revoked", args.id))?;
    Ok(())
}

/// A text that is no token's holder.
fn no_user(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, error.to_string()).hint("--for names who holds the token")
}
