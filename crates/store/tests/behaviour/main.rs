//! What every store does, whatever it is made of. A behaviour is a function of a backend; each backend runs them all.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]

use std::sync::Arc;

use weft_access::AccessStore;
use weft_function_engine::port::{Artifacts, KeyValue, Registry};
use weft_store::{Options, Store};
use weft_workflow_engine::port::journal::Journal;
use weft_workflow_engine::port::records::Records;

mod access;
mod artifacts;
mod blobs;
mod copying;
mod damage;
mod journal;
mod keyvalue;
mod opening;
mod postgres;
mod records;
mod registry;
mod retention;
mod runs;
mod samples;
mod sqlite;
mod trimming;

/// A store under test.
trait Backend: Sized {
    /// An empty store.
    async fn fresh() -> Self;
    /// The same store after its process has ended and another has opened it with other options.
    async fn reopen_with(self, options: Options) -> Self;
    /// The same store after its process was killed: nothing was closed.
    async fn crash(self) -> Self;
    /// The same store, reopened after something happened to what it had closed.
    async fn reopen_after(self, accident: Accident) -> Self;
    /// How many rows a table of the journal has.
    async fn rows(&self, table: &'static str) -> i64;
    fn store(&self) -> &Store;

    /// The same store after its process has ended and another has opened it.
    async fn reopen(self) -> Self {
        self.reopen_with(small()).await
    }

    fn registry(&self) -> Arc<dyn Registry> {
        self.store().registry()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.store().access()
    }

    fn artifacts(&self) -> Arc<dyn Artifacts> {
        self.store().artifacts()
    }

    fn keyvalue(&self) -> Arc<dyn KeyValue> {
        self.store().keyvalue()
    }

    fn journal(&self) -> Arc<dyn Journal> {
        self.store().journal()
    }

    fn records(&self) -> Arc<dyn Records> {
        self.store().records()
    }
}

/// What may happen to a store that is closed.
#[derive(Clone, Copy, Debug)]
enum Accident {
    /// A bit changes in the middle of each value in a column of bytes.
    Damaged { table: Table, column: &'static str },
    /// The journal is lost, or restored from a time when nothing was in it.
    JournalLost,
}

/// The tables that hold bytes.
#[derive(Clone, Copy, Debug)]
enum Table {
    Journal,
    Run,
    History,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Run => "run",
            Self::History => "history",
        }
    }
}

/// Small, so that checkpoints and trims happen often.
fn small() -> Options {
    Options {
        readers: 2,
        checkpoint_bytes: 64 << 10,
        journal_trim_bytes: 16 << 10,
        records_feed_bytes: 64 << 10,
        records_batch_bytes: 32 << 10,
        records_open: 3,
        // What is tested is older than the tests.
        retention_age: None,
        ..Options::default()
    }
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

/// What is in the directory wherever runs are.
macro_rules! behaviours_of_functions {
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
                moves_are_kept_with_their_function,
                activating_what_is_not_there_is_refused,
                deleting_removes_every_version,
                versions_are_deleted_and_their_numbers_not_given_again,
                an_active_version_is_not_deleted,
                a_function_created_again_counts_on,
                uploads_of_one_name_at_once_are_numbered_without_gaps,
                an_unknown_project_is_refused,
                a_project_is_deleted_for_good,
                a_project_with_functions_stays,
            ],
            access: [
                changes_are_kept_as_they_are_made,
                a_change_that_fails_leaves_nothing,
                the_first_token_is_made_without_a_server,
                what_was_changed_is_listed_latest_first,
                old_changes_make_room,
                limits_of_projects_are_kept,
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
                removed_code_is_gone_and_can_be_kept_again,
            ],
            keyvalue: [
                values_survive_reopening,
                stores_and_projects_are_apart,
                deleting_is_final_and_repeatable,
                keys_are_listed_in_pages,
                increments_are_atomic,
                only_numbers_are_incremented,
                many_writers_are_served_at_once,
                what_projects_have_is_counted_and_limited,
            ],
        );
    };
}

/// What is known of runs.
macro_rules! behaviours_of_runs {
    ($backend:ty) => {
        suite!($backend,
            journal: [
                an_empty_journal_recovers_nothing,
                what_is_committed_survives_a_crash,
                positions_ascend_and_commits_cover_all_before,
                lazy_entries_ride_with_a_prompt_one,
                lazy_entries_are_committed_though_nobody_waits,
                closed_runs_are_not_recovered,
                runs_go_on_after_every_crash,
                what_was_lost_is_a_tail,
                a_long_open_run_survives_among_many_closed_ones,
                many_appenders_are_served_at_once,
                a_waiter_that_goes_away_leaves_nothing,
                keys_are_durable_with_their_entry,
                keys_outlive_what_they_came_with,
                expired_keys_are_forgotten,
                a_later_key_takes_the_place_of_an_earlier_one,
                large_entries_pass,
            ],
            records: [
                records_are_folded_from_events,
                records_follow_their_run,
                records_catch_up_after_a_crash,
                nothing_that_was_told_is_missed_after_a_crash,
                records_of_open_runs_go_on_after_reopening,
                history_is_read_in_pieces,
                lists_are_paged_newest_first,
                nested_runs_are_listed_on_request,
                filters_mean_what_they_say,
                any_text_is_kept_and_found,
                express_runs_are_kept,
                only_closed_runs_are_deleted,
                a_run_is_deleted_in_its_project,
            ],
            blobs: [
                what_runs_refer_to_is_known_as_long_as_they_are_kept,
                what_an_express_run_refers_to_is_known_though_its_events_are_not_all_kept,
                references_come_in_pages,
            ],
            trimming: [
                the_journal_stays_small_whatever_is_open,
                numbers_go_on_where_the_journal_is_empty,
            ],
            retention: [
                too_many_closed_runs_make_room_oldest_first,
                what_ended_too_long_ago_is_removed,
                records_keep_to_their_bytes,
                what_open_runs_take_removes_no_closed_ones,
                what_an_open_run_may_ask_for_stays_with_it,
            ],
            damage: [
                a_damaged_journal_says_which_row,
                a_run_without_its_beginning_keeps_no_other_from_being_recovered,
                damaged_records_are_told_from_missing_ones,
                a_damaged_record_ends_the_projection_of_no_other_run,
            ],
        );
    };
}
pub(crate) use {behaviours_of_functions, behaviours_of_runs, suite};
