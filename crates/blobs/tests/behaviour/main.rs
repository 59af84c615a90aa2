//! What every store of blobs does, whatever it is made of. A behaviour is a function of a backend; each backend runs them all.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]

use std::time::{Duration, SystemTime};

use weft_blobs::{Collected, Options};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blob_store::BlobStore;

mod bounds;
mod collecting;
mod counting;
mod damage;
mod directory;
mod local;
mod objects;
mod ownership;
mod remote;
mod samples;
mod streams;
mod values;

/// A store under test.
trait Backend: Sized {
    /// An empty store.
    async fn with(options: Options) -> Self;
    /// The same store after its process has ended, however it has, and another has opened it.
    async fn reopen(self) -> Self;
    fn store(&self) -> &dyn BlobStore;
    /// Collects what was old at some time.
    async fn collect_since(&self, begun: SystemTime) -> Collected;
    /// Lets time pass for everything that is stored.
    fn age(&self, by: Duration);
    /// Changes a byte of a stored blob, or takes the last one away.
    async fn damage(&self, digest: Digest, how: Damage);
    /// How many blobs are stored, whoever has them.
    async fn stored(&self) -> usize;
    /// How many files are there that are not finished.
    fn unfinished(&self) -> usize;

    /// Collects what is old now.
    async fn collect(&self) -> Collected {
        self.collect_since(SystemTime::now()).await
    }

    async fn fresh() -> Self {
        Self::with(Options::default()).await
    }
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Flipped,
    Shortened,
}

/// Runs behaviours on a backend, each as a test.
macro_rules! suite {
    ($backend:ty, $($group:ident: [$($behaviour:ident),* $(,)?]),* $(,)?) => {
        $(mod $group {
            $(#[tokio::test]
            async fn $behaviour() {
                crate::$group::$behaviour::<$backend>().await;
            })*
        })*
    };
}

/// Every behaviour there is, on one backend.
macro_rules! every_behaviour {
    ($backend:ty) => {
        suite!($backend,
            values: [
                what_was_put_is_there,
                what_was_put_survives_the_process,
                a_blob_is_found_by_its_hash_alone,
                what_is_being_read_outlives_its_blob,
            ],
            ownership: [
                a_project_sees_only_what_it_put,
                the_same_bytes_are_stored_once,
                what_was_granted_is_seen,
                only_what_is_seen_can_be_granted,
            ],
            streams: [
                pieces_become_the_blob_of_their_bytes,
                what_is_not_finished_leaves_nothing,
                any_part_can_be_read,
                what_is_not_there_shows_at_the_first_piece,
            ],
            bounds: [
                blobs_are_no_larger_than_allowed,
                so_many_are_received_at_once,
                so_many_are_read_at_once,
                what_is_forgotten_is_looked_up_again,
            ],
            collecting: [
                what_nobody_keeps_is_removed,
                what_is_kept_or_not_is_a_matter_of_each_project,
                what_was_kept_stays_however_long_a_collection_takes,
                what_is_young_stays,
                asking_for_a_blob_makes_it_young,
                putting_a_blob_again_makes_it_young,
                granting_a_blob_makes_it_young,
                what_was_removed_can_be_put_again,
            ],
            damage: [
                damaged_bytes_are_never_answered,
                putting_again_mends_what_is_damaged,
            ],
        );
    };
}

mod on_a_local_directory {
    every_behaviour!(crate::local::Local);
}

mod on_an_object_store {
    every_behaviour!(crate::remote::Remote);
}

fn project(name: &str) -> ProjectName {
    name.parse().unwrap()
}
