//! The world of a component as WIT text.

use wit_component::{DecodedWasm, WitPrinter};

use crate::adapt::Refused;

/// Longest text that is kept, in bytes. A world is printed in full or not accepted.
const MAX_TEXT: usize = 1 << 20;

/// Prints the world of the component in `bytes` with the packages it mentions, its own package first.
///
/// # Errors
/// Where the component has a form that WIT cannot say, or too much of it.
pub(crate) fn text(bytes: &[u8]) -> Result<String, Refused> {
    let text = print(bytes)
        .map_err(|error| Refused(format!("the component's world cannot be written as WIT: {error}")))?;
    if text.len() > MAX_TEXT {
        return Err(Refused(format!(
            "the component's world takes more than {MAX_TEXT} bytes of WIT to write"
        )));
    }
    Ok(text)
}

fn print(bytes: &[u8]) -> Result<String, String> {
    let decoded = wit_component::decode(bytes).map_err(|error| format!("{error:#}"))?;
    let DecodedWasm::Component(resolve, _) = &decoded else {
        return Err("it holds a WIT package, no code".to_owned());
    };
    let own = decoded.package();
    let others: Vec<_> = resolve
        .packages
        .iter()
        .map(|(id, _)| id)
        .filter(|id| *id != own)
        .collect();
    let mut printer = WitPrinter::default();
    printer
        .print(resolve, own, &others)
        .map_err(|error| format!("{error:#}"))?;
    Ok(printer.output.to_string())
}
