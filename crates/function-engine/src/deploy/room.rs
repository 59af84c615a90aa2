//! What a project may have of functions, versions and code.

use std::sync::Arc;

use weft_quotas::{Account, Part, Quota};
use weft_types::{FunctionName, ProjectName};

use super::commit::Proposal;
use crate::catalog::Project;
use crate::engine::Inner;
use crate::{Engine, Error};

/// Room for code that goes back unless it is kept.
#[must_use]
pub(super) struct Room {
    account: Arc<Account>,
    bytes: u64,
}

impl Room {
    pub(super) fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.account.free(Part::Code, self.bytes);
    }
}

impl Engine {
    /// How many functions a project has, and how many versions they have.
    ///
    /// # Errors
    /// Where there is no such project.
    pub fn count(&self, project: &ProjectName) -> Result<(u64, u64), Error> {
        let snapshot = self.0.catalog.read();
        Ok(count(snapshot.project(project.as_str())?))
    }
}

fn count(project: &Project) -> (u64, u64) {
    let functions = project.functions.values();
    let versions: usize = functions.map(|function| function.versions().len()).sum();
    (project.functions.len() as u64, versions as u64)
}

impl Inner {
    /// Refuses a function that is one too many before anything is compiled for it.
    pub(super) fn check_room_for_function(
        &self,
        name: &ProjectName,
        project: &Project,
        function: &FunctionName,
    ) -> Result<(), Error> {
        if !project.functions.contains_key(function) {
            let (functions, versions) = count(project);
            let account = self.config.accounts.of(name);
            account.check(Quota::Functions, functions, 1)?;
            account.check(Quota::Versions, versions, 1)?;
        }
        Ok(())
    }

    /// Whether the function does not keep some other version once there is this one.
    fn makes_room(&self, proposal: &Proposal) -> Result<bool, Error> {
        let keep = proposal.new.settings.keep_versions;
        match (&proposal.before, keep.unwrap_or(self.config.keep_versions)) {
            (None, _) | (_, 0) => Ok(false),
            (Some(before), keep) => self.has_surplus(before, keep - 1),
        }
    }

    /// Takes the room that a version needs. Only under the right to write, so that nobody else adds one meanwhile.
    pub(super) fn take_room(&self, proposal: &Proposal) -> Result<Room, Error> {
        let new = &proposal.new;
        let account = self.config.accounts.of(&new.project);
        let mut bytes = 0;
        if !proposal.existed {
            let snapshot = self.catalog.read();
            let project = snapshot.project(new.project.as_str())?;
            let (functions, versions) = count(project);
            account.check(Quota::Functions, functions, u64::from(proposal.before.is_none()))?;
            // What goes as soon as it is there makes room for it.
            let makes_room = self.makes_room(proposal)?;
            account.check(Quota::Versions, versions, u64::from(!makes_room))?;
            if !project.has_code(new.digest) {
                bytes = new.size;
                account.store(Part::Code, bytes)?;
            }
        }
        Ok(Room { account, bytes })
    }
}
