//! Who may use the server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use weft_access::{Access, Policy, Rate, Retention};
use weft_store::Store;

use super::exposure::{self, Guarded};
use crate::config;

/// How often it is written down when tokens were last used.
const WRITE_USES: Duration = Duration::from_secs(60);

/// Reads tokens and members, and refuses to listen where too many could do too much.
pub(crate) async fn open(
    (serve, settings): (&config::Serve, &config::Access),
    store: &Store,
    data: &Path,
    tls: bool,
) -> Result<Arc<Access>> {
    let listeners = [serve.listen, serve.http_listen];
    let is_loopback = |address: &SocketAddr| address.ip().is_loopback();
    let policy = Policy {
        open_at_first: listeners.iter().all(is_loopback) && !settings.require_token,
        token_rate: rate(settings.token_rate),
        project_rate: rate(settings.project_rate),
        anonymous_rate: rate(settings.anonymous_rate),
    };
    let access = Access::open(store.access(), policy)
        .await
        .context("the tokens cannot be read")?;
    let tokens = access.has_tokens();
    for address in listeners {
        exposure::refuse(address, Guarded { tls, tokens }, data)?;
    }
    if settings.require_token {
        exposure::need_token(tokens, data)?;
    }
    tokio::spawn(write_uses(Arc::clone(&access)));
    Ok(access)
}

/// So many a second, and twice as many at once.
fn rate(per_second: u32) -> Option<Rate> {
    Rate::new(per_second, per_second.saturating_mul(2))
}

/// How much of the audit log is kept.
pub(crate) fn retention(settings: &config::Access) -> Retention {
    Retention {
        count: settings.audit_keep,
        age: Some(settings.audit_keep_for.0).filter(|age| !age.is_zero()),
    }
}

async fn write_uses(access: Arc<Access>) {
    let mut timer = tokio::time::interval(WRITE_USES);
    loop {
        timer.tick().await;
        write_down(&access).await;
    }
}

/// Writes down when tokens were last used.
pub(crate) async fn write_down(access: &Arc<Access>) {
    if let Err(error) = access.write_uses_down().await {
        tracing::warn!(%error, "when tokens were last used could not be written down");
    }
}
