//! Writing changes down: who did what, when and from where.

use std::net::IpAddr;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{Method, Uri};
use jiff::Timestamp;
use weft_access::{AuditStore, Deed, Recorded, Retention, StoreError};
use weft_types::ProjectName;

use crate::access::Caller;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::routes::{DRY_RUN, REPIN_PARAMETERS};

/// Where changes are written down, and how much of them is kept.
#[derive(Clone)]
pub(crate) struct Audit {
    store: Arc<dyn AuditStore>,
    keep: Retention,
}

/// From where a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Ends of the addresses whose `POST` changes something that is not told of elsewhere, as runs are by their records.
/// And a backup changes nothing, but takes all there is along.
const CHANGING: [&str; 7] = [
    "/activate",
    "/rollout/promote",
    "/rollout/cancel",
    REPIN,
    "/tokens",
    "/drain",
    "/backup",
];
/// The one that can be tried without a change.
const REPIN: &str = "/repin";

impl Audit {
    pub(crate) fn new(store: Arc<dyn AuditStore>, keep: Retention) -> Self {
        Self { store, keep }
    }

    pub(crate) async fn list(
        &self,
        project: Option<&ProjectName>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Recorded>, Problem> {
        Ok(self
            .store
            .list(project, before, limit)
            .await
            .map_err(weft_access::Error::from)?)
    }

    /// Writes down what a request has changed, before its answer is sent. Where that fails it says so in place of the answer: a
    /// change that nobody can find out about should not look as if all were well.
    pub(crate) async fn record(&self, deed: Deed, response: Response) -> Response {
        match self.store.record(&deed, self.keep).await {
            Ok(()) => response,
            Err(error) => {
                tracing::error!(%error, action = %deed.action, target = %deed.target, who = %deed.who, "a change is not written down");
                IntoResponse::into_response(unrecorded(&error))
            }
        }
    }
}

/// Makes a change and writes it down where it succeeded: both to their end, though nobody waits for the answer any longer.
pub(crate) async fn carry_out(
    audit: Audit,
    mut deed: Deed,
    change: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let carried_out = tokio::spawn(async move {
        let response = change.await;
        if !response.status().is_success() {
            return response;
        }
        deed.status = response.status().as_u16();
        audit.record(deed, response).await
    });
    match carried_out.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            // Told as a panic of any request is.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => IntoResponse::into_response(Problem::new(Kind::PlatformFault, error.to_string())),
        },
    }
}

fn unrecorded(error: &StoreError) -> Problem {
    let problem = Problem::from(weft_access::Error::from(error.clone()));
    let detail = format!("the change was made, but could not be written down: {error}");
    Problem::new(problem.kind(), detail)
}

/// Whether requests of a route change something.
pub(crate) fn changes(method: &Method, pattern: &str, uri: &Uri) -> bool {
    match *method {
        Method::PUT | Method::PATCH | Method::DELETE => true,
        Method::POST => CHANGING.iter().any(|end| pattern.ends_with(end)) && !is_trial(pattern, uri),
        _ => false,
    }
}

/// Whether a request asks only what would change, as its handler reads it; what nobody can read is refused there.
fn is_trial(pattern: &str, uri: &Uri) -> bool {
    let asked = || Query::parse(uri, REPIN_PARAMETERS)?.flag(DRY_RUN, false);
    pattern.ends_with(REPIN) && asked().unwrap_or(false)
}

/// What a request is about to do; its status is told later.
pub(crate) fn deed(
    caller: &Caller,
    said: Option<&str>,
    peer: Option<&Peer>,
    (method, pattern, uri): (&Method, &str, &Uri),
    project: Option<&str>,
) -> Deed {
    let who = caller.user().or(said).unwrap_or("anonymous");
    Deed {
        at: Timestamp::now(),
        who: who.chars().take(128).collect(),
        token: caller.token(),
        source: peer.map_or_else(String::new, |Peer(address)| address.to_string()),
        action: format!("{method} {pattern}"),
        project: project.and_then(|name| name.parse().ok()),
        target: uri.path().chars().take(1024).collect(),
        status: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_from_other_requests() {
        let function = "/v1/projects/{project}/functions/{function}";
        for (method, pattern, uri, expected) in [
            (Method::GET, function.to_owned(), "/", false),
            (Method::PUT, function.to_owned(), "/", true),
            (Method::DELETE, function.to_owned(), "/", true),
            (Method::POST, format!("{function}/invoke"), "/", false),
            (Method::POST, format!("{function}/runs"), "/", false),
            (Method::POST, format!("{function}/repin"), "/", true),
            (Method::POST, format!("{function}/repin"), "/?dry-run", false),
            (
                Method::POST,
                format!("{function}/repin"),
                "/?activate&dry-run=true",
                false,
            ),
            (Method::POST, format!("{function}/repin"), "/?dry-run=false", true),
            (Method::POST, format!("{function}/rollout/promote"), "/", true),
            (Method::POST, format!("{function}/rollout/cancel"), "/", true),
            (
                Method::POST,
                "/v1/projects/{project}/runs/{run}/cancel".to_owned(),
                "/",
                false,
            ),
            (Method::POST, "/v1/tokens".to_owned(), "/?dry-run", true),
            (
                Method::POST,
                format!("{function}/versions/{{version}}/activate"),
                "/",
                true,
            ),
            (Method::POST, "/v1/tokens".to_owned(), "/", true),
            (Method::POST, "/v1/backup".to_owned(), "/", true),
            (
                Method::POST,
                "/v1/projects/{project}/validate".to_owned(),
                "/",
                false,
            ),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(
                changes(&method, &pattern, &uri),
                expected,
                "{method} {pattern} {uri}"
            );
        }
    }
}
