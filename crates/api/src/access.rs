//! Who asks, and whether they may: what every request passes before anything is done for it.
//!
//! The routes' needs are one [`table`]; a route without a row is refused. What is decided is decided by [`weft_access::decide`];
//! here it is put into the terms of HTTP, on every way there is to the engine: the router, the short way of calls, and the
//! listener for HTTP functions.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};
use jiff::Timestamp;
use weft_access::{Deed, Grant, Need, Role, Standing, Subject, Visibility, decide};
use weft_function_engine::Party;
use weft_types::{ProjectName, VersionNumber};

use crate::api::Context;
use crate::audit;
use crate::headers;
use crate::problem::{Kind, Problem};

mod presented;
mod refusal;
mod table;

pub(crate) use presented::{of_function, remove};
#[cfg(test)]
pub(crate) use table::{PAGES, ROWS};

/// Who makes a request that is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    subject: Subject,
    standing: Standing,
}

impl Caller {
    /// Somebody at a server that asks nobody who they are.
    pub(crate) const OPEN: Self = Self {
        subject: Subject::Open,
        standing: Standing::Open,
    };

    /// Whether they belong to the project that the request is about, or may do everything.
    pub(crate) fn is_inside(&self) -> bool {
        match self.standing {
            Standing::Open | Standing::Admin | Standing::Member(_) => true,
            Standing::Outsider | Standing::Anonymous => false,
        }
    }

    /// Who they are; none where nobody asked.
    pub(crate) fn user(&self) -> Option<&str> {
        match &self.subject {
            Subject::Known(entry) => Some(entry.holder().as_str()),
            Subject::Open | Subject::Nobody | Subject::Rejected(_) => None,
        }
    }

    /// Whose turn a call of theirs takes where calls wait: those of the function's project have one together, and those of each
    /// other project one more.
    pub(crate) fn party(&self) -> Party {
        match (self.standing, self.grant()) {
            (Standing::Outsider, Some(Grant::Project { project, .. })) => Party::of(project.as_str()),
            // No project is called so.
            (Standing::Anonymous, _) => Party::of(""),
            (Standing::Open | Standing::Admin | Standing::Member(_) | Standing::Outsider, _) => Party::OWN,
        }
    }

    /// Whether they may know of a project.
    pub(crate) fn knows(&self, project: &ProjectName) -> bool {
        match self.grant() {
            None | Some(Grant::Admin) => true,
            Some(Grant::Project { project: own, .. }) => own == project,
        }
    }

    /// What their token may do; none where they need none.
    pub(crate) fn grant(&self) -> Option<&Grant> {
        match &self.subject {
            Subject::Known(entry) => Some(entry.grant()),
            Subject::Open | Subject::Nobody | Subject::Rejected(_) => None,
        }
    }

    /// The id of their token.
    pub(crate) fn token(&self) -> Option<weft_access::TokenId> {
        match &self.subject {
            Subject::Known(entry) => Some(entry.id()),
            Subject::Open | Subject::Nobody | Subject::Rejected(_) => None,
        }
    }

    /// Refuses what only those of the project may ask for; `what` continues "may".
    pub(crate) fn must_be_inside(&self, what: &str) -> Result<(), Problem> {
        match self.is_inside() {
            true => Ok(()),
            false => Err(Problem::new(
                Kind::Forbidden,
                format!("only members of the function's project may {what}"),
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::new(Kind::PlatformFault, "the request was not asked who makes it"))
    }
}

/// Lets a routed request pass that is allowed, with its [`Caller`].
pub(crate) async fn enforce(
    State(context): State<Arc<Context>>,
    matched: MatchedPath,
    names: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let need = match table::need(request.method(), matched.as_str()) {
        table::Found::Need(need) => need,
        // It has no such method, which the router tells.
        table::Found::NoMethod => return next.run(request).await,
        table::Found::Nothing => {
            let detail = format!("nobody has decided who may use `{}`", matched.as_str());
            return refused(Problem::new(Kind::PlatformFault, detail), matched);
        }
    };
    let names = match names {
        Ok(names) => names,
        Err(rejection) => return refused(rejection.into(), matched),
    };
    let name = |wanted: &str| {
        names
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, name)| name)
    };
    let asked = Asked {
        need,
        project: name("project"),
        function: name("function"),
        uri: Some(request.uri()),
    };
    match authorize(&context, asked, presented::to_api(request.headers())) {
        Ok(caller) => {
            tell(&caller, request.headers_mut());
            let deed = deed(&context, &caller, &request, matched.as_str(), name("project"));
            request.extensions_mut().insert(caller);
            match (deed, &context.audit) {
                (Some(deed), Some(audit)) => audit::carry_out(audit.clone(), deed, next.run(request)).await,
                _ => next.run(request).await,
            }
        }
        Err(problem) => refused(problem, matched),
    }
}

