//! Backups of a server that serves.
//!
//! An archive must be a state that a crash could have left: with every run that was acknowledged before it was asked for, and with
//! whatever is referred to in it. The stores are not copied at one moment, so it is the order that makes them fit, and what is held
//! meanwhile:
//!
//! | held | from | to |
//! |---|---|---|
//! | collections of blobs | before the first copy | the last file is read |
//! | removals of code whose last version was deleted | before the first copy | the last file is read |
//! | trims of the journal | before the records are copied | the journal is copied |
//! | deletions of versions | before the journal is copied | the registry is copied |
//!
//! 1. The databases are copied, what refers before what is referred to: records, journal, key-values, registry (with tokens, secrets,
//!    and definitions). Why they fit is argued in `weft_store`'s `copies.rs`. The copies take as much of the data directory's disk as
//!    the databases, and nothing waits for them but trims and deletions.
//! 2. The code that the copied registry refers to. It got its name before it was referred to, and is removed only where no version is
//!    made of it: by a deletion, which is held, or at a start.
//! 3. Blobs. Whatever the records, the journal or a definition of the copies refers to was stored before it was referred to, was not
//!    collected when it was copied, and cannot be collected since. What is stored later is archived or not, and referred to by
//!    nothing in the archive; a restored server collects it. What would have been removed meanwhile is afterwards.
//! 4. Pool profiles, as they are.
//!
//! Only then does the client get the end of the archive. It takes pieces as fast as it likes: one is in memory, a few in a bounded
//! queue. A client that goes away ends the backup wherever it is, and one that takes nothing for `--stall-timeout` is taken
//! for gone. What was written on the way is removed with it, and at the next start where the process was killed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::stream;
use tokio::runtime::Handle;
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};
use weft_api::{BackupError, Pieces};
use weft_blobs::LocalBlobs;
use weft_function_engine::Engine;
use weft_function_engine::port::Boxed;
use weft_store::{Copied, Copies, CopyError, Stop};

use crate::archive::Source;

mod pieces;
mod scratch;

use pieces::Sender;
use scratch::Scratch;

/// Pieces that wait for the client, of 256 KiB each.
const WAITING: usize = 4;

/// Makes backups of this server.
pub(super) struct Backups(Arc<Inner>);

struct Inner {
    /// None where runs are in PostgreSQL.
    copies: Option<Copies>,
    engine: Engine,
    blobs: LocalBlobs,
    data: PathBuf,
    profiles: PathBuf,
    /// Held by the one that is under way.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Where it is made.
    background: Handle,
}

/// A backup whose databases are copied, and all that goes with its end.
struct UnderWay {
    copied: Copied,
    scratch: Scratch,
    _blobs: weft_blobs::Held,
    _code: weft_function_engine::Held,
    _turn: OwnedMutexGuard<()>,
}

type Begun = Result<Pieces, BackupError>;

impl Backups {
    /// Those of a server, made on the runtime that this is called on. Removes what an earlier process left.
    pub(super) fn new(
        copies: Option<Copies>,
        engine: Engine,
        blobs: LocalBlobs,
        (data, profiles): (&Path, PathBuf),
    ) -> Result<Self> {
        scratch::clean(data).context("what is left of a backup cannot be removed")?;
        Ok(Self(Arc::new(Inner {
            copies,
            engine,
            blobs,
            data: data.to_owned(),
            profiles,
            turn: Arc::default(),
            background: Handle::current(),
        })))
    }
}

impl weft_api::Backups for Backups {
    fn begin(&self) -> Boxed<'_, Begun> {
        Box::pin(async {
            let turn = Arc::clone(&self.0.turn).try_lock_owned();
            let turn = turn.map_err(|_| BackupError::UnderWay)?;
            let (begun, answer) = oneshot::channel();
            // In a task of its own, which sees to its end whoever waits for it.
            self.0.background.spawn(Arc::clone(&self.0).make(turn, begun));
            let ended = || BackupError::Failed("the backup ended before it had begun".to_owned());
            answer.await.map_err(|_| ended())?
        })
    }
}

impl Inner {
    async fn make(self: Arc<Self>, turn: OwnedMutexGuard<()>, mut begun: oneshot::Sender<Begun>) {
        let stop = Stop::default();
        let copied = {
            let mut copying = std::pin::pin!(self.copy(turn, &stop));
            tokio::select! {
                copied = &mut copying => copied,
                () = begun.closed() => {
                    stop.stop();
                    copying.await
                }
            }
        };
        let under_way = match copied {
            Ok(under_way) => under_way,
            Err(error) => {
                tracing::warn!(%error, "no backup was made");
                let _ = begun.send(Err(error));
                return;
            }
        };
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let pieces = stream::poll_fn(move |context| receiver.poll_recv(context));
        if begun.send(Ok(Box::pin(pieces))).is_ok() {
            self.pack(under_way, sender).await;
        }
    }

    async fn copy(&self, turn: OwnedMutexGuard<()>, stop: &Stop) -> Result<UnderWay, BackupError> {
        let elsewhere = || {
            let what = "the runs of this server are in PostgreSQL, so an archive would lack them; with the server stopped, \
                        `pg_dump` backs up the schema, and a copy of the data directory the rest";
            BackupError::Elsewhere(what.to_owned())
        };
        let copies = self.copies.as_ref().ok_or_else(elsewhere)?;
        let scratch = Scratch::make(&self.data, copies.bytes())?;
        let (blobs, code) = (self.blobs.hold().await, self.engine.hold_code().await);
        let copied = copies
            .write(scratch.path(), stop, self.engine.hold_versions())
            .await
            .map_err(failed)?;
        Ok(UnderWay {
            copied,
            scratch,
            _blobs: blobs,
            _code: code,
            _turn: turn,
        })
    }

    /// Sends the archive, and its end once nothing is left of what was written for it: whoever has it may ask for the next.
    async fn pack(&self, under_way: UnderWay, sender: mpsc::Sender<io::Result<Bytes>>) {
        let source = Source {
            data: self.data.clone(),
            copies: under_way.scratch.path().to_owned(),
            copied: under_way.copied.clone(),
            blobs: self.blobs.clone(),
            profiles: self.profiles.clone(),
        };
        let target = Sender::new(sender.clone());
        let packed = tokio::task::spawn_blocking(move || {
            let packed = source.pack(target);
            drop(under_way);
            packed
        });
        let outcome = match packed.await {
            Ok(Ok(target)) => {
                tracing::info!("a backup was made");
                Ok(target.rest())
            }
            Ok(Err(error)) => Err(error),
            Err(error) => Err(error.into()),
        };
        let last = outcome.map_err(|error| {
            tracing::warn!(error = format!("{error:#}"), "a backup was not finished");
            io::Error::other(format!("{error:#}"))
        });
        let _ = sender.send(last).await;
    }
}

fn failed(error: CopyError) -> BackupError {
    match error {
        CopyError::Full { .. } => BackupError::NoRoom(error.to_string()),
        other => BackupError::Failed(other.to_string()),
    }
}
