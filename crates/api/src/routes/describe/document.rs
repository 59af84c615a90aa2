//! OpenAPI documents of single functions.

use serde_json::{Map, Value, json};
use weft_types::ty::Shape;
use weft_types::{Export, Signature, Type, VersionRecord, json_schema};

use super::outcomes;

const OCTETS: &str = "application/octet-stream";

/// The document of a function with typed exports. They share one path, so where there are several, the parameter
/// `export` tells them apart and the body is one of theirs.
pub(super) fn of_calls(record: &VersionRecord) -> Value {
    let callable: Vec<_> = record
        .inspection
        .exports
        .iter()
        .filter_map(|export| Some((export, export.signature()?)))
        .collect();
    let path = format!(
        "/v1/projects/{}/functions/{}/invoke",
        record.project, record.function
    );
    let mut document = head(record);
    document["paths"] = json!({
        path: {
            "post": {
                "operationId": "invoke",
                "summary": format!("Call {}", record.function),
                "parameters": parameters(&callable),
                "requestBody": request(&callable),
                "responses": responses(&callable),
            },
        },
    });
    document
}

/// The document of a function that answers HTTP requests: what it answers is its own affair.
pub(super) fn of_http(record: &VersionRecord) -> Value {
    let path = format!("/{}/{}/{{path}}", record.project, record.function);
    let answer = json!({"description": "Whatever the function answers"});
    let methods = ["get", "post", "put", "patch", "delete"];
    let mut item: Map<String, Value> = methods
        .iter()
        .map(|method| ((*method).to_owned(), json!({"responses": {"default": answer}})))
        .collect();
    let parameter = json!({
        "name": "path", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "The path the function sees, which may have several parts",
    });
    item.insert("parameters".to_owned(), json!([parameter]));
    let mut document = head(record);
    document["paths"] = json!({ path: item });
    document
}

fn head(record: &VersionRecord) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": record.function,
            "version": record.version.to_string(),
            "description": record.settings.description,
        },
    })
}

fn parameters(callable: &[(&Export, &Signature)]) -> Value {
    if let [_] = callable {
        return json!([]);
    }
    let names: Vec<_> = callable.iter().map(|(export, _)| export.full_name()).collect();
    json!([{"name": "export", "in": "query", "required": true, "schema": {"enum": names}}])
}

fn request(callable: &[(&Export, &Signature)]) -> Value {
    let mut content = Map::new();
    content.insert(
        "application/json".to_owned(),
        media(callable, |signature| Some(&signature.params)),
    );
    if callable.iter().any(|(_, signature)| takes_bytes(signature)) {
        content.insert(OCTETS.to_owned(), json!({}));
    }
    let required = callable
        .iter()
        .any(|(_, signature)| !signature.params.fields().unwrap_or_default().is_empty());
    json!({"required": required, "content": content})
}

fn responses(callable: &[(&Export, &Signature)]) -> Value {
    let results = || callable.iter().map(|(_, signature)| outcomes(signature));
    let mut responses = Map::new();
    if results().any(|(result, _)| result.is_some()) {
        let mut content = Map::new();
        content.insert(
            "application/json".to_owned(),
            media(callable, |signature| outcomes(signature).0),
        );
        if results().any(|(result, _)| result.is_some_and(Type::is_bytes)) {
            content.insert(OCTETS.to_owned(), json!({}));
        }
        responses.insert(
            "200".to_owned(),
            json!({"description": "The result", "content": content}),
        );
    }
    if results().any(|(result, _)| result.is_none()) {
        responses.insert(
            "204".to_owned(),
            json!({"description": "Done, there is no value"}),
        );
    }
    if results().any(|(_, error)| error.is_some()) {
        let errors = media(callable, |signature| outcomes(signature).1);
        responses.insert(
            "422".to_owned(),
            problem("The function's own error", Some(&errors["schema"])),
        );
    }
    responses.insert("default".to_owned(), problem("Any other error", None));
    responses.into()
}

fn problem(description: &str, error: Option<&Value>) -> Value {
    let mut properties = json!({
        "type": {"type": "string"}, "title": {"type": "string"},
        "status": {"type": "integer"}, "detail": {"type": "string"},
    });
    if let Some(error) = error {
        properties["error"] = error.clone();
    }
    let schema = json!({"type": "object", "properties": properties});
    json!({"description": description, "content": {"application/problem+json": {"schema": schema}}})
}

/// The schema of one part of every export that has it.
fn media<'a>(
    callable: &[(&Export, &'a Signature)],
    part: impl Fn(&'a Signature) -> Option<&'a Type>,
) -> Value {
    let titled = callable.iter().filter_map(|(export, signature)| {
        let mut schema = json_schema::of(part(signature)?);
        schema["title"] = export.full_name().into();
        Some(schema)
    });
    let mut schemas: Vec<_> = titled.collect();
    let schema = if schemas.len() == 1 {
        schemas.remove(0)
    } else {
        json!({"anyOf": schemas})
    };
    json!({"schema": schema})
}

fn takes_bytes(signature: &Signature) -> bool {
    match signature.params.shape() {
        Shape::Record(fields) => matches!(&**fields, [only] if only.ty.is_bytes()),
        _ => false,
    }
}
