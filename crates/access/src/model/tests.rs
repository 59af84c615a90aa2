use super::*;

fn token(id: u8, scope: Scope) -> Token {
    Token {
        id: TokenId::from_bytes([id; 8]),
        hash: [id; 32],
        holder: "ada".parse().unwrap(),
        scope,
        note: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
        created_by: "root".to_owned(),
        expires_at: None,
        revoked_at: None,
        used_at: None,
    }
}

fn of(project: &str) -> Scope {
    Scope::Project {
        project: project.parse().unwrap(),
        role: Role::Invoker,
    }
}

fn member(project: &str, user: &str, role: Role) -> Change {
    Change::SetMember(Member {
        project: project.parse().unwrap(),
        user: user.parse().unwrap(),
        role,
        since: Timestamp::UNIX_EPOCH,
    })
}

fn add(token: Token, forgotten: &[u8]) -> Change {
    Change::AddToken {
        token: Box::new(token),
        forgotten: forgotten.iter().map(|&id| TokenId::from_bytes([id; 8])).collect(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn a_token_is_revoked_once() {
    let mut model = Model::default();
    model.apply(&add(token(1, Scope::Platform), &[]));
    let id = TokenId::from_bytes([1; 8]);
    model.apply(&Change::Revoke { id, at: at(5) });
    model.apply(&Change::Revoke { id, at: at(9) });
    assert_eq!(model.tokens[&id].revoked_at, Some(at(5)));
    assert!(!model.tokens[&id].is_live(at(1)));
}

#[test]
fn a_token_lives_until_it_expires() {
    let mut token = token(1, Scope::Platform);
    assert!(token.is_live(at(i64::from(u32::MAX))));
    token.expires_at = Some(at(10));
    for (now, live) in [(9, true), (10, false), (11, false)] {
        assert_eq!(token.is_live(at(now)), live, "{now}");
    }
}

#[test]
fn a_project_that_is_gone_takes_members_and_tokens_along() {
    let mut model = Model::default();
    for change in [
        member("shop", "ada", Role::Owner),
        member("other", "ada", Role::Viewer),
        add(token(1, of("shop")), &[]),
        add(token(2, of("other")), &[]),
        add(token(3, Scope::Platform), &[]),
    ] {
        model.apply(&change);
    }
    let shop: ProjectName = "shop".parse().unwrap();
    model.apply(&Change::ForgetProject {
        project: shop.clone(),
        at: at(5),
    });
    let ada = "ada".parse().unwrap();
    assert_eq!(model.role(&shop, &ada), None);
    assert_eq!(model.role(&"other".parse().unwrap(), &ada), Some(Role::Viewer));
    let live: Vec<_> = model.tokens.values().map(|token| token.is_live(at(6))).collect();
    assert_eq!(live, [false, true, true]);
}

#[test]
fn room_is_made_for_new_tokens() {
    let mut model = Model::default();
    model.apply(&add(token(1, of("shop")), &[]));
    model.apply(&add(token(2, of("shop")), &[1, 9]));
    let ids: Vec<_> = model.tokens.keys().map(|id| id.as_bytes()[0]).collect();
    assert_eq!(ids, [2]);
}
