//! Values by address in calls: blobs that arguments name, and results that leave as one.

use bytes::Bytes;
use http::Response;
use weft_types::image::{Attached, Bounds, Image};
use weft_types::json::{self, Blobs, Outcome};
use weft_types::ty::Shape;
use weft_types::value::{BlobAddress, Form};
use weft_types::{Digest, ProjectName, Signature, Type};
use weft_workflow_engine::port::blobs::BlobError;

use super::json_text;
use crate::api::Context;
use crate::body::ResponseBody;
use crate::headers;
use crate::problem::{Kind, Problem};

/// Reads arguments of which some are blobs of the project. One that is not there is told of by whoever reads the text, who
/// knows where it stands.
pub(super) async fn arguments(
    context: &Context,
    project: &ProjectName,
    signature: &Signature,
    text: &[u8],
    bounds: Bounds,
) -> Result<Image, Problem> {
    let blobs = fetch(context, project, text, bounds.bytes as u64).await?;
    json::parse_arguments_with_blobs(signature, text, bounds, blobs).map_err(invalid)
}

/// The same, where blobs that are whole parameters go to the function as they lie in the store.
pub(super) async fn attached_arguments(
    context: &Context,
    project: &ProjectName,
    signature: &Signature,
    text: &[u8],
    bounds: Bounds,
) -> Result<(Image, Attached), Problem> {
    let blobs = fetch(context, project, text, bounds.bytes as u64).await?;
    json::parse_arguments_attaching(signature, text, bounds, blobs).map_err(invalid)
}

/// Reads one value, which may be a blob of the project or hold some.
pub(crate) async fn value(
    context: &Context,
    project: &ProjectName,
    ty: &Type,
    text: &[u8],
    bounds: Bounds,
) -> Result<Image, Problem> {
    value_at(context, project, ty, text, "", bounds).await
}

/// The same of a value that stands at a place of the body.
pub(crate) async fn value_at(
    context: &Context,
    project: &ProjectName,
    ty: &Type,
    text: &[u8],
    at: &str,
    bounds: Bounds,
) -> Result<Image, Problem> {
    let parsed = if json::names_blobs(text) {
        let blobs = fetch(context, project, text, bounds.bytes as u64).await?;
        json::parse_with_blobs(ty, text, bounds, blobs)
    } else {
        json::parse(ty, text, bounds)
    };
    parsed.map_err(|error| {
        invalid(json::Error {
            pointer: format!("{at}{}", error.pointer),
            ..error
        })
    })
}

fn invalid(error: json::Error) -> Problem {
    weft_function_engine::Error::InvalidArguments(error).into()
}

async fn fetch(context: &Context, project: &ProjectName, text: &[u8], limit: u64) -> Result<Blobs, Problem> {
    if text.len() > json::MAX_TEXT_WITH_BLOBS {
        // Whoever reads the text refuses it.
        return Ok(Blobs::default());
    }
    let store = context.blobs()?;
    let mut left = limit;
    let mut found = Vec::new();
    for digest in json::named_blobs(text) {
        let length = match store.length(project, digest).await {
            Ok(length) => length,
            Err(BlobError::Missing(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        left = left.checked_sub(length).ok_or_else(|| too_large(limit))?;
        let form = Form::Raw;
        let address = BlobAddress { digest, length, form };
        found.push((digest, store.get(project, &address).await?));
    }
    Ok(found.into_iter().collect())
}

fn too_large(limit: u64) -> Problem {
    let detail = format!("the blobs that are named have more than the limit of {limit} bytes");
    Problem::new(Kind::ArgumentsTooLarge, detail).with("limit", limit)
}

/// Keeps a result as a blob and answers its address, where it is a success of more than `most` bytes.
pub(super) async fn answer(
    context: &Context,
    project: &ProjectName,
    image: &Image,
    ty: &Type,
    most: u64,
) -> Result<Option<Response<ResponseBody>>, Problem> {
    if image.payload().len() as u64 <= most || image.outcome(ty) == Outcome::Err {
        return Ok(None);
    }
    let Some(bytes) = stored_form(image, ty)? else {
        return Ok(None);
    };
    let digest = context.blobs()?.put(project, bytes).await?;
    Ok(Some(by_address(digest)))
}

/// What stands for a result that is kept under this address.
pub(super) fn by_address(digest: Digest) -> Response<ResponseBody> {
    let mut response = json_text(format!("{{\"$blob\":\"{digest}\"}}").into_bytes());
    let value = headers::ascii(digest.to_string().as_bytes());
    response.headers_mut().insert(headers::BLOB, value);
    response
}

/// The bytes that a result is kept as, so that its address can stand for it in arguments: the very bytes of a `list<u8>`, an
/// image of anything else; of a `result`, what the success carries, if anything.
fn stored_form(image: &Image, ty: &Type) -> Result<Option<Bytes>, Problem> {
    if let Some(bytes) = image.raw(ty) {
        return Ok(Some(bytes));
    }
    if !matches!(ty.shape(), Shape::Result(_)) {
        return Ok(Some(image.as_bytes().clone()));
    }
    let Some(carried) = image.view(ty).payload() else {
        return Ok(None);
    };
    let bounds = Bounds {
        bytes: image.payload().len() + size_of::<u64>(),
        elements: usize::MAX,
    };
    let carried = Image::extract(carried, bounds)
        .map_err(|error| Problem::new(Kind::ResultTooLarge, error.to_string()))?;
    Ok(Some(carried.as_bytes().clone()))
}
