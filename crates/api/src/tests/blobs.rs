//! Blobs over HTTP, in a real directory.

use tempfile::TempDir;
use weft_blobs::{LocalBlobs, Options as Bounds};
use weft_types::Digest;

use super::*;

const PATH: &str = "/v1/projects/default/blobs";

/// A server with blobs, and their directory.
struct Kept {
    server: Server,
    blobs: LocalBlobs,
    directory: TempDir,
}

impl Kept {
    async fn new() -> Self {
        Self::with(Bounds::default()).await
    }

    async fn with(bounds: Bounds) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(directory.path(), bounds).await.unwrap();
        let server = Server::with(|api| api.with_blobs(Arc::new(blobs.clone()))).await;
        Self {
            server,
            blobs,
            directory,
        }
    }

    async fn store(&self, bytes: &[u8]) -> Answer {
        self.server.send(Request::post(PATH).body(bytes.to_vec())).await
    }

    /// Stores a blob; answers its path.
    async fn stored(&self, bytes: &[u8]) -> String {
        let answer = self.store(bytes).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.header("location").to_owned()
    }

    async fn get_with(&self, path: &str, name: &str, value: &str) -> Answer {
        self.server
            .send(Request::get(path).header(name, value).body(""))
            .await
    }

    async fn head(&self, path: &str) -> Answer {
        self.server.send(Request::head(path).body("")).await
    }

    /// Every file of bytes.
    fn files(&self) -> Vec<std::path::PathBuf> {
        let shards = std::fs::read_dir(self.directory.path().join("data")).unwrap();
        let files = shards.flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
        let paths = files.map(|file| file.unwrap().path());
        paths.filter(|path| path.extension().is_none()).collect()
    }
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|position| (position % 251) as u8).collect()
}

#[tokio::test]
async fn a_blob_is_stored_and_downloaded() {
    let kept = Kept::new().await;
    for length in [0, 11, 1_000_000] {
        let bytes = bytes(length);
        let digest = Digest::of(&bytes).to_string();
        let answer = kept.store(&bytes).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(
            answer.json(),
            serde_json::json!({ "digest": digest, "length": length })
        );
        assert_eq!(kept.store(&bytes).await.json(), answer.json(), "the same again");

        let path = format!("{PATH}/{digest}");
        assert_eq!(answer.header("location"), path);
        let found = kept.server.get(&path).await;
        assert_eq!((found.status, &found.body[..]), (200, &bytes[..]), "{length}");
        let head = kept.head(&path).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        for answer in [found, head] {
            assert_eq!(answer.header("content-length"), length.to_string());
            assert_eq!(answer.header("content-type"), "application/octet-stream");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(answer.header("content-disposition").starts_with("attachment;"));
            assert_eq!(answer.header("etag"), format!("\"{digest}\""));
            assert_eq!(answer.header("accept-ranges"), "bytes");
        }
    }
}

#[tokio::test]
async fn any_type_is_taken_and_none_is_given_back() {
    let kept = Kept::new().await;
    for content_type in ["text/html", "image/svg+xml", "application/x-www-form-urlencoded"] {
        let request = Request::post(PATH).header("content-type", content_type);
        let answer = kept.server.send(request.body("<script>")).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let found = kept.server.get(answer.header("location")).await;
        assert_eq!(found.header("content-type"), "application/octet-stream");
    }
}

#[tokio::test]
async fn a_part_is_answered_as_one() {
    let kept = Kept::new().await;
    let bytes = bytes(700_000);
    let path = kept.stored(&bytes).await;
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=100-600099", 100..600_100),
        ("bytes=699999-", 699_999..700_000),
        ("bytes=-5", 699_995..700_000),
    ] {
        let answer = kept.get_with(&path, "range", range).await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, bytes[part.clone()], "{range}");
        assert_eq!(answer.header("content-length"), part.len().to_string());
        let expected = format!("bytes {}-{}/700000", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), expected);
    }
    let beyond = kept.get_with(&path, "range", "bytes=700000-").await;
    assert_eq!(beyond.problem(), "range-not-satisfiable");
    assert_eq!(beyond.header("content-range"), "bytes */700000");

    let several = kept.get_with(&path, "range", "bytes=0-1,4-5").await;
    assert_eq!((several.status, several.body.len()), (200, 700_000));
    let head = Request::head(&path).header("range", "bytes=0-1").body("");
    let head = kept.server.send(head).await;
    assert_eq!((head.status, head.header("content-length")), (200, "700000"));
}

#[tokio::test]
async fn a_client_that_has_it_is_told_so() {
    let kept = Kept::new().await;
    let path = kept.stored(b"a blob").await;
    let tag = kept.head(&path).await.header("etag").to_owned();
    for request in [Request::get(&path), Request::head(&path)] {
        let answer = kept
            .server
            .send(request.header("if-none-match", &tag).body(""))
            .await;
        assert_eq!((answer.status, answer.body.len()), (304, 0));
        assert_eq!(answer.header("etag"), tag);
    }
    for (tag, status) in [(&*tag, 206), ("\"of another\"", 200)] {
        let request = Request::get(&path)
            .header("range", "bytes=0-1")
            .header("if-range", tag);
        assert_eq!(kept.server.send(request.body("")).await.status, status, "{tag}");
    }
}

