//! Starts that say more than arguments: global parameters, and outputs in place of nodes.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::{Map, Value as Json};
use weft_types::image::{Bounds, Image};
use weft_types::{Digest, ProjectName, Type, Value, json};
use weft_workflow::event::{Given, Origin, Stored};
use weft_workflow::plan::Globals;
use weft_workflow::{Plan, nearest};
use weft_workflow_engine::StartRun;

use crate::api::Context;
use crate::call::blobs;
use crate::headers::JSON;
use crate::problem::{Kind, Problem};
use crate::wire;

/// The media type of such a start.
const START: &str = "application/vnd.weft.start+json";

/// What is asked beside the arguments.
pub(super) struct Asked {
    wire: wire::Start,
    /// Of all that was sent.
    digest: Digest,
}

impl Asked {
    /// Takes a request apart where it says more than arguments: leaves them alone in the body, with headers that say so.
    pub(super) fn take(headers: &mut HeaderMap, body: &mut Bytes) -> Result<Option<Self>, Problem> {
        let media = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = media.map(|media| media.split(';').next().unwrap_or_default().trim());
        if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case(START)) {
            return Ok(None);
        }
        // By way of an object: a list would be taken for its members.
        let read =
            serde_json::from_slice(body).and_then(|object| serde_json::from_value(Json::Object(object)));
        let wire: wire::Start = read.map_err(|error| {
            Problem::new(
                Kind::InvalidRequest,
                format!("the body is not a start with `arguments`, `globals` and `stubs`: {error}"),
            )
        })?;
        let digest = Digest::of(body);
        *body = match &wire.arguments {
            Some(arguments) => Bytes::from(arguments.to_string()),
            None => Bytes::new(),
        };
        headers.insert(header::CONTENT_TYPE, JSON);
        Ok(Some(Self { wire, digest }))
    }

    /// Adds it to the run that is to be started.
    pub(super) async fn apply(
        &self,
        context: &Context,
        start: &mut StartRun,
        plan: &Plan,
        bounds: Bounds,
    ) -> Result<(), Problem> {
        let reader = Reader {
            context,
            project: start.project.clone(),
            bounds,
        };
        let globals = self.globals(&reader, plan.globals.as_ref()).await?;
        start.globals = globals.map(Value::Direct);
        for (name, output) in &self.wire.stubs {
            start.given.push(reader.stub(plan, name, output).await?);
        }
        if let Some(key) = &mut start.key {
            // The key stands for these as well.
            let both = [
                key.request.as_bytes().as_slice(),
                self.digest.as_bytes().as_slice(),
            ];
            key.request = Digest::of(&both.concat());
        }
        Ok(())
    }

    async fn globals(
        &self,
        reader: &Reader<'_>,
        globals: Option<&Globals>,
    ) -> Result<Option<Image>, Problem> {
        let given = &self.wire.globals;
        if given.is_empty() {
            return Ok(None);
        }
        let Some(Globals { ty, defaults }) = globals else {
            let detail = "the workflow has no global parameters: its definition has no `parameters`";
            return Err(Problem::new(Kind::InvalidArguments, detail).with("pointer", "/globals"));
        };
        let mut text = Vec::new();
        json::print(ty, defaults, &mut text);
        // A record is printed as an object.
        let mut all: Map<String, Json> = serde_json::from_slice(&text).unwrap_or_default();
        all.extend(given.clone());
        reader.read(ty, &Json::Object(all), "/globals").await.map(Some)
    }
}

/// Reads values that stand at places of the body: blobs of the project, or holding some.
struct Reader<'a> {
    context: &'a Context,
    project: ProjectName,
    bounds: Bounds,
}

impl Reader<'_> {
    async fn stub(&self, plan: &Plan, name: &str, output: &Json) -> Result<Given, Problem> {
        let pointer = format!("/stubs/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(node) = plan.find(name) else {
            let shown: String = name.chars().take(80).collect();
            let detail = format!(
                "the workflow has no node `{}` to give an output to{}",
                shown.escape_debug(),
                nearest::hint(&shown, plan.nodes.iter().map(|node| &*node.name))
            );
            return Err(Problem::new(Kind::InvalidArguments, detail).with("pointer", pointer));
        };
        let output = match (&plan.node(node).output, output) {
            (Some(ty), output) => Some(self.read(ty, output, &pointer).await?),
            (None, Json::Null) => None,
            (None, _) => {
                let detail = format!("node `{name}` has no output: give it `null`");
                return Err(Problem::new(Kind::InvalidArguments, detail).with("pointer", pointer));
            }
        };
        Ok(Given {
            node,
            origin: Origin::Stub,
            output: output.map(|image| Stored::from(&Value::Direct(image))),
            skipped: false,
        })
    }

    async fn read(&self, ty: &Type, value: &Json, at: &str) -> Result<Image, Problem> {
        let text = value.to_string();
        blobs::value_at(self.context, &self.project, ty, text.as_bytes(), at, self.bounds).await
    }
}
