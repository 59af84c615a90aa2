use std::sync::Arc;

use super::*;
use crate::Entry;
use Need::{Anyone, Function, Platform, Project, Token};
use Role::{Developer, Invoker, Owner, Viewer};
use Visibility::{Anonymous, Private, Public};

/// Asks about the project `shop`.
fn ask(subject: &Subject, need: Need, visibility: Visibility) -> String {
    let project = matches!(need, Project(_) | Function(_)).then_some("shop");
    match decide(subject, need, project, || visibility) {
        Ok(Standing::Open) => "open".to_owned(),
        Ok(Standing::Admin) => "admin".to_owned(),
        Ok(Standing::Member(role)) => format!("as {role}"),
        Ok(Standing::Outsider) => "outsider".to_owned(),
        Ok(Standing::Anonymous) => "anyone".to_owned(),
        Err(Refusal::Unknown(None)) => "401".to_owned(),
        Err(Refusal::Unknown(Some(rejected))) => format!("401 {rejected:?}"),
        Err(Refusal::Forbidden { .. }) => "403".to_owned(),
        Err(Refusal::Hidden) => "404".to_owned(),
    }
}

fn member(project: &str, role: Role) -> Subject {
    let project = project.parse().unwrap();
    Subject::Known(Arc::new(Entry::sample(Grant::Project { project, role })))
}

fn check(subject: &Subject, cases: &[(Need, Visibility, &str)]) {
    for &(need, visibility, expected) in cases {
        assert_eq!(
            ask(subject, need, visibility),
            expected,
            "{need:?} {visibility:?}"
        );
    }
}

#[test]
fn where_nobody_is_asked_everything_goes() {
    check(
        &Subject::Open,
        &[
            (Anyone, Private, "anyone"),
            (Token, Private, "open"),
            (Project(Owner), Private, "open"),
            (Function(Invoker), Private, "open"),
            (Platform, Private, "open"),
        ],
    );
}

#[test]
fn without_a_token_only_what_is_for_everybody_is_served() {
    check(
        &Subject::Nobody,
        &[
            (Anyone, Private, "anyone"),
            (Token, Anonymous, "401"),
            (Project(Viewer), Anonymous, "401"),
            (Function(Viewer), Private, "401"),
            (Function(Invoker), Public, "401"),
            (Function(Invoker), Anonymous, "anyone"),
            (Platform, Anonymous, "401"),
        ],
    );
}

#[test]
fn a_token_that_is_not_taken_is_worse_than_none() {
    for rejected in [
        Rejected::Unknown,
        Rejected::Expired,
        Rejected::Revoked,
        Rejected::NoMember,
    ] {
        let told = format!("401 {rejected:?}");
        check(
            &Subject::Rejected(rejected),
            &[
                (Anyone, Private, "anyone"),
                (Token, Private, &told),
                (Project(Viewer), Private, &told),
                (Function(Invoker), Anonymous, &told),
                (Platform, Private, &told),
            ],
        );
    }
}

#[test]
fn members_do_what_their_role_allows() {
    let all = [Viewer, Invoker, Developer, Owner];
    for has in all {
        let subject = member("shop", has);
        let granted = format!("as {has}");
        for needs in all {
            let expected = if has >= needs { &*granted } else { "403" };
            check(
                &subject,
                &[
                    (Project(needs), Private, expected),
                    (Project(needs), Anonymous, expected),
                    (Function(needs), Private, expected),
                    // Public to others as much as to those who may only look on.
                    (Function(needs), Public, expected),
                ],
            );
        }
        check(
            &subject,
            &[
                (Anyone, Private, "anyone"),
                (Token, Private, &granted),
                (Platform, Private, "403"),
            ],
        );
    }
    check(
        &member("shop", Viewer),
        &[(Function(Invoker), Anonymous, "anyone")],
    );
}

#[test]
fn others_do_not_learn_what_is_there() {
    for has in Role::ALL {
        check(
            &member("other", has),
            &[
                (Project(Viewer), Private, "404"),
                (Project(Viewer), Public, "404"),
                (Project(Owner), Anonymous, "404"),
                (Function(Viewer), Private, "404"),
                (Function(Viewer), Public, "outsider"),
                (Function(Invoker), Private, "404"),
                (Function(Invoker), Anonymous, "anyone"),
                (Platform, Anonymous, "403"),
            ],
        );
    }
    check(&member("other", Viewer), &[(Function(Invoker), Public, "403")]);
    check(
        &member("other", Invoker),
        &[(Function(Invoker), Public, "outsider")],
    );
}

#[test]
fn the_platform_may_do_everything() {
    let admin = Subject::Known(Arc::new(Entry::sample(Grant::Admin)));
    check(
        &admin,
        &[
            (Anyone, Private, "anyone"),
            (Token, Private, "admin"),
            (Project(Owner), Private, "admin"),
            (Function(Invoker), Private, "admin"),
            (Platform, Private, "admin"),
        ],
    );
}

#[test]
fn visibility_is_not_asked_for_where_it_does_not_matter() {
    let visible = || -> Visibility { panic!("asked") };
    let member = member("shop", Invoker);
    assert!(decide(&member, Function(Invoker), Some("shop"), visible).is_ok());
    assert!(decide(&member, Project(Owner), Some("shop"), visible).is_err());
    assert!(decide(&Subject::Open, Function(Invoker), Some("shop"), visible).is_ok());
    assert!(decide(&Subject::Nobody, Project(Viewer), Some("shop"), visible).is_err());
}
