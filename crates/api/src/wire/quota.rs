//! How much of the server projects may use.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_quotas::{Account, Limits, Quota as Known};

/// What a project may have, and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Quotas {
    /// Functions and workflows.
    pub functions: Quota,
    /// Versions of all of them.
    pub versions: Quota,
    /// Bytes of code, blobs and key-values.
    pub storage_bytes: Quota,
    /// Runs that were started and have not ended. Those nested in them do not count.
    pub open_runs: Quota,
    /// Calls that execute or wait for an instance.
    pub concurrent_calls: Quota,
    /// What is stored, in bytes.
    pub stored: Stored,
}

/// One quota of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Quota {
    /// How much there may be; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Whether that is the server's default.
    pub default: bool,
    /// How much there is.
    pub used: u64,
}

/// What a project has stored, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Stored {
    /// Uploaded code and definitions, each file once. What was compiled from it does not count.
    pub code: u64,
    /// Blobs, each once.
    pub blobs: u64,
    /// Keys and values.
    pub key_values: u64,
}

/// The limits of a project. What is left out is the server's default; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewQuotas {
    /// Functions and workflows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions: Option<u64>,
    /// Versions of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<u64>,
    /// Bytes of code, blobs and key-values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_bytes: Option<u64>,
    /// Runs that were started and have not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_runs: Option<u64>,
    /// Calls that execute or wait for an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_calls: Option<u64>,
}

impl Quotas {
    /// What an account says, beside the number of functions and versions.
    pub(crate) fn new(account: &Account, own: &Limits, (functions, versions): (u64, u64)) -> Self {
        let stored = account.stored();
        let quota = |quota, used| Quota {
            limit: Some(account.limit(quota)).filter(|limit| *limit > 0),
            default: own.get(quota).is_none(),
            used,
        };
        Self {
            functions: quota(Known::Functions, functions),
            versions: quota(Known::Versions, versions),
            storage_bytes: quota(Known::StorageBytes, stored.sum()),
            open_runs: quota(Known::OpenRuns, account.runs()),
            concurrent_calls: quota(Known::ConcurrentCalls, account.calls()),
            stored: Stored {
                code: stored.code,
                blobs: stored.blobs,
                key_values: stored.key_values,
            },
        }
    }
}

impl From<NewQuotas> for Limits {
    fn from(new: NewQuotas) -> Self {
        let NewQuotas {
            functions,
            versions,
            storage_bytes,
            open_runs,
            concurrent_calls,
        } = new;
        Self {
            functions,
            versions,
            storage_bytes,
            open_runs,
            concurrent_calls,
        }
    }
}
