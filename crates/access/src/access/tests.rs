use std::sync::Mutex as Locked;

use jiff::SignedDuration;

use super::*;
use crate::decide::{Standing, decide};
use crate::directory::{Grant, Rejected};
use crate::port::Boxed;
use crate::{Need, Visibility};

/// Keeps a model in memory.
#[derive(Default)]
struct Memory {
    model: Locked<Model>,
    full: std::sync::atomic::AtomicBool,
}

impl AccessStore for Memory {
    fn load(&self) -> Boxed<'_, Result<Model, StoreError>> {
        Box::pin(async { Ok(self.model.lock().unwrap().clone()) })
    }

    fn apply<'a>(&'a self, change: &'a Change) -> Boxed<'a, Result<(), StoreError>> {
        Box::pin(async {
            if self.full.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(StoreError::Full);
            }
            self.model.lock().unwrap().apply(change);
            Ok(())
        })
    }
}

struct World {
    access: Arc<Access>,
    store: Arc<Memory>,
    now: Timestamp,
}

impl World {
    async fn new() -> Self {
        let store = Arc::new(Memory::default());
        let policy = Policy {
            open_at_first: true,
            ..Policy::default()
        };
        Self {
            access: Access::open(Arc::clone(&store) as _, policy).await.unwrap(),
            store,
            now: Timestamp::from_second(1_000_000).unwrap(),
        }
    }

    /// One with a token of the platform, so that it asks who one is.
    async fn closed() -> Self {
        let world = Self::new().await;
        world.create(Scope::Platform, None).await.unwrap();
        world
    }

    async fn create(&self, scope: Scope, lifetime: Option<SignedDuration>) -> Result<(Token, Secret), Error> {
        let new = NewToken {
            holder: "ada".parse().unwrap(),
            scope,
            note: String::new(),
            lifetime,
            created_by: "root".to_owned(),
        };
        self.access.create(new, self.now).await
    }

    async fn member(&self, user: &str, role: Role) -> Result<(Member, bool), Error> {
        let (project, user) = (shop(), user.parse().unwrap());
        self.access.set_member(project, user, role, self.now).await
    }

    fn who(&self, secret: &Secret) -> Result<Grant, Rejected> {
        match self.access.subject(Some(secret.text().as_bytes()), self.now) {
            Subject::Known(entry) => Ok(entry.grant().clone()),
            Subject::Rejected(rejected) => Err(rejected),
            other => panic!("{other:?}"),
        }
    }
}

fn shop() -> ProjectName {
    "shop".parse().unwrap()
}

fn in_shop(role: Role) -> Scope {
    Scope::Project {
        project: shop(),
        role,
    }
}

fn granted(role: Role) -> Result<Grant, Rejected> {
    Ok(Grant::Project {
        project: shop(),
        role,
    })
}

#[tokio::test]
async fn everything_is_open_until_the_first_token() {
    let world = World::new().await;
    assert!(matches!(world.access.subject(None, world.now), Subject::Open));
    assert_eq!(
        world.create(in_shop(Role::Owner), None).await.unwrap_err(),
        Error::AdminFirst
    );
    let (token, secret) = world.create(Scope::Platform, None).await.unwrap();
    assert!(matches!(world.access.subject(None, world.now), Subject::Nobody));
    assert_eq!(world.who(&secret), Ok(Grant::Admin));

    // Nor does it open again.
    world.access.revoke(token.id, None, world.now).await.unwrap();
    assert_eq!(world.who(&secret), Err(Rejected::Revoked));
    assert!(matches!(world.access.subject(None, world.now), Subject::Nobody));
}

#[tokio::test]
async fn a_token_does_no_more_than_its_holder_may() {
    let world = World::closed().await;
    let refused = world.create(in_shop(Role::Developer), None).await.unwrap_err();
    assert!(matches!(refused, Error::NoMember { .. }), "{refused}");

    world.member("eve", Role::Owner).await.unwrap();
    world.member("ada", Role::Invoker).await.unwrap();
    let (_, secret) = world.create(in_shop(Role::Developer), None).await.unwrap();
    assert_eq!(world.who(&secret), granted(Role::Invoker));
    for (held, expected) in [
        (Role::Owner, Role::Developer),
        (Role::Developer, Role::Developer),
        (Role::Viewer, Role::Viewer),
    ] {
        world.member("ada", held).await.unwrap();
        assert_eq!(world.who(&secret), granted(expected));
    }
    let ada = "ada".parse().unwrap();
    world.access.remove_member(shop(), ada).await.unwrap();
    assert_eq!(world.who(&secret), Err(Rejected::NoMember));
}

#[tokio::test]
async fn a_token_expires() {
    let mut world = World::closed().await;
    let lifetime = Some(SignedDuration::from_secs(60));
    let (_, secret) = world.create(Scope::Platform, lifetime).await.unwrap();
    world.now += SignedDuration::from_secs(59);
    assert_eq!(world.who(&secret), Ok(Grant::Admin));
    world.now += SignedDuration::from_secs(1);
    assert_eq!(world.who(&secret), Err(Rejected::Expired));
}

#[tokio::test]
async fn knowing_an_id_opens_nothing() {
    let world = World::closed().await;
    let (token, secret) = world.create(Scope::Platform, None).await.unwrap();
    let mut forged = secret.text();
    let last = if forged.ends_with('0') { '1' } else { '0' };
    forged.pop();
    forged.push(last);
    let forged = Secret::read(forged.as_bytes()).unwrap();
    assert_eq!(forged.id(), token.id);
    assert_eq!(world.who(&forged), Err(Rejected::Unknown));
    assert!(matches!(
        world.access.subject(Some(b"Basic abc"), world.now),
        Subject::Rejected(Rejected::Unknown)
    ));
}

