//! Turns Markdown into HTML that is safe to show.
//!
//! `weft call markdown '{"text": "# Hello\n*you*"}'` answers `"<h1>Hello</h1>\n<p><em>you</em></p>\n"`.

wit_bindgen::generate!({ path: "wit" });

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

const SAFE_SCHEMES: [&str; 3] = ["http", "https", "mailto"];

struct Markdown;

impl Guest for Markdown {
    fn to_html(text: String) -> String {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        let mut page = String::with_capacity(text.len() * 2);
        html::push_html(&mut page, Parser::new_ext(&text, options).map(harmless));
        page
    }
}

fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: safe(dest_url),
            title,
            id,
        }),
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Image {
            link_type,
            dest_url: safe(dest_url),
            title,
            id,
        }),
        other => other,
    }
}

/// The address, or nothing where its scheme could do harm. What has no colon before its path has no scheme.
fn safe(address: CowStr<'_>) -> CowStr<'_> {
    let before_path = address.split(['/', '?', '#']).next().unwrap_or_default();
    match before_path.split_once(':') {
        Some((scheme, _)) if !SAFE_SCHEMES.iter().any(|safe| scheme.eq_ignore_ascii_case(safe)) => "".into(),
        _ => address,
    }
}

export!(Markdown);
