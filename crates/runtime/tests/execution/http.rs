//! HTTP functions.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, StreamBody};
use weft_function_engine::port::{Body, CallContext, Failure};

use crate::harness::{Guest, context, timeout};

pub(crate) fn get(path: &str) -> Request<Body> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    Request::builder()
        .uri(path)
        .header("host", "test")
        .body(body)
        .unwrap()
}

async fn send(guest: &Guest, request: Request<Body>) -> Result<Response<Body>, Failure> {
    guest.instance().http(request, context()).await
}

pub(crate) async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn answers_in_one_piece() {
    let guest = Guest::load("hello-http");
    // A guest whose time slice ends early is answered for before it has ended.
    let mut pieces = Vec::new();
    for _ in 0..20 {
        let response = send(&guest, get("/?name=Ada")).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        pieces.push(http_body::Body::size_hint(response.body()).exact());
        assert_eq!(text(response).await, "Hello, Ada!\n");
    }
    assert!(pieces.contains(&Some(12)), "{pieces:?}");
}

#[tokio::test]
async fn streams_a_response() {
    let guest = Guest::load("fixtures/http-stream");
    let began = Instant::now();
    let response = send(&guest, get("/drip?count=5&ms=20")).await.unwrap();
    let head = began.elapsed();
    assert_eq!(text(response).await, "0\n1\n2\n3\n4\n");
    assert!(
        head + Duration::from_millis(40) < began.elapsed(),
        "{head:?} of {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_body_comes_before_its_trailers_though_the_guest_goes_on() {
    let guest = Guest::load("fixtures/http-stream");
    let response = send(&guest, get("/trailers")).await.unwrap();
    let mut body = response.into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(frame.unwrap());
    }
    let [data, trailers] = frames.as_slice() else {
        panic!("{frames:?}");
    };
    assert_eq!(data.data_ref().map(Bytes::as_ref), Some(&b"hello"[..]));
    assert_eq!(
        trailers.trailers_ref().map(|fields| &fields["x-sum"]).unwrap(),
        "5"
    );
}

#[tokio::test]
async fn streams_a_request() {
    let guest = Guest::load("fixtures/http-stream");
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
    let frames = futures_util::stream::unfold(receiver, |mut receiver| async {
        let data = receiver.recv().await?;
        Some((Ok(http_body::Frame::data(data)), receiver))
    });
    let body = StreamBody::new(frames).boxed_unsync();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/echo")
        .header("host", "test")
        .body(body)
        .unwrap();
    let mut body = send(&guest, request).await.unwrap().into_body();
    for piece in ["one", "two"] {
        sender.send(Bytes::from_static(piece.as_bytes())).await.unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn failures_before_the_head() {
    let guest = Guest::load("fixtures/http-trap");
    let trapped = send(&guest, get("/trap")).await;
    assert!(matches!(trapped, Err(Failure::Trap { .. })), "{trapped:?}");
    assert_eq!(
        send(&guest, get("/silent")).await.unwrap_err(),
        Failure::NoResponse
    );
    assert!(matches!(
        send(&guest, get("/error")).await,
        Err(Failure::InvalidResult(_))
    ));
    for path in ["/spin", "/hang"] {
        let answer = guest.instance().http(get(path), timeout(30)).await;
        assert!(matches!(answer, Err(Failure::TimedOut(_))), "{path}: {answer:?}");
    }
    assert_eq!(text(send(&guest, get("/")).await.unwrap()).await, "fine\n");
}

#[tokio::test]
async fn time_limits_hold_in_the_body() {
    let guest = Guest::load("fixtures/http-stream");
    let response = guest
        .instance()
        .http(get("/drip?count=1000&ms=20"), timeout(50))
        .await
        .unwrap();
    let failed = response.into_body().collect().await.unwrap_err();
    assert!(
        matches!(failed.downcast_ref::<Failure>(), Some(Failure::TimedOut(_))),
        "{failed:?}"
    );
    let busy = CallContext {
        cpu_time: Duration::from_millis(30),
        ..context()
    };
    let response = guest.instance().http(get("/endless"), busy).await.unwrap();
    let failed = response.into_body().collect().await.unwrap_err();
    assert!(
        matches!(failed.downcast_ref::<Failure>(), Some(Failure::CpuTime(_))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_body_left_open_ends_with_its_guest() {
    for guest in [
        Guest::load("fixtures/http-trap"),
        Guest::reused("fixtures/http-trap", 10),
    ] {
        for path in ["/leave", "/leave-late", "/leave-all"] {
            // It outlives the call: a store that is kept holds on to the body.
            let mut instance = guest.instance();
            let response = instance.http(get(path), context()).await.unwrap();
            let whole = tokio::time::timeout(Duration::from_secs(5), text(response)).await;
            assert_eq!(whole.expect(path), "fine\n", "{path}");
        }
    }
}

#[tokio::test]
async fn dropping_the_body_stops_the_guest() {
    let guest = Guest::reused("fixtures/http-stream", 10);
    let mut instance = guest.instance();
    let response = instance
        .http(get("/drip?count=1000&ms=20"), context())
        .await
        .unwrap();
    drop(response);
    tokio::task::yield_now().await;
    assert!(!instance.reusable());
}

#[tokio::test]
async fn instances_are_reused() {
    for (name, path, answer) in [
        ("hello-http", "/", "Hello, world!\n"),
        ("fixtures/http-stream", "/drip?count=2&ms=1", "0\n1\n"),
    ] {
        let guest = Guest::reused(name, 3);
        let mut instance = guest.instance();
        for _ in 0..3 {
            assert!(instance.reusable(), "{name}");
            let response = instance.http(get(path), context()).await.unwrap();
            assert_eq!(text(response).await, answer);
        }
        assert!(!instance.reusable(), "{name}");
    }
}