#[tokio::test]
async fn a_project_keeps_an_owner() {
    let world = World::closed().await;
    world.member("ada", Role::Owner).await.unwrap();
    let ada: UserName = "ada".parse().unwrap();
    let refused = world.member("ada", Role::Viewer).await.unwrap_err();
    assert!(matches!(refused, Error::LastOwner { .. }), "{refused}");
    let refused = world.access.remove_member(shop(), ada.clone()).await.unwrap_err();
    assert!(matches!(refused, Error::LastOwner { .. }), "{refused}");

    world.member("eve", Role::Owner).await.unwrap();
    world.access.remove_member(shop(), ada.clone()).await.unwrap();
    let refused = world.access.remove_member(shop(), ada).await.unwrap_err();
    assert!(matches!(refused, Error::NoMember { .. }), "{refused}");
}

#[tokio::test]
async fn what_the_store_did_not_keep_has_not_happened() {
    let world = World::closed().await;
    let (token, secret) = world.create(Scope::Platform, None).await.unwrap();
    world.store.full.store(true, std::sync::atomic::Ordering::Relaxed);
    let refused = world.access.revoke(token.id, None, world.now).await.unwrap_err();
    assert_eq!(refused, Error::Store(StoreError::Full));
    assert_eq!(world.who(&secret), Ok(Grant::Admin));
}

#[tokio::test]
async fn the_last_use_is_kept() {
    let mut world = World::closed().await;
    let (token, secret) = world.create(Scope::Platform, None).await.unwrap();
    let used = async |world: &World| {
        let tokens = world.access.tokens(None).await;
        tokens.iter().find(|found| found.id == token.id).unwrap().used_at
    };
    assert_eq!(used(&world).await, None);
    world.who(&secret).unwrap();
    assert_eq!(used(&world).await, Some(world.now));
    world.access.write_uses_down().await.unwrap();
    let kept = world.store.model.lock().unwrap().tokens[&token.id].used_at;
    assert_eq!(kept, Some(world.now));

    // Not to the second: that would make every core write to it.
    let first = world.now;
    world.now += SignedDuration::from_secs(59);
    world.who(&secret).unwrap();
    assert_eq!(used(&world).await, Some(first));
    world.now += SignedDuration::from_secs(1);
    world.who(&secret).unwrap();
    assert_eq!(used(&world).await, Some(world.now));
}

#[tokio::test]
async fn tokens_are_known_after_a_restart() {
    let world = World::closed().await;
    world.member("ada", Role::Owner).await.unwrap();
    let (_, secret) = world.create(in_shop(Role::Invoker), None).await.unwrap();
    let again = World {
        access: Access::open(Arc::clone(&world.store) as _, world.access.policy)
            .await
            .unwrap(),
        store: Arc::clone(&world.store),
        now: world.now,
    };
    assert_eq!(again.who(&secret), granted(Role::Invoker));
    let subject = again.access.subject(Some(secret.text().as_bytes()), again.now);
    let decided = decide(&subject, Need::Function(Role::Invoker), Some("shop"), || {
        Visibility::Private
    });
    assert_eq!(decided, Ok(Standing::Member(Role::Invoker)));
}

#[tokio::test]
async fn tokens_of_a_project_are_out_of_reach_of_another() {
    let world = World::closed().await;
    world.member("ada", Role::Owner).await.unwrap();
    let (token, secret) = world.create(in_shop(Role::Invoker), None).await.unwrap();
    let other = Some("other".parse().unwrap());
    let refused = world.access.revoke(token.id, other, world.now).await.unwrap_err();
    assert_eq!(refused, Error::NoToken(token.id));
    assert!(world.who(&secret).is_ok());
    assert_eq!(world.access.tokens(Some(&shop())).await.len(), 1);
    assert_eq!(world.access.tokens(None).await.len(), 2);
}

#[tokio::test]
async fn tokens_and_projects_have_their_paces() {
    let store = Arc::new(Memory::default());
    let policy = Policy {
        // So slow that nothing is added while the test lasts.
        token_rate: Rate::new(1, 2),
        project_rate: Rate::new(1, 3),
        anonymous_rate: Rate::new(1, 1),
        ..Policy::default()
    };
    let world = World {
        access: Access::open(Arc::clone(&store) as _, policy).await.unwrap(),
        store,
        now: Timestamp::from_second(1_000_000).unwrap(),
    };
    let (_, admin) = world.create(Scope::Platform, None).await.unwrap();
    world.member("ada", Role::Owner).await.unwrap();
    let (_, first) = world.create(in_shop(Role::Viewer), None).await.unwrap();
    let (_, second) = world.create(in_shop(Role::Viewer), None).await.unwrap();
    let admit = |secret: &Secret| {
        let subject = world.access.subject(Some(secret.text().as_bytes()), world.now);
        world.access.admit(&subject).map_err(|fast| fast.whose)
    };
    assert_eq!(
        [admit(&first), admit(&first), admit(&first)],
        [Ok(()), Ok(()), Err("the token")]
    );
    assert_eq!([admit(&second), admit(&second)], [Ok(()), Err("the project")]);
    // What was used is not forgotten when something changes.
    world.member("eve", Role::Viewer).await.unwrap();
    assert_eq!(admit(&first), Err("the token"));
    assert_eq!(
        [admit(&admin), admit(&admin), admit(&admin)],
        [Ok(()), Ok(()), Err("the token")]
    );
    let nobody = || world.access.admit(&Subject::Nobody).map_err(|fast| fast.whose);
    assert_eq!([nobody(), nobody()], [Ok(()), Err("what needs no token")]);
}
