use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

#[test]
fn hosts_are_those_on_the_list() {
    let hosts = Hosts::new(["Weft.Example".to_owned()]);
    let allowed = [
        "localhost",
        "localhost:8080",
        "LOCALHOST:1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8080",
        "weft.example:443",
    ];
    let refused = [
        "",
        "evil.example",
        "localhost.evil.example",
        "evil.localhost",
        "127.0.0.2",
        "0.0.0.0",
        "localhost:80:80",
        "user@localhost",
        "::1",
        "localhost.",
    ];
    for host in allowed {
        assert!(
            hosts
                .check(&Uri::from_static("/"), &headers(&[("host", host)]))
                .is_ok(),
            "{host}"
        );
    }
    for host in refused {
        let problem = hosts
            .check(&Uri::from_static("/"), &headers(&[("host", host)]))
            .unwrap_err();
        assert_eq!(problem.kind(), Kind::HostNotAllowed, "{host}");
    }
}

#[test]
fn a_request_names_one_host() {
    let hosts = Hosts::new([]);
    let mut twice = headers(&[("host", "localhost")]);
    twice.append(header::HOST, HeaderValue::from_static("localhost"));
    for headers in [HeaderMap::new(), twice] {
        assert_eq!(
            hosts.check(&Uri::from_static("/"), &headers).unwrap_err().kind(),
            Kind::HostNotAllowed
        );
    }
    let absolute = Uri::from_static("http://evil.example/");
    assert!(
        hosts
            .check(&absolute, &headers(&[("host", "localhost")]))
            .is_err(),
        "the target names the host"
    );
}

#[test]
fn a_star_allows_every_host() {
    let hosts = Hosts::new(["*".to_owned()]);
    assert!(
        hosts
            .check(&Uri::from_static("/"), &headers(&[("host", "any.example:9")]))
            .is_ok()
    );
}

#[test]
fn foreign_pages_are_refused() {
    let call = (Method::POST, "/v1/projects/default/functions/f/invoke");
    let read = (Method::GET, "/v1/projects");
    let page = (Method::GET, "/docs");
    type Case<'a> = (&'a (Method, &'a str), &'a [(&'a str, &'a str)], bool);
    let cases: &[Case<'_>] = &[
        (&call, &[], true),
        (&call, &[("origin", "http://localhost:8080")], true),
        (&call, &[("origin", "https://LOCALHOST:8080")], true),
        (&call, &[("origin", "http://localhost:3000")], false),
        (&call, &[("origin", "http://localhost")], false),
        (&call, &[("origin", "https://evil.example")], false),
        (&call, &[("origin", "null")], false),
        (&call, &[("origin", "localhost:8080")], false),
        (&call, &[("sec-fetch-site", "same-origin")], true),
        (&call, &[("sec-fetch-site", "none")], true),
        (&call, &[("sec-fetch-site", "same-site")], false),
        (&call, &[("sec-fetch-site", "cross-site")], false),
        (
            &call,
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:8080"),
            ],
            false,
        ),
        (
            &call,
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://evil.example"),
            ],
            false,
        ),
        (&read, &[("sec-fetch-site", "cross-site")], false),
        (&read, &[("origin", "http://evil.example")], false),
        (&page, &[("sec-fetch-site", "cross-site")], true),
        (
            &(Method::POST, "/docs"),
            &[("sec-fetch-site", "cross-site")],
            false,
        ),
        (
            &(Method::GET, "/problems/not-found"),
            &[("sec-fetch-site", "cross-site")],
            true,
        ),
        (
            &(Method::GET, "/docs/../v1/projects"),
            &[("sec-fetch-site", "cross-site")],
            false,
        ),
    ];
    for ((method, path), pairs, allowed) in cases {
        let headers = pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(*name).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        let result = check_origin("localhost:8080", method, path, &headers);
        assert_eq!(result.is_ok(), *allowed, "{method} {path} {pairs:?}");
    }
}
