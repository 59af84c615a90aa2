//! The parts of an upload with settings.

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use bytes::Bytes;
use utoipa::ToSchema;
use weft_function_engine::port::Stored;
use weft_function_engine::{SettingsChange, parse_settings};

use super::MAX_SETTINGS;
use super::receive::{self, in_time};
use crate::api::Context;
use crate::problem::{Kind, Problem};
use crate::wire;

/// The form of an upload with settings.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read part by part")]
pub(super) struct Form {
    /// The settings; left out, those of the newest version.
    settings: Option<wire::Settings>,
    /// The code; left out, that of the newest version.
    #[schema(value_type = Option<String>, format = Binary)]
    code: Option<Vec<u8>>,
}

/// Reads both parts. Each may be there once, in any order.
pub(super) async fn read(
    context: &Context,
    mut form: Multipart,
) -> Result<(Option<Stored>, SettingsChange), Problem> {
    let idle = context.options.body_idle;
    let mut code = None;
    let mut settings = None;
    while let Some(field) = in_time(idle, form.next_field()).await?? {
        match field.name().unwrap_or_default() {
            "settings" if settings.is_none() => {
                settings = Some(parse_settings(&small(context, field).await?)?);
            }
            "code" if code.is_none() => code = Some(receive::part(context, field).await?),
            "settings" | "code" => return Err(malformed("a part is there twice")),
            name => {
                let name: String = name.chars().take(80).collect();
                return Err(malformed(&format!(
                    "the part `{}` is unknown",
                    name.escape_debug()
                )));
            }
        }
    }
    if code.is_none() && settings.is_none() {
        return Err(malformed("there is no part"));
    }
    Ok((
        code,
        settings.map_or(SettingsChange::Keep, SettingsChange::Replace),
    ))
}

async fn small(context: &Context, mut field: Field<'_>) -> Result<Bytes, Problem> {
    let mut text = Vec::new();
    while let Some(chunk) = in_time(context.options.body_idle, field.chunk()).await?? {
        if (text.len() + chunk.len()) as u64 > MAX_SETTINGS {
            let detail = format!("the part `settings` is larger than the limit of {MAX_SETTINGS} bytes");
            return Err(Problem::new(Kind::UploadTooLarge, detail).with("limit", MAX_SETTINGS));
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text.into())
}

fn malformed(what: &str) -> Problem {
    Problem::new(
        Kind::UploadIncomplete,
        format!(
            "{what}; an upload with settings has a part `settings` (JSON), a part `code` (WebAssembly), or both"
        ),
    )
}
