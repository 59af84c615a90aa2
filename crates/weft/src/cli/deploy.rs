use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use weft_api::wire::{Deployment, Function};
use weft_types::FunctionName;

use self::settings::Sent;
use super::canary::Canary;
use super::{Session, activate, problems, rollout};
use crate::client::{Client, Upload};
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::project::Project;
use crate::reference::Reference;

mod callees;
mod definition;
mod report;
mod settings;

pub(crate) use report::report;
pub(crate) use settings::{Overrides, pair};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft deploy                                   build the project here and deploy it
  weft deploy fetch.wasm --grant-http api.example.com
  weft deploy order.yaml --label team=shop      save a workflow, by the name in it
  weft deploy pricing.wasm --name prices --label team=shop --no-activate
  weft deploy pricing.wasm --canary             let the new version take over step by step")]
pub(crate) struct Args {
    /// A .wasm file, a workflow's definition (.yaml or .json), or the directory of a project, which is built first.
    #[arg(default_value = ".", value_name = "FILE|DIR")]
    path: PathBuf,
    /// Name of the function, instead of the one in the definition, or the file's or package's.
    #[arg(long, value_parser = name)]
    name: Option<FunctionName>,
    #[command(flatten)]
    overrides: Overrides,
    /// Store the version without making it answer calls.
    #[arg(long, conflicts_with = "canary")]
    no_activate: bool,
    #[command(flatten)]
    canary: Canary,
}

/// What is about to be uploaded.
pub(crate) struct Subject {
    /// The function's name.
    pub(crate) name: FunctionName,
    /// The code.
    pub(crate) file: PathBuf,
    /// A settings file that belongs to it.
    pub(crate) settings: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    args.canary.check()?;
    let subject = subject(&args.path, args.name.clone(), session.output)?;
    let client = session.client()?;
    let deployment = upload(
        &client,
        &subject,
        &args.overrides,
        !args.no_activate && !args.canary.is_wanted(),
        session.output,
    )
    .await?;
    // What lacks a grant cannot answer calls, of which the report tells.
    let text = if args.canary.is_wanted() && deployment.missing.is_empty() {
        let outcome = roll_out(&client, &subject.name, &deployment, &args.canary).await;
        let outcome = outcome.map_err(|error| only_stored(error, &deployment))?;
        report::report_of(&deployment, &outcome)
    } else {
        report(&deployment)
    };
    session.output.result(&deployment, text)?;
    Ok(())
}

/// Lets a stored version take over step by step; all at once where none answers calls yet. Tells what became of it.
async fn roll_out(
    client: &Client,
    name: &FunctionName,
    deployment: &Deployment,
    canary: &Canary,
) -> Result<String> {
    let version = deployment.version.version;
    let function: Function = client.json(client.request(Method::GET, &[name.as_str()])).await?;
    let takes_over = function
        .rollout
        .as_ref()
        .is_some_and(|under_way| under_way.version == version);
    let function = match function.summary.active {
        Some(active) if takes_over || active == version => function,
        Some(_) => activate::activate(client, name, version, canary).await?,
        None => activate::activate(client, name, version, &Canary::default()).await?,
    };
    Ok(match &function.rollout {
        Some(under_way) => rollout::text::share(under_way),
        None => "answers calls now".to_owned(),
    })
}

/// A version that could not begin to take over is there nonetheless.
fn only_stored(error: anyhow::Error, deployment: &Deployment) -> anyhow::Error {
    let (name, version) = (&deployment.version.function, deployment.version.version);
    // Who was cut off does not know what became of it.
    let answers = match output::exit_code(&error) {
        Exit::Error => "it is not known whether it answers calls",
        _ => "does not answer calls",
    };
    let stored = format!("version {version} of {name} is stored and {answers}");
    let hint = format!(
        "`weft rollout {name}` tells what is under way; `weft activate {name} {version} --canary` lets the version take over"
    );
    match error.downcast::<Failure>() {
        Ok(failure) => failure.about(&stored).hint(hint).into(),
        Err(error) => error.context(stored),
    }
}

