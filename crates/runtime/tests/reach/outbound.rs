//! Outbound HTTP, by way of the example `fetch`.

use std::collections::BTreeSet;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use weft_types::Grants;

use crate::platform::Platform;

fn reaching(hosts: &[&str], private_network: bool) -> Grants {
    let http: BTreeSet<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    Grants {
        http,
        private_network,
        ..Grants::default()
    }
}

/// A server that answers 204 to everything; its address.
async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n")
                    && stream.read_buf(&mut head).await.is_ok_and(|read| read > 0)
                {}
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            });
        }
    });
    address.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_fetches_from_where_it_was_granted_to() {
    let server = server().await;
    let platform = Platform::new();
    platform.load("fetch", reaching(&[&server], true));
    let url = format!("http://{server}/status");
    let answer = platform
        .call("fetch", "fetch", &format!(r#"[["{url}", "{url}"], 5000]"#))
        .await
        .expect("reports");
    assert_eq!(answer.matches(r#""outcome":{"ok":204}"#).count(), 2, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_is_told_why_it_may_not() {
    let server = server().await;
    let cases = [
        (reaching(&[], true), "is not granted"),
        (reaching(&["*"], false), "need the grant `private-network: true`"),
    ];
    for (grants, why) in cases {
        let platform = Platform::new();
        platform.load("fetch", grants);
        let answer = platform
            .call("fetch", "fetch", &format!(r#"[["http://{server}/"], 5000]"#))
            .await;
        let answer = answer.expect("reports");
        assert!(answer.contains(r#""outcome":{"err""#), "{answer}");
        let log = platform.take_log();
        assert!(log.contains(why), "expected `{why}` in: {log}");
    }
}
