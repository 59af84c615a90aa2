//! The arguments of a run that repeats another.

use bytes::Bytes;
use serde_json::{Map, Value as Any};
use weft_types::image::{AssembleError, Bounds, Conversion, Image, Piece};
use weft_types::json::{Error as JsonError, ErrorKind};
use weft_types::{ProjectName, RunId, Signature, Type, Value};

use super::bounds;
use crate::api::Context;
use crate::call;
use crate::problem::{Kind, Problem};
use crate::wire;

/// What it is called with in place of what the earlier run was; none where that stays.
pub(super) async fn replaced(
    context: &Context,
    (project, run): (&ProjectName, RunId),
    signature: &Signature,
    asked: &wire::Rerun,
) -> Result<Option<Value>, Problem> {
    let image = match (&asked.arguments, &asked.change) {
        (None, change) if change.is_empty() => return Ok(None),
        (Some(all), change) if change.is_empty() => {
            read(context, project, signature, all.to_string()).await?
        }
        (None, change) => {
            let changes = changes(context, project, signature, change).await?;
            let earlier = context.workflows()?.runs.called_with(project, run).await?;
            let merged = merged(&signature.params, &earlier, &changes, bounds(context));
            merged.map_err(|error| weft_function_engine::Error::InvalidArguments(too_large(&error)))?
        }
        (Some(_), _) => {
            let detail = "say one of `arguments` (all of them) and `change` (those that differ)";
            return Err(Problem::new(Kind::InvalidRequest, detail).with("member", "change"));
        }
    };
    Ok(Some(Value::Direct(image)))
}

async fn read(
    context: &Context,
    project: &ProjectName,
    signature: &Signature,
    text: String,
) -> Result<Image, Problem> {
    let (sent, text) = (call::Sent::Json, Bytes::from(text));
    call::run_arguments(context, project, signature, sent, &text, bounds(context)).await
}

/// Arguments that are changed, and the record type that they make.
struct Changes {
    ty: Type,
    image: Image,
}

async fn changes(
    context: &Context,
    project: &ProjectName,
    signature: &Signature,
    change: &Map<String, Any>,
) -> Result<Changes, Problem> {
    let text = Any::Object(change.clone()).to_string();
    let Some(ty) = only(&signature.params, change) else {
        // One of them is no parameter: reading them as all arguments tells which, and what was meant.
        let ty = signature.params.clone();
        let image = read(context, project, signature, text).await?;
        return Ok(Changes { ty, image });
    };
    let partial = Signature {
        params: ty.clone(),
        result: None,
    };
    let image = read(context, project, &partial, text).await?;
    Ok(Changes { ty, image })
}

/// The record of these parameters alone; none where one is not among them.
fn only(params: &Type, change: &Map<String, Any>) -> Option<Type> {
    let named = params.fields()?.iter();
    let named = named.filter(|field| change.contains_key(&*field.name));
    let members: Vec<_> = named
        .map(|field| (field.name.clone(), field.ty.clone()))
        .collect();
    let all_known = members.len() == change.len();
    all_known.then(|| Type::record(members).ok()).flatten()
}

/// Arguments with some put in place of others. What stays is copied as it is; it was not too large once, and is not now.
fn merged(params: &Type, earlier: &Image, changes: &Changes, bounds: Bounds) -> Result<Image, AssembleError> {
    let (old, new) = (earlier.view(params), changes.image.view(&changes.ty));
    let fields = params.fields().unwrap_or_default().iter();
    let pieces = fields.filter_map(|field| {
        let part = new.field(&field.name).or_else(|| old.field(&field.name))?;
        Some(Piece::View(part, &Conversion::IDENTITY))
    });
    let bounds = Bounds {
        bytes: bounds.bytes.saturating_add(earlier.payload().len()),
        elements: usize::MAX,
    };
    Image::assemble(params, &Piece::Members(pieces.collect()), bounds)
}

fn too_large(error: &AssembleError) -> JsonError {
    JsonError {
        pointer: String::new(),
        message: error.to_string(),
        kind: ErrorKind::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use weft_types::json::{parse, print};

    use super::*;

    const BOUNDS: Bounds = Bounds {
        bytes: 1_000,
        elements: 1_000,
    };

    fn image(ty: &Type, value: &Any) -> Image {
        parse(ty, value.to_string().as_bytes(), BOUNDS).unwrap()
    }

    fn check(params: &str, arguments: &Any, change: &Any, expected: &Any) {
        let params: Type = params.parse().unwrap();
        let ty = only(&params, change.as_object().unwrap()).unwrap();
        let image_of_change = image(&ty, change);
        let changes = Changes {
            ty,
            image: image_of_change,
        };
        let told = merged(&params, &image(&params, arguments), &changes, BOUNDS).unwrap();
        assert_eq!(told, image(&params, expected), "{change}");
        let mut text = Vec::new();
        print(&params, &told, &mut text);
        assert_eq!(serde_json::from_slice::<Any>(&text).unwrap(), *expected);
    }

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let params = "record { a: option<string>, b: f64, list: list<string> }";
        let before = json!({"a": "x", "b": 0.300_000_000_000_000_04, "list": ["é", "long"]});
        for (change, after) in [
            (
                json!({"a": null}),
                json!({"a": null, "b": before["b"], "list": before["list"]}),
            ),
            (
                json!({"b": 2.5}),
                json!({"a": "x", "b": 2.5, "list": before["list"]}),
            ),
            (
                json!({"list": [], "a": "y"}),
                json!({"a": "y", "b": before["b"], "list": []}),
            ),
            (before.clone(), before.clone()),
        ] {
            check(params, &before, &change, &after);
        }
    }

    #[test]
    fn only_what_is_changed_is_held_against_the_bound() {
        let params: Type = "record { a: string, b: string }".parse().unwrap();
        let wide = Bounds {
            bytes: 10_000,
            ..BOUNDS
        };
        let large = json!({"a": "x".repeat(5_000), "b": ""}).to_string();
        let earlier = parse(&params, large.as_bytes(), wide).unwrap();
        let change = json!({"b": "y".repeat(900)});
        let ty = only(&params, change.as_object().unwrap()).unwrap();
        let changes = Changes {
            image: image(&ty, &change),
            ty,
        };
        assert!(merged(&params, &earlier, &changes, BOUNDS).is_ok());
    }

    #[test]
    fn a_change_of_what_is_no_parameter_makes_no_record() {
        let params: Type = "record { a: u8 }".parse().unwrap();
        let change = json!({"a": 1, "b": 2});
        assert_eq!(only(&params, change.as_object().unwrap()), None);
    }
}