#[tokio::test]
async fn a_project_sees_its_own_only() {
    let kept = Kept::new().await;
    let path = kept.stored(b"a secret").await;
    let elsewhere = path.replace("default", "other");
    assert_eq!(kept.server.get(&elsewhere).await.problem(), "not-found-project");
    let create = Request::put("/v1/projects/other").body("");
    assert_eq!(kept.server.send(create).await.status, 201);
    let theirs = kept.server.get(&elsewhere).await;
    assert_eq!(theirs.problem(), "not-found-blob");

    // What is told of a blob that nobody has is told of one that others have.
    let nobodys = Digest::of(b"never stored");
    let nowhere = kept
        .server
        .get(&format!("/v1/projects/other/blobs/{nobodys}"))
        .await;
    let detail = |answer: &Answer, digest: Digest| {
        let text = answer.json()["detail"].as_str().unwrap().to_owned();
        text.replace(&digest.to_string(), "it")
    };
    assert_eq!(
        detail(&theirs, Digest::of(b"a secret")),
        detail(&nowhere, nobodys)
    );

    let store = Request::post("/v1/projects/other/blobs").body("a secret");
    let stored = kept.server.send(store).await;
    assert_eq!(stored.json(), kept.store(b"a secret").await.json());
    assert_eq!(kept.server.get(&elsewhere).await.body, "a secret");
}

#[tokio::test]
async fn a_blob_is_no_larger_than_allowed() {
    let bounds = Bounds {
        max_bytes: 1000,
        ..Bounds::default()
    };
    let kept = Kept::with(bounds).await;
    assert_eq!(kept.store(&bytes(1000)).await.status, 201);
    let announced = kept.store(&bytes(1001)).await;
    assert_eq!(announced.problem(), "blob-too-large");
    assert_eq!(announced.json()["limit"], 1000);

    let chunks = [bytes(600), bytes(401)].map(|chunk| Ok::<_, std::io::Error>(Bytes::from(chunk)));
    let answer = kept.stream(futures_util::stream::iter(chunks)).await;
    assert_eq!(answer.problem(), "blob-too-large");
    assert_eq!(kept.files().len(), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let kept = Kept::new().await;
    let broken = [
        Ok(Bytes::from("half a ")),
        Err(std::io::Error::other("the client went away")),
    ];
    let answer = kept.stream(futures_util::stream::iter(broken)).await;
    assert_eq!(answer.problem(), "upload-incomplete");
    assert_eq!(kept.files().len(), 0);
    let tmp = std::fs::read_dir(kept.directory.path().join("tmp")).unwrap();
    assert_eq!(tmp.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stalls_is_ended() {
    let kept = Kept::new().await;
    let answer = kept
        .stream(futures_util::stream::pending::<std::io::Result<Bytes>>())
        .await;
    assert_eq!(answer.problem(), "request-timeout");
}

#[tokio::test]
async fn so_many_are_transferred_at_once() {
    use weft_workflow_engine::port::blob_store::BlobStore;

    let bounds = Bounds {
        uploads: 1,
        downloads: 1,
        ..Bounds::default()
    };
    let kept = Kept::with(bounds).await;
    let path = kept.stored(b"a blob").await;
    let project = "default".parse().unwrap();
    let uploading = kept.blobs.receive(&project).unwrap();
    let downloading = kept.blobs.read(&project, Digest::of(b"a blob"), 0..1).unwrap();
    for answer in [kept.store(b"another").await, kept.server.get(&path).await] {
        assert_eq!(answer.problem(), "too-many-transfers");
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    }
    assert_eq!(kept.head(&path).await.status, 200);
    drop((uploading, downloading));
    assert_eq!(kept.store(b"another").await.status, 201);
    assert_eq!(kept.server.get(&path).await.status, 200);
}

#[tokio::test]
async fn damage_is_told_and_mended() {
    let kept = Kept::new().await;
    let path = kept.stored(b"a blob").await;
    std::fs::write(&kept.files()[0], "a BLOB, not").unwrap();
    for range in ["bytes=0-0", "bytes=2-"] {
        let answer = kept.get_with(&path, "range", range).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (500, "blob-damaged".to_owned())
        );
    }
    kept.stored(b"a blob").await;
    assert_eq!(kept.server.get(&path).await.body, "a blob");
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let kept = Kept::new().await;
    for (path, kind) in [
        (format!("{PATH}/sha256:00"), "not-found-blob"),
        (format!("{PATH}/blake3:00"), "not-found-blob"),
        (format!("{PATH}/{}?part=1", Digest::of(b"x")), "invalid-query"),
        (
            format!("/v1/projects/NoName/blobs/{}", Digest::of(b"x")),
            "invalid-name",
        ),
    ] {
        assert_eq!(kept.server.get(&path).await.problem(), kind, "{path}");
    }
    let nowhere = Request::post("/v1/projects/nowhere/blobs").body("x");
    assert_eq!(kept.server.send(nowhere).await.problem(), "not-found-project");
    assert_eq!(kept.server.get(PATH).await.problem(), "method-not-allowed");
}

#[tokio::test]
async fn a_server_without_blobs_says_so() {
    let server = Server::new().await;
    let answer = server.send(Request::post(PATH).body("x")).await;
    assert_eq!(answer.problem(), "not-found");
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("keeps no blobs")
    );
}

impl Kept {
    /// Sends a body whose length is not announced.
    async fn stream<S>(&self, chunks: S) -> Answer
    where
        S: futures_util::Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    {
        let body = axum::body::Body::from_stream(chunks);
        let request = with_host(Request::post(PATH).body(body).unwrap());
        Answer::read(
            self.server
                .api
                .respond(request, std::net::Ipv4Addr::LOCALHOST.into())
                .await,
        )
        .await
    }
}