/// Finds what a path stands for; a project is built.
pub(crate) fn subject(path: &Path, name: Option<FunctionName>, output: Output) -> Result<Subject> {
    if path.is_dir() {
        let project = Project::open(path)?;
        let name = name.map_or_else(|| derived(&project.name), Ok)?;
        return Ok(Subject {
            name,
            file: project.build(true, output)?,
            settings: project.settings(),
        });
    }
    if !path.exists() {
        return Err(Failure::usage(format!("{} does not exist", path.display()))
            .hint("name a .wasm file, a workflow's definition (.yaml or .json) or the directory of a project")
            .into());
    }
    let called = definition::is_one(path)
        .then(|| definition::name(path))
        .transpose()?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.or(called.flatten());
    Ok(Subject {
        name: name.map_or_else(|| derived(&stem), Ok)?,
        file: path.to_owned(),
        settings: None,
    })
}

/// Uploads it, with progress, and answers what the server made of it.
pub(crate) async fn upload(
    client: &Client,
    subject: &Subject,
    overrides: &Overrides,
    activate: bool,
    output: Output,
) -> Result<Deployment> {
    let settings = settings::effective(client, subject, overrides).await?;
    let along = match &settings {
        Some(Sent::Along(settings)) => Some(settings),
        Some(Sent::After(_)) | None => None,
    };
    let upload = Upload::open(&subject.file).await?;
    let progress = output.progress();
    progress.bytes("uploading", upload.size());
    let request = client
        .request(Method::PUT, &[subject.name.as_str()])
        .query(&[("activate", activate)]);
    let sent = upload.send(request, along, progress.counter("compiling"));
    let deployed: Result<Deployment> = client.json(sent).await;
    let deployed = deployed.map_err(|error| problems::listed(error, &subject.file.to_string_lossy()));
    let deployed = deployed
        .with_context(|| format!("`{}` is not deployed", subject.name))
        .map_err(plain)?;
    problems::warn(&deployed.warnings, &subject.file.to_string_lossy(), output);
    callees::warn(client, &deployed.version.settings.grants, output).await;
    match settings {
        Some(Sent::After(change)) => {
            let changed = change_settings(client, subject, &change, activate).await?;
            let replaced = deployed.replaced.or(changed.replaced);
            Ok(Deployment {
                warnings: deployed.warnings,
                replaced: replaced.filter(|&before| before != changed.version.version),
                ..changed
            })
        }
        _ => Ok(deployed),
    }
}

/// Makes a version of the workflow with other settings.
async fn change_settings(
    client: &Client,
    subject: &Subject,
    change: &Value,
    activate: bool,
) -> Result<Deployment> {
    let request = client
        .request(Method::PATCH, &[subject.name.as_str()])
        .query(&[("activate", activate)])
        .header(CONTENT_TYPE, "application/merge-patch+json")
        .body(change.to_string());
    client.json(request).await
}

/// Keeps the exit code and hint of a failure below a context.
fn plain(error: anyhow::Error) -> anyhow::Error {
    let context = error.to_string();
    match error.downcast::<Failure>() {
        Ok(failure) => failure.about(&context).into(),
        Err(error) => error,
    }
}

/// A name made of a file's or package's: underscores become hyphens.
fn derived(text: &str) -> Result<FunctionName> {
    text.replace('_', "-").parse().map_err(|error| {
        Failure::new(Exit::Usage, format!("{error}"))
            .hint("--name gives the function another name")
            .into()
    })
}

pub(crate) fn name(text: &str) -> Result<FunctionName, String> {
    text.parse().map_err(|error| {
        let alone = text.parse::<Reference>().ok();
        let alone = alone.filter(|named| named.version.is_some() || named.export.is_some());
        match alone {
            Some(named) => format!("only the name of a function is meant here: `{}`", named.function),
            None => format!("{error}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_files() {
        assert_eq!(derived("image_resize").unwrap().as_str(), "image-resize");
        assert!(derived("Image").is_err());
    }

    #[test]
    fn a_name_is_alone() {
        assert_eq!(name("image").unwrap().as_str(), "image");
        for more in ["image@3", "image#thumbnail"] {
            let wrong = name(more).unwrap_err();
            assert_eq!(
                wrong, "only the name of a function is meant here: `image`",
                "{more}"
            );
        }
        assert!(name("Image@3").unwrap_err().contains("is not a name"));
    }
}
