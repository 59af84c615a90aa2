//! What a request must keep to.

use std::time::Duration;

use weft_types::Value;
use weft_types::value::{Address, Form};
use weft_workflow::Plan;
use weft_workflow::definition::Bounds;
use weft_workflow::event::Given;

use super::StartRun;
use crate::Error;
use crate::config::MAX_TEXT;
use crate::driver::{ReusedItem, ok_type};
use crate::engine::Inner;
use crate::values::is_raw;

impl Inner {
    /// Refuses what is out of bounds or of the wrong type.
    pub(super) fn check_start(&self, start: &StartRun, plan: &Plan) -> Result<(), Error> {
        check_value("arguments", &start.arguments, &plan.signature.params)?;
        match (&start.globals, &plan.globals) {
            (Some(value), Some(globals)) => check_value("globals", value, &globals.ty)?,
            (Some(_), None) => {
                return Err(invalid("globals", "are not taken by this workflow"));
            }
            (None, _) => {}
        }
        check_timeout(start.timeout)?;
        self.check_depth(start)?;
        self.check_texts(start)
    }

    /// The outputs of the nodes that are given, in their order, once every rule of images was checked.
    pub(super) fn given_outputs(&self, start: &StartRun, plan: &Plan) -> Result<Vec<Option<Value>>, Error> {
        let given = start.given.iter();
        given.map(|given| self.given_output(given, plan)).collect()
    }

    fn given_output(&self, given: &Given, plan: &Plan) -> Result<Option<Value>, Error> {
        let Some(node) = plan.nodes.get(given.node.0 as usize) else {
            return Err(invalid(
                "given",
                format!("names node {}, which is not there", given.node.0),
            ));
        };
        let wrong = |expected: &str| Error::WrongType {
            what: format!("the given output of `{}`", node.name),
            expected: expected.to_owned(),
        };
        match (&given.output, &node.output) {
            (Some(stored), Some(ty)) if !given.skipped => {
                let value = stored.verify(ty, self.config.values);
                value.map(Some).map_err(|_| wrong(&ty.to_string()))
            }
            (None, None) => Ok(None),
            (None, Some(_)) if given.skipped => Ok(None),
            (Some(_), _) => Err(wrong("nothing")),
            (None, Some(ty)) => Err(wrong(&ty.to_string())),
        }
    }

    /// The items that are reused, taken out of the request, once every rule of images was checked.
    pub(super) fn reused_items(&self, start: &mut StartRun, plan: &Plan) -> Result<Vec<ReusedItem>, Error> {
        let items = std::mem::take(&mut start.reused_items).into_iter();
        let checked = items.map(|(place, stored)| {
            let ty = plan.nodes.get(place.0.0 as usize).and_then(ok_type);
            let wrong = || Error::WrongType {
                what: format!("the reused output of item {} of node {}", place.1, place.0.0),
                expected: ty.map_or_else(|| "nothing".to_owned(), ToString::to_string),
            };
            let output = match (stored, ty) {
                (Some(stored), Some(ty)) => Some(stored.verify(ty, self.config.values).map_err(|_| wrong())?),
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err(wrong()),
            };
            Ok(ReusedItem { place, output })
        });
        checked.collect()
    }

    fn check_depth(&self, start: &StartRun) -> Result<(), Error> {
        let most = self.config.depth;
        match start.depth <= most {
            true => Ok(()),
            false => Err(invalid(
                "depth",
                format!("is {}: runs nest at most {most} deep", start.depth),
            )),
        }
    }

    fn check_texts(&self, start: &StartRun) -> Result<(), Error> {
        check_text("submitter", &start.submitter)?;
        if let Some(key) = &start.key {
            check_text("key", &key.key)?;
            if key.key.is_empty() {
                return Err(invalid("key", "is empty"));
            }
        }
        if start.labels.len() > self.config.labels {
            let message = format!("are more than {}", self.config.labels);
            return Err(invalid("labels", message));
        }
        for (name, value) in &start.labels {
            check_text("labels", name)?;
            check_text("labels", value)?;
        }
        if start.extras.len() > self.config.extras_bytes {
            let message = format!("are longer than {} bytes", self.config.extras_bytes);
            return Err(invalid("extras", message));
        }
        Ok(())
    }
}

/// Checks that a value may be one of `ty`: by the type that its image names, or by what its address can hold.
pub(crate) fn check_value(what: &'static str, value: &Value, ty: &weft_types::Type) -> Result<(), Error> {
    let fits = match value {
        Value::Direct(image) => image.type_digest() == ty.digest(),
        Value::Address(Address::Blob(address)) => match address.form {
            Form::Raw => is_raw(ty),
            // Looked at when it is loaded.
            Form::Image => true,
        },
    };
    match fits {
        true => Ok(()),
        false => Err(Error::WrongType {
            what: what.to_owned(),
            expected: ty.to_string(),
        }),
    }
}

fn check_timeout(timeout: Option<Duration>) -> Result<(), Error> {
    match timeout {
        Some(timeout) if timeout > Bounds::MAX_DURATION => Err(invalid(
            "timeout",
            "is longer than a run may take: at most 366 days, which are 31622400000 ms",
        )),
        Some(_) | None => Ok(()),
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), Error> {
    match text.len() <= MAX_TEXT {
        true => Ok(()),
        false => Err(invalid(what, format!("is longer than {MAX_TEXT} bytes"))),
    }
}

fn invalid(what: &'static str, message: impl Into<String>) -> Error {
    Error::Invalid {
        what,
        message: message.into(),
    }
}
