//! Workers as processes that confine themselves.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Allowance, EndError, FIRST_USER, Launch, LaunchError, USERS, Worker};
use crate::group::{Bounds, Group, GroupError, Groups};
use crate::{Confinement, Identity, Layer, LayerSet, Limits};

/// Starts workers of one program, which enter every layer themselves.
#[derive(Debug)]
pub struct ProcessLauncher {
    program: PathBuf,
    arguments: Vec<String>,
    groups: Option<Groups>,
    lacking: LayerSet,
    launched: AtomicU32,
}

impl ProcessLauncher {
    /// Starts `program` with `arguments` before those of its confinement.
    ///
    /// `lacking` names the layers that this host is known to lack. Where [`Layer::ControlGroup`] is not among them, groups must
    /// be to be had.
    ///
    /// # Errors
    /// Where they are not.
    pub fn new(program: PathBuf, arguments: Vec<String>, lacking: LayerSet) -> Result<Self, GroupError> {
        let groups = match lacking.contains(Layer::ControlGroup) {
            true => None,
            false => Some(Groups::find()?),
        };
        Ok(Self {
            program,
            arguments,
            groups,
            lacking,
            launched: AtomicU32::new(0),
        })
    }

    /// Bounds the memory of all workers that are started here together, in bytes, where there are groups; the largest number
    /// bounds nothing.
    #[must_use]
    pub fn bounded(self, memory: u64) -> Self {
        Self {
            groups: self.groups.map(|groups| groups.bounded(memory)),
            ..self
        }
    }

    fn group(&self, pool: &str, number: u32, allowance: Allowance) -> Result<Option<Group>, GroupError> {
        let bounds = Bounds {
            memory: allowance.memory,
            threads: allowance.threads,
            cpu_millis: allowance.cpu_millis,
        };
        let create = |groups: &Groups| groups.create(pool, &number.to_string(), bounds);
        self.groups.as_ref().map(create).transpose()
    }

    fn confinement(&self, number: u32, allowance: Allowance) -> Confinement {
        // Where a group bounds memory, it should be what runs out first: it tells that it did.
        let times = if self.groups.is_some() { 2 } else { 1 };
        let limits = Limits {
            memory: allowance.memory.saturating_mul(times),
            files: allowance.files,
        };
        let identity = Identity {
            id: FIRST_USER + number % USERS,
        };
        Confinement::new(limits, identity, self.lacking)
    }
}

impl Launch for ProcessLauncher {
    fn launch(
        &self,
        pool: &str,
        allowance: Allowance,
        code: File,
        arguments: &[String],
    ) -> Result<Worker, LaunchError> {
        let number = self.launched.fetch_add(1, Ordering::Relaxed);
        let group = self.group(pool, number, allowance)?;
        let confinement = self.confinement(number, allowance).to_arguments();
        let all = self.arguments.iter().chain(arguments).chain(&confinement);
        match super::start(&self.program, all, code, group.as_ref()) {
            Ok((socket, process)) => Ok(Worker {
                socket,
                process,
                group,
                around: None,
            }),
            Err(error) => {
                group.map_or(Ok(()), Group::end)?;
                Err(error)
            }
        }
    }

    fn close(&self) -> Result<(), EndError> {
        let closed = self.groups.as_ref().map_or(Ok(()), Groups::close);
        Ok(closed?)
    }
}
