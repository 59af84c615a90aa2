use anyhow::{Context, Result};
use clap::{Args as ClapArgs, Subcommand};
use reqwest::{Method, StatusCode};
use weft_access::Role;
use weft_api::wire::{Member, Membership, NewProject, Page, Project};

use super::Session;
use super::token::role_name;
use crate::client::Client;
use crate::output::Table;

/// Projects asked for at once.
const PAGE: usize = 500;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List projects.
    List,
    /// Create a project.
    Create(CreateArgs),
    /// Delete a project that has no functions. Its name is not given again.
    Delete(DeleteArgs),
    /// List the members of the project.
    Members,
    /// Make somebody a member of the project, or give a member another role.
    SetMember(SetArgs),
    /// Remove a member of the project, and with them what their tokens may do there.
    RemoveMember(RemoveArgs),
}

#[derive(Debug, ClapArgs)]
struct CreateArgs {
    /// What it is called.
    #[arg(value_name = "NAME")]
    name: String,
    /// Who becomes its owner; who asks where not given.
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
}

#[derive(Debug, ClapArgs)]
struct DeleteArgs {
    /// The project.
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, ClapArgs)]
struct SetArgs {
    /// Who.
    #[arg(value_name = "WHO")]
    who: String,
    /// As what: viewer, invoker, developer or owner.
    #[arg(value_name = "ROLE")]
    role: Role,
}

#[derive(Debug, ClapArgs)]
struct RemoveArgs {
    /// Who.
    #[arg(value_name = "WHO")]
    who: String,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    match args.what {
        What::List => {
            let projects = list(&client).await?;
            let names: Vec<_> = projects.iter().map(|project| &*project.name).collect();
            session.output.result(&projects, names.join("\n"))?;
        }
        What::Create(CreateArgs { name, owner }) => {
            let has_owner = owner.is_some();
            let request = client.of_server(Method::PUT, &["projects", &name]);
            let answer = client.send(request.json(&NewProject { owner })).await?;
            let is_new = answer.status() == StatusCode::CREATED;
            let project: Project = answer.json().await.context("the answer broke off")?;
            session.output.result(&project, put(&name, is_new))?;
            if has_owner && !is_new {
                session.output.note(format_args!(
                    "its members are left as they are, where it has any: `weft --project {name} project set-member WHO owner` adds an owner"
                ));
            }
        }
        What::Delete(DeleteArgs { name }) => {
            client
                .send(client.of_server(Method::DELETE, &["projects", &name]))
                .await?;
            let told = serde_json::json!({ "deleted": name });
            session.output.result(&told, format!("{name} is deleted"))?;
        }
        What::Members => {
            let request = client.in_project(Method::GET, &["members"]);
            let Page { items, .. }: Page<Member> = client.json(request).await?;
            session.output.result(&items, table(&items))?;
        }
        What::SetMember(SetArgs { who, role }) => {
            let request = client.in_project(Method::PUT, &["members", &who]);
            let member: Member = client
                .json(request.json(&Membership { role: role.into() }))
                .await?;
            let text = format!("{who} is {role} of {}", client.project());
            session.output.result(&member, text)?;
        }
        What::RemoveMember(RemoveArgs { who }) => {
            client
                .send(client.in_project(Method::DELETE, &["members", &who]))
                .await?;
            let told = serde_json::json!({ "removed": who });
            let text = format!("{who} is no member of {} any longer", client.project());
            session.output.result(&told, text)?;
        }
    }
    Ok(())
}

async fn list(client: &Client) -> Result<Vec<Project>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let request = client
            .of_server(Method::GET, &["projects"])
            .query(&[("limit", PAGE)]);
        let request = request.query(&after.map(|after: String| [("after", after)]));
        let page: Page<Project> = client.json(request).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// What became of a project that was to be there.
fn put(name: &str, is_new: bool) -> String {
    match is_new {
        true => format!("{name} is created"),
        false => format!("{name} was there already"),
    }
}

fn table(members: &[Member]) -> String {
    if members.is_empty() {
        return "no members; `weft project set-member WHO ROLE` makes one".to_owned();
    }
    let mut table = Table::new(["member", "role", "since"]);
    for member in members {
        table.row([
            member.user.clone(),
            role_name(member.role).to_owned(),
            member.since.strftime("%Y-%m-%d %H:%M").to_string(),
        ]);
    }
    table.to_string()
}
