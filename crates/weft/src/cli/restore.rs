use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use serde_json::json;

use super::Session;
use crate::archive::{self, Problem};
use crate::failure::{Exit, Failure};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Every file is compared with its digest before anything is put into place. Start a server with the
directory then: it compiles its functions anew, and open runs go on from where they were. Stop the
server that the archive is from for good before, else both go on with the same runs.
The keys of secrets are not in an archive: where there are secrets, put the file of keys into place
(secrets.key in the directory, or where --secrets-key-file says) before the server starts.")]
pub(crate) struct Args {
    /// An archive that `weft backup` has written.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Data directory to be made; empty, or not there yet.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<()> {
    let shown = args.file.display();
    let file =
        File::open(&args.file).map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    let archive = BufReader::with_capacity(1 << 20, file);
    let contents = archive::restore(archive, &args.data).map_err(|problem| match problem {
        Problem::Occupied { .. } => Failure::usage(problem.to_string()),
        problem => Failure::new(Exit::Error, format!("{shown} is not restored: {problem}")),
    })?;
    let told = json!({
        "data": args.data,
        "files": contents.files,
        "bytes": contents.bytes,
        "weft": contents.weft,
        "damaged": contents.damaged,
        "more-damaged": contents.more_damaged,
    });
    let text = format!(
        "{} has {} files of {} bytes, backed up by weft {}",
        args.data.display(),
        contents.files,
        contents.bytes,
        contents.weft,
    );
    session.output.result(&told, text)?;
    super::backup::note_damage(session, &contents);
    session.output.note(
        "the keys of secrets are not in it: where there are secrets, put the file of keys into place before the server starts",
    );
    Ok(())
}
