use anyhow::Result;
use clap::Args as ClapArgs;
use reqwest::Method;
use weft_api::wire::Function;
use weft_types::FunctionName;

use super::canary::Canary;
use super::{Session, rollout};
use crate::client::Client;
use crate::failure::Failure;
use crate::reference::Reference;

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  weft activate pricing@4                                       all calls at once
  weft activate pricing 4 --canary                              5, 25, 50, then 100 % of them, a minute each
  weft activate pricing 4 --canary --stages 10,100 --stage-time 10m --error-bound 1")]
pub(crate) struct Args {
    /// The function, or `NAME@VERSION`.
    #[arg(value_name = "FUNCTION")]
    reference: Reference,
    /// The version that shall answer calls, where it is not part of FUNCTION.
    #[arg(value_name = "VERSION", value_parser = number)]
    version: Option<u32>,
    #[command(flatten)]
    canary: Canary,
}

pub(crate) async fn run(args: Args, session: Session) -> Result<()> {
    let client = session.client()?;
    let version = version(&args.reference, args.version)?;
    let function = activate(&client, &args.reference.function, version, &args.canary).await?;
    let text = outcome(&function, version);
    session.output.result(&function, text)?;
    Ok(())
}

/// Reads the number of a version.
fn number(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => {
            Err("a version is a number from 1 on, such as 1; `weft versions FUNCTION` lists them".to_owned())
        }
    }
}

/// The version, which is named in one of two ways.
fn version(
    Reference {
        function,
        export,
        version,
    }: &Reference,
    number: Option<u32>,
) -> Result<u32, Failure> {
    if let Some(export) = export {
        let message = format!("`{export}` is an export, and versions are activated with all of theirs");
        return Err(Failure::usage(message).hint("write `weft activate NAME VERSION`"));
    }
    match (version, number) {
        (Some(version), None) => Ok(version.0),
        (None, Some(number)) => Ok(number),
        (Some(version), Some(number)) if version.0 == number => Ok(number),
        (Some(version), Some(number)) => Err(Failure::usage(format!(
            "`{function}@{version}` names another version than {number}: which one shall answer calls?"
        ))),
        (None, None) => Err(
            Failure::usage("the version that shall answer calls is missing").hint(format!(
                "`weft versions {function}` lists them; `weft activate {function} 1` takes the first"
            )),
        ),
    }
}

/// Has a version answer calls: all at once, or step by step.
pub(crate) async fn activate(
    client: &Client,
    function: &FunctionName,
    version: u32,
    canary: &Canary,
) -> Result<Function> {
    let path = [function.as_str(), "versions", &version.to_string(), "activate"];
    let request = client.request(Method::POST, &path);
    let request = match canary.request() {
        Some(how) => request.json(&how),
        None => request,
    };
    client.json(request).await
}

/// Who answers calls from now on.
pub(crate) fn outcome(function: &Function, version: u32) -> String {
    let name = &function.summary.function;
    match &function.rollout {
        Some(rollout) => format!("{name}: {}", rollout::text::line(rollout)),
        None => format!("version {version} of {name} answers calls now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number() {
        assert_eq!(number("12"), Ok(12));
        for text in ["v1", "0", "-1", "latest"] {
            assert!(number(text).unwrap_err().contains("such as 1"), "{text}");
        }
    }

    #[test]
    fn a_version_is_named_by_itself_or_with_the_function() {
        for (reference, number, expected) in [
            ("f", Some(4), Ok(4)),
            ("f@4", None, Ok(4)),
            ("f@4", Some(4), Ok(4)),
            ("f@4", Some(5), Err("names another version than 5")),
            ("f", None, Err("is missing")),
            ("f#e@4", None, Err("`e` is an export")),
        ] {
            let found = version(&reference.parse().unwrap(), number);
            match expected {
                Ok(number) => assert_eq!(found.unwrap(), number, "{reference}"),
                Err(part) => assert!(found.unwrap_err().to_string().contains(part), "{reference}"),
            }
        }
    }
}
