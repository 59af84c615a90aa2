//! Blobs that definitions name.

use weft_types::ProjectName;
use weft_workflow::Problem as Mistake;
use weft_workflow::definition::{self, NamedBlob};
use weft_workflow_engine::port::blobs::BlobError;

use crate::api::Context;
use crate::problem::Problem;

/// What a definition names and the project does not see. All else is kept for as long as it takes to save a version that names it.
pub(in crate::routes) async fn absent(
    context: &Context,
    project: &ProjectName,
    text: &str,
) -> Result<Vec<Mistake>, Problem> {
    let mut absent = Vec::new();
    for named in definition::blobs(text.as_bytes(), &definition::Bounds::default()) {
        match context.blobs()?.length(project, named.digest).await {
            Ok(_) => {}
            Err(BlobError::Missing(_)) => absent.push(mistake(named)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(absent)
}

fn mistake(named: NamedBlob) -> Mistake {
    Mistake {
        at: named.at,
        code: "blob",
        path: named.path,
        message: format!(
            "the project has no blob {}: store it first (POST /v1/projects/{{project}}/blobs)",
            named.digest
        ),
    }
}
