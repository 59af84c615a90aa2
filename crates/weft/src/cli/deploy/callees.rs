//! Grants to call what is not there.

use reqwest::Method;
use weft_api::wire::Grants;

use crate::client::Client;
use crate::failure::Exit;
use crate::output::{Output, exit_code};

/// Tells of functions that may be called and that the project does not have: they may come later, or a name is mistyped.
pub(super) async fn warn(client: &Client, grants: &Grants, output: Output) {
    for callee in &grants.call {
        let found = client.send(client.request(Method::GET, &[callee])).await;
        // That it cannot be told is no reason to say that a deployment failed.
        if found.is_err_and(|error| exit_code(&error) == Exit::NotFound) {
            let meant = client.function_like(callee).await;
            let meant = meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            output.note(format_args!(
                "warning: `{callee}` may be called, and there is no such function yet{meant}"
            ));
        }
    }
}
