//! `docs/command.md` shows the help of every command as it is.

use std::path::Path;

use clap::CommandFactory;

use super::Cli;

const MARK: &str =
    "<!-- What follows is the help of every command; a test keeps it so (WEFT_BLESS=1 rewrites it). -->\n";

/// The help of every command, as Markdown.
fn reference() -> String {
    // Wide enough that lines do not depend on where the test runs.
    let mut cli = Cli::command().term_width(100).max_term_width(100);
    cli.build();
    let mut text = String::new();
    below(&mut cli, "weft", &mut text);
    text
}

/// The help of the commands of a command, and of theirs.
fn below(command: &mut clap::Command, name: &str, text: &mut String) {
    for command in command
        .get_subcommands_mut()
        .filter(|command| command.get_name() != "help")
    {
        let name = format!("{name} {}", command.get_name());
        let help = command.render_long_help().to_string();
        let lines: Vec<_> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!(
            "\n## {name}\n\n```text\n{}\n```\n",
            lines.join("\n").trim_end()
        ));
        below(command, &name, text);
    }
}

#[test]
fn every_command_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, after) = page.split_once(MARK).unwrap();
    if std::env::var_os("WEFT_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{MARK}{}", reference())).unwrap();
        return;
    }
    assert!(
        after == reference(),
        "docs/command.md is not up to date: WEFT_BLESS=1 cargo test -p weft docs rewrites it"
    );
}
