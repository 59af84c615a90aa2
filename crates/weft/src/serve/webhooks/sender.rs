//! Webhooks on the wire.

use std::net::SocketAddr;
use std::sync::OnceLock;

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use weft_webhooks::Allowed;
use weft_webhooks::port::{Boxed, Request, SendError, Sender};

/// Sends requests, to addresses that are allowed.
pub(super) struct HttpSender {
    allowed: Allowed,
    plain: OnceLock<Client>,
    /// Made when it is first needed: it reads the machine's certificates, which may not even be there.
    tls: OnceLock<Client>,
}

/// Finds the addresses of a name, and leaves those out that are not allowed.
struct Guarded(Allowed);

/// Every address that a name stands for is one that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` leads to {what}; `webhook-private-network` allows that")]
struct NotAllowed {
    name: String,
    what: &'static str,
}

impl HttpSender {
    pub(super) fn new(allowed: Allowed) -> Self {
        Self {
            allowed,
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    fn client(&self, tls: bool) -> Result<&Client, SendError> {
        let made = if tls { &self.tls } else { &self.plain };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let client = build(self.allowed.clone(), tls).map_err(|error| failed(&error))?;
        Ok(made.get_or_init(|| client))
    }
}

fn build(allowed: Allowed, tls: bool) -> reqwest::Result<Client> {
    // Another copy may be installed already; either serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Guarded(allowed))
        .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")));
    match tls {
        true => builder.https_only(true).build(),
        false => builder.tls_certs_only([]).build(),
    }
}

impl Sender for HttpSender {
    fn post<'a>(&'a self, request: &'a Request<'a>) -> Boxed<'a, Result<u16, SendError>> {
        Box::pin(async move {
            let client = self.client(request.target.is_tls())?;
            let sent = client
                .post(request.target.to_string())
                .header(CONTENT_TYPE, "application/json")
                .header("idempotency-key", request.key)
                .header("weft-run", request.run.to_string())
                .timeout(request.timeout)
                .body(request.body.clone())
                .send()
                .await;
            sent.map(|answer| answer.status().as_u16())
                .map_err(|error| failed(&error))
        })
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (good, refused) = sift(&allowed, found);
            match refused {
                Some(what) if good.is_empty() => Err(NotAllowed {
                    name: name.as_str().to_owned(),
                    what,
                }
                .into()),
                _ => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

/// Those that may be connected to, and what another leads to.
fn sift(
    allowed: &Allowed,
    found: impl Iterator<Item = SocketAddr>,
) -> (Vec<SocketAddr>, Option<&'static str>) {
    let mut refused = None;
    let good = found.filter(|address| match allowed.reaches(address.ip()) {
        Ok(()) => true,
        Err(what) => {
            refused = Some(what);
            false
        }
    });
    (good.collect(), refused)
}

/// Tells what failed without the address, which may have a secret in its path.
fn failed(error: &reqwest::Error) -> SendError {
    let mut deepest: &(dyn std::error::Error + 'static) = error;
    loop {
        if let Some(refused) = deepest.downcast_ref::<NotAllowed>() {
            return SendError::Refused(refused.to_string());
        }
        match deepest.source() {
            Some(source) => deepest = source,
            None if error.is_timeout() => return SendError::Failed("no answer in time".to_owned()),
            None => return SendError::Failed(deepest.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_allowed_are_left_out() {
        let allowed = |private| Allowed {
            hosts: Vec::new(),
            private,
        };
        let found = || {
            ["127.0.0.1:80", "93.184.216.34:80"]
                .into_iter()
                .map(|address| address.parse().unwrap())
        };
        let (good, refused) = sift(&allowed(false), found());
        assert_eq!(good, [found().nth(1).unwrap()]);
        assert!(refused.is_some());
        assert_eq!(sift(&allowed(true), found()).0.len(), 2);
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_for_good() {
        let sender = HttpSender::new(Allowed::default());
        let client = sender.client(false).unwrap();
        let error = client.post("http://localhost:9/").send().await.unwrap_err();
        assert!(matches!(failed(&error), SendError::Refused(_)), "{error:?}");
    }
}
