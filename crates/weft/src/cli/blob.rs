use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, Subcommand};
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use weft_api::wire::Blob;

use super::Session;
use crate::client::{Client, Upload};
use crate::output::Output;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft blob put photo.jpg                                     prints its address, blake3:…
  weft call labels '{\"image\": {\"$blob\": \"blake3:…\"}}'      calls with it
  weft blob get blake3:… -o photo.jpg                         writes it to a file")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store a file as it is; prints its address.
    Put {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Read a blob.
    Get {
        /// Its address.
        #[arg(value_name = "DIGEST")]
        digest: String,
        /// The file to write to, instead of standard output.
        #[arg(short = 'o', long = "out", value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    match args.command {
        Command::Put { file } => put(&client, &file, session.output).await,
        Command::Get { digest, file } => get(&client, &digest, file.as_deref(), session.output).await,
    }
}

async fn put(client: &Client, file: &Path, output: Output) -> Result<()> {
    let upload = Upload::open(file).await?.of_any_type();
    let progress = output.progress();
    progress.bytes("sending", upload.size());
    let request = client.in_project(Method::POST, &["blobs"]);
    let sent = upload.send(request, None, progress.counter("storing"));
    let stored: Blob = client.json(sent).await?;
    drop(progress);
    output.result(&json!(stored), &stored.digest)?;
    Ok(())
}

async fn get(client: &Client, digest: &str, file: Option<&Path>, output: Output) -> Result<()> {
    let request = client.in_project(Method::GET, &["blobs", digest]);
    let mut body = client.send(request).await?.bytes_stream();
    let mut target = match file {
        Some(file) => {
            let created = File::create(file).await;
            Some(created.with_context(|| format!("{} cannot be written", file.display()))?)
        }
        None => None,
    };
    while let Some(part) = body.next().await {
        let part = part.context("the answer broke off")?;
        match &mut target {
            Some(target) => target
                .write_all(&part)
                .await
                .context("the file cannot be written")?,
            None => output.bytes(&part)?,
        }
    }
    if let Some(target) = &mut target {
        target.flush().await.context("the file cannot be written")?;
    }
    Ok(())
}
