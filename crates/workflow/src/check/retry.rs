//! Which failures are worth another attempt.

use super::callees::Callee;
use super::node::Context;
use crate::definition::Node;
use crate::event::ErrorCode;
use crate::plan::Retry;

/// Checks that what is to be tried again can happen: none where it cannot.
pub(super) fn check(cx: &mut Context<'_, '_>, node: &Node, callee: Option<&Callee>) -> Option<Retry> {
    let Some(retry) = &node.retry else {
        return Some(Retry::default());
    };
    let mut right = true;
    for &code in &retry.value.on {
        if let Some(why) = callee.and_then(|callee| never(code, callee)) {
            right = false;
            cx.wrong(retry.spot, "retry-never", why);
        }
    }
    right.then(|| retry.value.clone())
}

/// Why a call does not fail like this, or is not tried again after it.
fn never(code: ErrorCode, callee: &Callee) -> Option<String> {
    let found = &callee.found;
    match code {
        ErrorCode::FunctionError if !callee.fallible => {
            Some("`function-error` cannot happen: what is called answers no `result`".to_owned())
        }
        ErrorCode::Run if !found.workflow => {
            Some("`run` cannot happen: what is called is no workflow".to_owned())
        }
        ErrorCode::WaitTimeout => Some("`wait-timeout` cannot happen: nothing is waited for".to_owned()),
        ErrorCode::Cancelled => Some("what was `cancelled` is not tried again".to_owned()),
        ErrorCode::FunctionError | ErrorCode::Run => None,
        ErrorCode::Trap | ErrorCode::Limit | ErrorCode::Timeout | ErrorCode::Unavailable => None,
        ErrorCode::Platform | ErrorCode::OutcomeUnknown | ErrorCode::Evaluation => None,
    }
}
