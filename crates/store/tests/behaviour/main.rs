//! What every store does, whatever it is made of. A behaviour is a function of a backend; each backend runs them all.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]

use std::sync::Arc;

use weft_function_engine::port::{Artifacts, KeyValue, Registry};

mod artifacts;
mod keyvalue;
mod opening;
mod registry;
mod samples;
mod sqlite;

/// A store under test.
trait Backend: Sized {
    /// An empty store.
    async fn fresh() -> Self;
    /// The same store after its process has ended and another has opened it.
    async fn reopen(self) -> Self;
    fn registry(&self) -> Arc<dyn Registry>;
    fn artifacts(&self) -> Arc<dyn Artifacts>;
    fn keyvalue(&self) -> Arc<dyn KeyValue>;
}

/// Runs behaviours on a backend, each as a test.
macro_rules! suite {
    ($backend:ty, $($group:ident: [$($behaviour:ident),* $(,)?]),* $(,)?) => {
        $(mod $group {
            use super::*;
            $(#[tokio::test]
            async fn $behaviour() {
                crate::$group::$behaviour(<$backend as crate::Backend>::fresh().await).await;
            })*
        })*
    };
}

/// Every behaviour there is, on one backend.
macro_rules! every_behaviour {
    ($backend:ty) => {
        suite!($backend,
            registry: [
                default_project_is_there,
                projects_are_created_once,
                versions_count_from_one,
                records_survive_reopening,
                same_code_and_settings_are_one_version,
                other_settings_are_another_version,
                activation_is_explicit,
                activating_what_is_not_there_is_refused,
                deleting_removes_every_version,
                a_function_created_again_counts_from_one,
                uploads_of_one_name_at_once_are_numbered_without_gaps,
                an_unknown_project_is_refused,
            ],
            artifacts: [
                kept_code_is_found_again,
                large_uploads_are_hashed_while_received,
                uploads_over_the_limit_are_refused,
                what_is_not_kept_leaves_nothing,
                keeping_the_same_code_twice_is_fine,
                compiled_code_is_vouched_for,
                compiled_code_is_replaced_whole,
                keys_are_not_paths,
            ],
            keyvalue: [
                values_survive_reopening,
                stores_and_projects_are_apart,
                deleting_is_final_and_repeatable,
                keys_are_listed_in_pages,
                increments_are_atomic,
                only_numbers_are_incremented,
                many_writers_are_served_at_once,
            ],
        );
    };
}
pub(crate) use {every_behaviour, suite};
