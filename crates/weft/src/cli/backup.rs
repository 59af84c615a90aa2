use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;

use super::Session;
use crate::archive::{self, Contents};
use crate::config;
use crate::failure::Failure;

mod offline;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft backup /backups/monday.tar                          of the server that runs (--server)
  weft backup /backups/monday.tar --data /var/lib/weft     of one that is stopped
  weft restore /backups/monday.tar --data /var/lib/weft-2  puts it into a new directory

An archive is read again and verified before it gets its name. It holds what is needed to go on
elsewhere, but for the keys of secrets, certificates and the configuration: keep those on their own.
Runs that are kept in PostgreSQL (--runs-database) are not with the server, so no archive is made:
`pg_dump` backs them up (docs/operations.md).")]
pub(crate) struct Args {
    /// The archive; a file that is not there yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Data directory of a server that is stopped, instead of asking one that runs.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, session: Session, file: config::File) -> Result<()> {
    check_free(&args.file)?;
    let partial = beside(&args.file, "partial");
    let outcome = write(&args, &session, file, &partial).await;
    if outcome.is_err() {
        let _ = fs::remove_file(&partial);
    }
    let contents = outcome?;
    let told = json!({
        "archive": args.file,
        "files": contents.files,
        "bytes": contents.bytes,
        "damaged": contents.damaged,
        "more-damaged": contents.more_damaged,
    });
    let text = format!(
        "{} holds {} files of {} bytes",
        args.file.display(),
        contents.files,
        contents.bytes
    );
    session.output.result(&told, text)?;
    note_damage(&session, &contents);
    Ok(())
}

/// Tells of files that the disk had altered before they were archived.
pub(super) fn note_damage(session: &Session, contents: &Contents) {
    for path in &contents.damaged {
        session.output.note(format_args!(
            "{path} was damaged before it was archived: store or upload it again"
        ));
    }
    if contents.more_damaged > 0 {
        session
            .output
            .note(format_args!("and so were {} more", contents.more_damaged));
    }
}

/// Writes the archive beside its name, and gives it that once it is on the disk and was found whole.
async fn write(args: &Args, session: &Session, file: config::File, partial: &Path) -> Result<Contents> {
    let target = create(partial)?;
    let target = match &args.data {
        Some(data) => offline::write(target, data, &beside(&args.file, "copies"), file).await?,
        None => download(target, session).await?,
    };
    let contents = verified(target).await.context("the archive is not whole")?;
    check_free(&args.file)?;
    fs::rename(partial, &args.file).with_context(|| format!("{} cannot be named", args.file.display()))?;
    let directory = args.file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))
        .and_then(|directory| directory.sync_all())
        .context("the archive's name cannot be synced")?;
    Ok(contents)
}

async fn download(mut target: File, session: &Session) -> Result<File> {
    let client = session.client()?;
    let progress = session.output.progress();
    progress.waiting("copying the databases");
    let response = client.send(client.of_server(Method::POST, &["backup"])).await?;
    let count = progress.received("receiving");
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.context("the backup broke off; the server's log may say why")?;
        target
            .write_all(&piece)
            .context("the archive cannot be written")?;
        count(piece.len() as u64);
    }
    Ok(target)
}

/// Syncs the archive, and reads it as a restore would.
async fn verified(mut target: File) -> Result<Contents> {
    let reading = tokio::task::spawn_blocking(move || -> Result<Contents> {
        target.sync_all().context("it cannot be synced")?;
        target.rewind()?;
        let contents = archive::read(BufReader::with_capacity(1 << 20, target), |_, content| {
            std::io::copy(content, &mut std::io::sink())
                .map(drop)
                .map_err(archive::Problem::Unread)
        })?;
        Ok(contents)
    });
    reading.await?
}

fn create(partial: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(partial)
        .with_context(|| format!("{} cannot be written", partial.display()))
}

fn check_free(file: &Path) -> Result<()> {
    if !file.exists() {
        return Ok(());
    }
    Err(Failure::usage(format!("{} is there already", file.display()))
        .hint("an archive is never put over another file; name a new one")
        .into())
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}
