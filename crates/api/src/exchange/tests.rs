use std::sync::Mutex;

use http_body_util::BodyExt;

use super::*;
use crate::metrics::Metrics;

#[derive(Default)]
struct Seen(Mutex<Vec<(u16, u64, String)>>);

impl Observer for Seen {
    fn finished(&self, request: &Finished<'_>) {
        let entry = (
            request.status.as_u16(),
            request.bytes,
            request.uri.path().to_owned(),
        );
        self.0.lock().unwrap().push(entry);
    }
}

fn begin(path: &'static str) -> (Arc<Seen>, Exchange) {
    let seen = Arc::new(Seen::default());
    let observer: Arc<dyn Observer> = Arc::clone(&seen) as _;
    let recorder = Recorder {
        metrics: Metrics::default().core(),
        access_log: Some(observer),
        observer: None,
    };
    let request = Request::get(path).body(()).unwrap();
    let exchange = Exchange::begin(&Arc::new(recorder), &request);
    (seen, exchange)
}

#[tokio::test]
async fn a_request_is_recorded_when_its_body_is_done() {
    let (seen, exchange) = begin("/x?secret=1");
    let response = exchange.answer(
        Response::new(ResponseBody::full("12345".into())),
        Route::Unmatched,
    );
    assert!(response.headers().contains_key(TRACEPARENT));
    assert!(seen.0.lock().unwrap().is_empty());
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "12345");
    assert_eq!(*seen.0.lock().unwrap(), [(200, 5, "/x".to_owned())]);
}

#[test]
fn a_request_nobody_waited_for_is_recorded_as_cancelled() {
    let (seen, exchange) = begin("/gone");
    drop(exchange);
    assert_eq!(*seen.0.lock().unwrap(), [(499, 0, "/gone".to_owned())]);
}
