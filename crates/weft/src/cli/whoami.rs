use anyhow::Result;
use reqwest::Method;
use weft_api::wire::Myself;

use super::Session;
use super::token::role_name;

pub(crate) async fn run(session: Session) -> Result<()> {
    let client = session.client()?;
    let me: Myself = client.json(client.of_server(Method::GET, &["self"])).await?;
    session.output.result(&me, text(&me))?;
    Ok(())
}

fn text(me: &Myself) -> String {
    let may = match (&me.project, me.role) {
        (Some(project), Some(role)) => format!("{} of {project}", role_name(role)),
        _ => "admin".to_owned(),
    };
    match &me.user {
        Some(user) => format!("{user}, {may}"),
        None => "the server asks nobody who they are: everything is allowed".to_owned(),
    }
}
