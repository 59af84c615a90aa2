//! What functions print.

use serde_json::{Value, json};
use weft_tests::api::send;
use weft_tests::wait::within;
use weft_tests::{Api, Server, fixture};

async fn flooded(lines: u32) -> Server {
    let server = Server::start().await;
    server.api.deploy("flood", fixture("log-flood")).await;
    flood(&server.api, lines).await;
    server
}

async fn flood(api: &Api, lines: u32) {
    let answer = api.call("flood?export=flood", &json!([lines, 20])).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
}

async fn page(api: &Api, query: &str) -> Value {
    api.about("flood", &format!("/logs?{query}")).await
}

fn texts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("a list");
    items
        .iter()
        .filter_map(|item| item["text"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn lines_come_in_parts_by_cursor() {
    let server = flooded(10).await;
    let mut after = String::new();
    let mut all = Vec::new();
    for _ in 0..3 {
        let part = page(&server.api, &format!("limit=4{after}")).await;
        assert_eq!(part["lost"], 0);
        all.extend(texts(&part));
        after = format!("&after={}", part["next"].as_str().expect("a cursor"));
    }
    assert_eq!(all.len(), 10, "{all:?}");
    let streams = page(&server.api, "limit=2").await;
    let of = |index: usize| {
        streams["items"][index]["stream"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let mut both = [of(0), of(1)];
    both.sort();
    assert_eq!(both, ["stderr", "stdout"]);
}

#[tokio::test]
async fn lines_are_filtered_by_text() {
    let server = flooded(20).await;
    let all = texts(&page(&server.api, "limit=1000").await);
    let chosen = texts(&page(&server.api, "limit=1000&contains=7").await);
    let expected: Vec<_> = all.iter().filter(|text| text.contains('7')).cloned().collect();
    assert!(!expected.is_empty());
    assert_eq!(chosen, expected);
}

#[tokio::test]
async fn a_flood_is_bounded_and_says_so() {
    let server = flooded(1_500).await;
    let first = page(&server.api, "limit=1").await;
    assert_eq!(texts(&page(&server.api, "limit=1000").await).len(), 1_000);
    for _ in 0..12 {
        flood(&server.api, 1_000).await;
    }
    let after = first["next"].as_str().expect("a cursor");
    let kept = page(&server.api, &format!("limit=1&after={after}")).await;
    assert!(kept["lost"].as_u64() > Some(0), "{kept}");
}

#[tokio::test]
async fn followers_see_lines_as_they_are_printed() {
    let server = flooded(3).await;
    let path = Api::path("flood", "/logs?after=end");
    let request = server
        .api
        .request(reqwest::Method::GET, &path)
        .header("accept", "text/event-stream");
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    flood(&server.api, 2).await;
    let mut seen = String::new();
    while seen.matches("event: line").count() < 2 || !seen.ends_with("\n\n") {
        let chunk = within("a line", stream.chunk())
            .await
            .unwrap()
            .expect("the stream goes on");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert_eq!(seen.matches("\ndata: ").count(), 2, "{seen}");
}

#[tokio::test]
async fn the_whole_log_can_be_downloaded() {
    let server = flooded(5).await;
    let answer = server.api.get(&Api::path("flood", "/logs?download")).await;
    assert_eq!(answer.text().lines().count(), 5, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/plain"));
}

#[tokio::test]
async fn what_is_no_text_is_made_text() {
    let server = flooded(0).await;
    let request = server
        .api
        .calling("flood?export=raw")
        .header("content-type", "application/octet-stream");
    let answer = send(request.body(b"caf\xe9 \xff\nlast".to_vec())).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
    let lines = texts(&page(&server.api, "limit=10").await);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("caf\u{fffd}") && lines[1] == "last",
        "{lines:?}"
    );
}
