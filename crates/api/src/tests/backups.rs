//! Backups over HTTP, made by somebody who has them ready.

use std::io;
use std::sync::Mutex;

use futures_util::stream;
use weft_function_engine::port::Boxed;

use super::*;
use crate::{BackupError, Backups, Pieces};

/// Answers once.
struct Ready(Mutex<Option<Result<Pieces, BackupError>>>);

impl Backups for Ready {
    fn begin(&self) -> Boxed<'_, Result<Pieces, BackupError>> {
        let ready = self.0.lock().unwrap().take();
        Box::pin(std::future::ready(ready.unwrap_or(Err(BackupError::UnderWay))))
    }
}

async fn server(ready: Result<Pieces, BackupError>) -> Server {
    let backups = Arc::new(Ready(Mutex::new(Some(ready))));
    Server::with(|api| api.with_backups(backups)).await
}

fn pieces(pieces: Vec<io::Result<Bytes>>) -> Pieces {
    Box::pin(stream::iter(pieces))
}

async fn ask(server: &Server) -> Answer {
    server.send(Request::post("/v1/backup").body("")).await
}

#[tokio::test]
async fn an_archive_is_the_body() {
    let server = server(Ok(pieces(vec![Ok("arch".into()), Ok("ive".into())]))).await;
    let answer = ask(&server).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"archive"[..]));
    assert_eq!(answer.header("content-type"), "application/x-tar");
    assert!(answer.header("content-disposition").starts_with("attachment"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");

    let second = ask(&server).await;
    assert_eq!((second.status, &*second.problem()), (409, "backup-under-way"));
}

#[tokio::test]
async fn an_archive_that_breaks_off_has_no_end() {
    let broken = pieces(vec![Ok("arch".into()), Err(io::Error::other("the disk failed"))]);
    let server = server(Ok(broken)).await;
    let request = Request::post("/v1/backup").body(Full::new(Bytes::new()));
    let peer = std::net::Ipv4Addr::LOCALHOST.into();
    let response = server.api.respond(with_host(request.unwrap()), peer).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn why_none_is_made_is_told() {
    let told = || "what it is".to_owned();
    for (error, status, slug) in [
        (BackupError::UnderWay, 409, "backup-under-way"),
        (BackupError::Elsewhere(told()), 409, "runs-elsewhere"),
        (BackupError::NoRoom(told()), 507, "storage-full"),
        (BackupError::Failed(told()), 500, "storage-failed"),
    ] {
        let expected = error.to_string();
        let answer = ask(&server(Err(error)).await).await;
        assert_eq!((answer.status, &*answer.problem()), (status, slug));
        assert_eq!(answer.json()["detail"], expected);
    }
    let none = Server::new().await;
    assert_eq!(ask(&none).await.problem(), "not-found");
}
