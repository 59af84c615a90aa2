//! Names in paths.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use weft_access::{TokenId, UserName};
use weft_function_engine::{Error, PoolId};
use weft_types::{Digest, FunctionName, ProjectName, RunId, SecretName, VersionNumber};

use crate::problem::{Kind, Problem};

/// `{project}` of a path.
pub(super) struct InProject(pub(super) ProjectName);

/// `{project}` and `{function}` of a path.
pub(super) struct InFunction {
    pub(super) project: ProjectName,
    pub(super) function: FunctionName,
}

/// `{project}`, `{function}` and `{version}` of a path.
pub(super) struct InVersion {
    pub(super) project: ProjectName,
    pub(super) function: FunctionName,
    pub(super) version: VersionNumber,
}

/// `{project}` and `{run}` of a path.
pub(super) struct InRun {
    pub(super) project: ProjectName,
    pub(super) run: RunId,
}

/// `{project}`, `{run}` and `{node}` of a path.
pub(super) struct InNode {
    pub(super) project: ProjectName,
    pub(super) run: RunId,
    pub(super) node: String,
}

impl<S: Send + Sync> FromRequestParts<S> for InRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (project, id) = two(parts, state).await?;
        Ok(Self {
            project: name(&project)?,
            run: run(&id)?,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InNode {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<(String, String, String)>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let Path((project, id, node)) = path?;
        Ok(Self {
            project: name(&project)?,
            run: run(&id)?,
            node,
        })
    }
}

/// `{project}` and `{digest}` of a path.
pub(super) struct InBlob {
    pub(super) project: ProjectName,
    pub(super) digest: Digest,
}

impl<S: Send + Sync> FromRequestParts<S> for InBlob {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (project, digest) = two(parts, state).await?;
        let digest = digest.parse::<Digest>();
        Ok(Self {
            project: name(&project)?,
            digest: digest.map_err(|error| Problem::new(Kind::NotFoundBlob, error.to_string()))?,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InProject {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(project) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(name(&project)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InFunction {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (project, function) = two(parts, state).await?;
        Ok(Self {
            project: name(&project)?,
            function: name(&function)?,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InVersion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<(String, String, String)>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let Path((project, function, version)) = path?;
        Ok(Self {
            project: name(&project)?,
            function: name(&function)?,
            version: number(&version)?,
        })
    }
}

/// `{profile}` of a path.
pub(super) struct NamedProfile(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for NamedProfile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await?;
        // Named as functions are.
        name::<FunctionName>(&text)?;
        Ok(Self(text))
    }
}

/// `{pool}` of a path.
pub(super) struct InPool(pub(super) PoolId);

impl<S: Send + Sync> FromRequestParts<S> for InPool {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await?;
        let id = id.parse::<PoolId>();
        id.map(Self)
            .map_err(|error| Problem::new(Kind::NotFoundPool, error.to_string()))
    }
}

/// `{token}` of a path.
pub(super) struct NamedToken(pub(super) TokenId);

impl<S: Send + Sync> FromRequestParts<S> for NamedToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(token(&id)?))
    }
}

/// `{project}` and `{token}` of a path.
pub(super) struct NamedProjectToken {
    pub(super) project: ProjectName,
    pub(super) token: TokenId,
}

impl<S: Send + Sync> FromRequestParts<S> for NamedProjectToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (project, id) = two(parts, state).await?;
        Ok(Self {
            project: name(&project)?,
            token: token(&id)?,
        })
    }
}

/// `{project}` and `{user}` of a path.
pub(super) struct InMember {
    pub(super) project: ProjectName,
    pub(super) user: UserName,
}

impl<S: Send + Sync> FromRequestParts<S> for InMember {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (project, user) = two(parts, state).await?;
        Ok(Self {
            project: name(&project)?,
            user: user.parse()?,
        })
    }
}

/// `{project}` and `{secret}` of a path.
pub(super) struct InSecret {
    pub(super) project: ProjectName,
    pub(super) secret: SecretName,
}

impl<S: Send + Sync> FromRequestParts<S> for InSecret {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (project, secret) = two(parts, state).await?;
        Ok(Self {
            project: name(&project)?,
            secret: secret.parse()?,
        })
    }
}

/// Both names of a path that has two.
async fn two<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<(String, String), Problem> {
    let path: Result<Path<(String, String)>, PathRejection> = Path::from_request_parts(parts, state).await;
    let Path(names) = path?;
    Ok(names)
}

fn token(text: &str) -> Result<TokenId, Problem> {
    text.parse()
        .map_err(|error: weft_access::TokenIdError| Problem::new(Kind::NotFoundToken, error.to_string()))
}

fn name<T: std::str::FromStr<Err = weft_types::NameError>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| Error::InvalidName(error).into())
}

fn run(text: &str) -> Result<RunId, Problem> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        let detail = format!("a run's id is a UUID, not `{}`", shown.escape_debug());
        Problem::new(Kind::NotFoundRun, detail)
    })
}

fn number(text: &str) -> Result<VersionNumber, Problem> {
    text.parse().map(VersionNumber).map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        let detail = format!("a version is a number from 1, not `{}`", shown.escape_debug());
        Problem::new(Kind::NotFoundVersion, detail)
    })
}
