//! What the errors of webhooks are called here.

use weft_webhooks::{Error, Refused};

use super::engine::fault;
use super::{Kind, Problem};

/// How long to stay away while as many deliveries as may be are to be made, in seconds.
const RETRY_AFTER: u32 = 30;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Refused(Refused::Malformed(..)) => {
                Problem::new(Kind::InvalidQuery, detail).with("parameter", "webhook")
            }
            Error::Refused(Refused::Unlisted(_) | Refused::Private(..)) => {
                Problem::new(Kind::WebhookNotAllowed, detail)
            }
            Error::TooMany(_) => Problem::new(Kind::Overloaded, detail).retry_after(RETRY_AFTER),
            Error::Storage(_) => fault(Kind::StorageFailed, &detail),
        }
    }
}
