//! Pauses.

use std::sync::Arc;
use std::time::Duration;

use weft_types::ty::Shape;
use weft_types::{Type, json};

use super::Checked;
use crate::check::scalar;
use crate::check::source::Sources;
use crate::definition::{Form, Pause, Sleep, Source};
use crate::evaluate::Expression;
use crate::plan;

pub(super) fn check(sources: &mut Sources<'_, '_>, sleep: &Sleep) -> Option<Checked> {
    let ty = Arc::new(scalar(Shape::U64));
    let duration = match &sleep.duration {
        Pause::Fixed(duration) => fixed(*duration, &ty),
        Pause::Given(reference) => {
            let source = Source {
                spot: reference.spot,
                form: Form::Reference(reference.clone()),
            };
            sources.compile(&source, &ty)
        }
    }?;
    let duration = sources.finish(ty, duration);
    Some(Checked {
        kind: plan::Kind::Sleep { duration },
        effect_free: true,
    })
}

/// So many milliseconds; a part of one counts as a whole one.
fn fixed(duration: Duration, ty: &Type) -> Option<Expression> {
    let millis = duration.as_micros().div_ceil(1000);
    let millis = u64::try_from(millis).unwrap_or(u64::MAX).to_string();
    let bounds = weft_types::image::Bounds {
        bytes: 8,
        elements: 0,
    };
    // Digits of a `u64` are a value of that type.
    let image = json::parse(ty, millis.as_bytes(), bounds).ok()?;
    Some(Expression::Constant(image))
}
