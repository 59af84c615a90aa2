//! Logs: parts, downloads, following.

use super::*;

const LOGS: &str = "/v1/projects/default/functions/talker/logs";

/// Prints its number.
fn talker() -> Program {
    let signature = program::signature(&[("n", "u32")], None);
    Program::new((None, "talk"), signature.clone(), move |call, _| {
        let n = program::arguments(&signature, &call.arguments)["n"].to_string();
        program::print(&call.context, &format!("line {n}"));
        async { Ok(None) }
    })
}

async fn talking(numbers: std::ops::Range<u32>) -> Server {
    let server = Server::new().await;
    server.add("talker", talker()).await;
    for n in numbers {
        assert_eq!(server.call("talker", &format!("[{n}]")).await.status, 204);
    }
    server
}

fn texts(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn lines_are_read_in_parts() {
    let server = talking(0..3).await;
    let lines = |query: &str| format!("{LOGS}?contains=line&{query}");
    let first = server.get(&lines("limit=2")).await;
    assert_eq!(texts(&first), ["line 0", "line 1"]);
    let next = first.json()["next"].as_str().unwrap().to_owned();
    assert_eq!(
        texts(&server.get(&lines(&format!("after={next}"))).await),
        ["line 2"]
    );
    assert_eq!(
        texts(&server.get(&lines("after=end")).await),
        Vec::<String>::new()
    );
    assert_eq!(
        server.get(&format!("{LOGS}?after=x")).await.problem(),
        "invalid-query"
    );
    assert_eq!(
        server
            .get("/v1/projects/default/functions/none/logs")
            .await
            .problem(),
        "not-found-function"
    );
}

#[tokio::test]
async fn the_last_lines_are_asked_for() {
    let server = talking(0..120).await;
    let lines = async |query: &str| {
        let answer = server.get(&format!("{LOGS}?contains=line&{query}")).await;
        (texts(&answer), answer.json()["next"].as_str().unwrap().to_owned())
    };
    let named = |numbers: std::ops::Range<u32>| numbers.map(|n| format!("line {n}")).collect::<Vec<_>>();
    assert_eq!(lines("tail=2").await.0, named(118..120));
    assert_eq!(
        lines("tail=110").await.0,
        named(10..120),
        "beyond the usual limit"
    );
    assert_eq!(lines("tail=9999").await.0, named(0..120));
    assert_eq!(lines("tail=0").await.0, named(0..0));
    let (first, next) = lines("tail=3&limit=2").await;
    assert_eq!(first, named(117..119));
    assert_eq!(lines(&format!("after={next}")).await.0, named(119..120));
    assert_eq!(lines(&format!("after={next}&tail=7")).await.0, named(119..120));
    assert_eq!(lines("after=end&tail=3").await.0, named(0..0));
    let file = server.get(&format!("{LOGS}?download&contains=line&tail=4")).await;
    assert_eq!(String::from_utf8(file.body.to_vec()).unwrap().lines().count(), 4);
    for wrong in ["tail=-1", "tail=all", "tail=1&tail=2"] {
        let answer = server.get(&format!("{LOGS}?{wrong}")).await;
        assert_eq!(answer.problem(), "invalid-query", "{wrong}");
    }
}

#[tokio::test]
async fn lines_since_a_time_are_asked_for() {
    let server = talking(0..2).await;
    let lines = async |since: &str| texts(&server.get(&format!("{LOGS}?contains=line&since={since}")).await);
    assert_eq!(lines("1h").await, ["line 0", "line 1"]);
    let now = jiff::Timestamp::now();
    assert_eq!(lines(&now.to_string()).await, Vec::<String>::new());
    server.call("talker", "[2]").await;
    assert_eq!(lines(&now.to_string()).await, ["line 2"]);
    let answer = server.get(&format!("{LOGS}?since=yesterday")).await;
    assert_eq!(answer.problem(), "invalid-query");
}

#[tokio::test]
async fn everything_is_downloaded_as_text() {
    let server = talking(0..2).await;
    let answer = server.get(&format!("{LOGS}?download&contains=line")).await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"talker.log\""
    );
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split_once(" stdout ").unwrap().1)
        .collect();
    assert_eq!(lines, ["line 0", "line 1"]);
}

/// The events of a stream, one at a time.
struct Events(http_body_util::BodyDataStream<crate::exchange::Recorded>, String);

impl Events {
    async fn of(server: &Server, last: Option<&str>) -> Self {
        Self::asked(server, "", last).await
    }

    async fn asked(server: &Server, more: &str, last: Option<&str>) -> Self {
        let address = format!("{LOGS}?contains=line{more}");
        let mut request = Request::get(address).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = with_host(request.body(Full::new(Bytes::new())).unwrap());
        let response = server
            .api
            .respond(request, std::net::Ipv4Addr::LOCALHOST.into())
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream(), String::new())
    }

    /// The next event without its comments; none at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.1 = rest;
                if !event.starts_with(':') {
                    return Some(event);
                }
                continue;
            }
            let piece = self.0.next().await?.unwrap();
            self.1.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

fn id_and_text(event: &str) -> (String, String) {
    let mut lines = event.lines();
    assert_eq!(lines.next(), Some("event: line"), "{event}");
    let id = lines.next().unwrap().strip_prefix("id: ").unwrap().to_owned();
    let data: Value = serde_json::from_str(lines.next().unwrap().strip_prefix("data: ").unwrap()).unwrap();
    (id, data["text"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn lines_follow_as_they_are_printed_until_the_server_ends() {
    let server = talking(0..1).await;
    let mut events = Events::of(&server, None).await;
    let (id, text) = id_and_text(&events.next().await.unwrap());
    assert_eq!(text, "line 0");
    server.call("talker", "[1]").await;
    assert_eq!(id_and_text(&events.next().await.unwrap()).1, "line 1");

    let mut resumed = Events::of(&server, Some(&id)).await;
    assert_eq!(id_and_text(&resumed.next().await.unwrap()).1, "line 1");

    server.shutdown.begin();
    assert_eq!(events.next().await, None);
    assert_eq!(resumed.next().await, None);
}

#[tokio::test]
async fn following_begins_with_the_last_lines() {
    let server = talking(0..3).await;
    let mut events = Events::asked(&server, "&tail=1", None).await;
    let (id, text) = id_and_text(&events.next().await.unwrap());
    assert_eq!(text, "line 2");
    for n in 3..6 {
        server.call("talker", &format!("[{n}]")).await;
    }
    assert_eq!(id_and_text(&events.next().await.unwrap()).1, "line 3");
    // A stream that broke off goes on, however many lines came meanwhile.
    let mut resumed = Events::asked(&server, "&tail=1&since=0s", Some(&id)).await;
    assert_eq!(id_and_text(&resumed.next().await.unwrap()).1, "line 3");
}

#[tokio::test(start_paused = true)]
async fn following_ends_with_the_function() {
    let server = talking(0..0).await;
    let mut events = Events::of(&server, None).await;
    let path = "/v1/projects/default/functions/talker";
    assert_eq!(server.send(Request::delete(path).body("")).await.status, 204);
    assert_eq!(events.next().await, None);
}