/// What a request is about to change, where changes are written down.
fn deed(
    context: &Context,
    caller: &Caller,
    request: &Request,
    pattern: &str,
    project: Option<&str>,
) -> Option<Deed> {
    let asked = (request.method(), pattern, request.uri());
    if context.audit.is_none() || !audit::changes(asked.0, asked.1, asked.2) {
        return None;
    }
    let said = request.headers().get(headers::USER);
    let said = said.and_then(|said| said.to_str().ok());
    let peer = request.extensions().get::<audit::Peer>();
    Some(audit::deed(caller, said, peer, asked, project))
}

/// Decides over a call that takes the short way.
pub(crate) fn of_call(
    context: &Context,
    uri: &Uri,
    headers: &HeaderMap,
    (project, function): (&str, &str),
) -> Result<Caller, Problem> {
    let asked = Asked {
        need: table::CALL,
        project: Some(project),
        function: Some(function),
        uri: Some(uri),
    };
    authorize(context, asked, presented::to_api(headers))
}

/// What a request is about.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) need: Need,
    pub(crate) project: Option<&'a str>,
    pub(crate) function: Option<&'a str>,
    /// Where its query says which version is meant.
    pub(crate) uri: Option<&'a Uri>,
}

impl<'a> Asked<'a> {
    /// What a request to an HTTP function is about. Its query is the function's own.
    pub(crate) fn of_http(project: &'a str, function: &'a str) -> Self {
        Self {
            need: Need::Function(Role::Invoker),
            project: Some(project),
            function: Some(function),
            uri: None,
        }
    }
}

/// Decides.
pub(crate) fn authorize(
    context: &Context,
    asked: Asked<'_>,
    presented: Option<&[u8]>,
) -> Result<Caller, Problem> {
    let Some(access) = &context.access else {
        return Ok(Caller::OPEN);
    };
    let subject = access.subject(presented, Timestamp::now());
    match decide(&subject, asked.need, asked.project, || visibility(context, asked)) {
        Ok(standing) => {
            if asked.need != Need::Anyone {
                access.admit(&subject).map_err(refusal::too_fast)?;
            }
            Ok(Caller { subject, standing })
        }
        Err(refusal) => Err(refusal::problem(refusal, asked, presented)),
    }
}

/// Who may see what a request is about, and the version that it names: what was open once is not any longer.
fn visibility(context: &Context, asked: Asked<'_>) -> Visibility {
    let (Some(project), Some(function)) = (asked.project, asked.function) else {
        return Visibility::Private;
    };
    match asked.uri.map_or(Ok(None), version) {
        Ok(version) => context.engine.visibility(project, function, version),
        Err(Unreadable) => Visibility::Private,
    }
}

struct Unreadable;

fn version(uri: &Uri) -> Result<Option<VersionNumber>, Unreadable> {
    if uri.query().is_none() {
        return Ok(None);
    }
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    let axum::extract::Query(pairs) = query.map_err(|_| Unreadable)?;
    let mut versions = pairs.iter().filter(|(name, _)| name == "version");
    match (versions.next(), versions.next()) {
        (None, _) => Ok(None),
        (Some((_, text)), None) => text.parse().map(VersionNumber).map(Some).map_err(|_| Unreadable),
        (Some(_), Some(_)) => Err(Unreadable),
    }
}

/// Tells handlers who asks: whoever has a token is its holder, whatever they say.
pub(crate) fn tell(caller: &Caller, headers: &mut HeaderMap) {
    if let Some(user) = caller.user().and_then(|user| HeaderValue::from_str(user).ok()) {
        headers.insert(headers::USER, user);
    }
}

/// Tells a function who asks: it can rely on what is said.
pub(crate) fn vouch(caller: &Caller, headers: &mut HeaderMap) {
    if matches!(caller.standing, Standing::Open) {
        return;
    }
    headers.remove(headers::USER);
    tell(caller, headers);
}

fn refused(problem: Problem, matched: MatchedPath) -> Response {
    let mut response = problem.into_response().map(axum::body::Body::new).into_response();
    response.extensions_mut().insert(matched);
    response
}
