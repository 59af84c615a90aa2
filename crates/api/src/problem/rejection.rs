//! What axum refuses before a handler runs, as problems.

use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::{PathRejection, QueryRejection, RawPathParamsRejection};
use http::StatusCode;

use super::{Kind, Problem};

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Problem::new(Kind::InvalidName, rejection.body_text())
    }
}

impl From<RawPathParamsRejection> for Problem {
    fn from(rejection: RawPathParamsRejection) -> Self {
        Problem::new(Kind::InvalidName, rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::new(Kind::InvalidQuery, rejection.body_text())
    }
}

impl From<MultipartRejection> for Problem {
    fn from(rejection: MultipartRejection) -> Self {
        Problem::new(Kind::UnsupportedMediaType, rejection.body_text())
    }
}

impl From<MultipartError> for Problem {
    fn from(error: MultipartError) -> Self {
        let kind = match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::UploadTooLarge,
            _ => Kind::UploadIncomplete,
        };
        Problem::new(kind, error.body_text())
    }
}
