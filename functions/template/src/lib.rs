//! Fills a template in the syntax of Jinja.
//!
//! ```text
//! weft call template '{"template": "Dear {{ name }},", "values": "{\"name\": \"Ada\"}", "escaping": "none"}'
//! ```
//! answers `"Dear Ada,"`. A name that has no value is an error rather than nothing.

wit_bindgen::generate!({ path: "wit" });

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

struct Template;

impl Guest for Template {
    fn render(template: String, values: String, escaping: Escaping) -> Result<String, TemplateError> {
        let values: serde_json::Value = serde_json::from_str(&values).map_err(bad_values)?;
        if !values.is_object() {
            return Err(TemplateError {
                line: None,
                message: "the values are not a JSON object".to_owned(),
            });
        }
        environment(escaping)
            .render_str(&template, Serde(values))
            .map_err(|error| describe(&error))
    }
}

fn environment(escaping: Escaping) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| match escaping {
        Escaping::None => AutoEscape::None,
        Escaping::Html => AutoEscape::Html,
        Escaping::Json => AutoEscape::Json,
    });
    environment
}

fn bad_values(error: serde_json::Error) -> TemplateError {
    TemplateError {
        line: None,
        message: format!("the values are not JSON: {error}"),
    }
}

fn describe(error: &Error) -> TemplateError {
    let line = error.line().and_then(|line| u32::try_from(line).ok());
    let message = error.detail().map_or_else(
        || error.kind().to_string(),
        |detail| format!("{}: {detail}", error.kind()),
    );
    TemplateError { line, message }
}

export!(Template);
