use std::sync::Mutex as Locked;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::*;
use crate::port::Boxed;

/// Keeps sealed secrets in memory.
#[derive(Default)]
struct Memory {
    kept: Locked<Vec<Sealed>>,
    full: AtomicBool,
}

impl Memory {
    fn check(&self) -> Result<(), StoreError> {
        match self.full.load(Relaxed) {
            true => Err(StoreError::Full),
            false => Ok(()),
        }
    }
}

impl SecretStore for Memory {
    fn load(&self) -> Boxed<'_, Result<Vec<Sealed>, StoreError>> {
        Box::pin(async { Ok(self.kept.lock().unwrap().clone()) })
    }

    fn put(&self, secrets: Vec<Sealed>) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.check()?;
            let mut kept = self.kept.lock().unwrap();
            kept.retain(|old| {
                let is_same = |new: &Sealed| (&new.project, &new.name) == (&old.project, &old.name);
                !secrets.iter().any(is_same)
            });
            kept.extend(secrets);
            Ok(())
        })
    }

    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        name: Option<&'a SecretName>,
    ) -> Boxed<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.check()?;
            let mut kept = self.kept.lock().unwrap();
            kept.retain(|old| old.project != *project || name.is_some_and(|name| old.name != *name));
            Ok(())
        })
    }
}

fn keys(digits: &[&str]) -> Keys {
    let lines: Vec<_> = digits.iter().map(|digits| digits.repeat(32)).collect();
    Keys::read(&lines.join("\n")).unwrap()
}

fn project(name: &str) -> ProjectName {
    name.parse().unwrap()
}

fn name(name: &str) -> SecretName {
    name.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

async fn vault(store: &Arc<Memory>, digits: &[&str]) -> Result<Arc<Vault>, Error> {
    Vault::open(Arc::clone(store) as _, keys(digits)).await
}

async fn set(vault: &Arc<Vault>, of: &str, called: &str, text: &str, now: i64) -> Result<bool, Error> {
    let text = SecretText::new(text.to_owned()).unwrap();
    let set = vault.set(project(of), name(called), text, at(now)).await;
    set.map(|(_, is_new)| is_new)
}

fn text(vault: &Vault, of: &str, called: &str) -> Option<String> {
    let text = vault.text(&project(of), &name(called));
    text.map(|text| text.reveal().to_owned())
}

#[tokio::test]
async fn secrets_are_set_found_listed_and_deleted() {
    let store = Arc::<Memory>::default();
    let one = vault(&store, &["01"]).await.unwrap();
    assert_eq!(set(&one, "shop", "KEY", "first", 1).await, Ok(true));
    assert_eq!(set(&one, "shop", "KEY", "second", 2).await, Ok(false));
    assert_eq!(set(&one, "other", "KEY", "third", 3).await, Ok(true));
    assert_eq!(text(&one, "shop", "KEY").as_deref(), Some("second"));
    let listed = Secret {
        name: name("KEY"),
        created_at: at(1),
        updated_at: at(2),
    };
    assert_eq!(one.list(&project("shop")), [listed]);

    let again = vault(&store, &["01"]).await.unwrap();
    assert_eq!(text(&again, "other", "KEY").as_deref(), Some("third"));
    again.delete(project("shop"), name("KEY")).await.unwrap();
    assert_eq!(text(&again, "shop", "KEY"), None);
    let missing = again.delete(project("shop"), name("KEY")).await.unwrap_err();
    assert!(matches!(missing, Error::NoSecret { .. }), "{missing}");
    again.forget_project(project("other")).await.unwrap();
    assert_eq!(store.kept.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_stored_tells_nothing_and_opens_nowhere_else() {
    let store = Arc::<Memory>::default();
    let one = vault(&store, &["01"]).await.unwrap();
    set(&one, "shop", "KEY", "hunter2-hunter2", 1).await.unwrap();
    set(&one, "shop", "SAME", "hunter2-hunter2", 1).await.unwrap();
    let kept = store.kept.lock().unwrap().clone();
    for sealed in &kept {
        let bytes = &sealed.sealed;
        assert!(!bytes.windows(4).any(|window| window == b"hunt"), "{sealed:?}");
    }
    assert_ne!(kept[0].sealed, kept[1].sealed);
    let held = keys(&["01"]);
    assert!(kept[0].open(&held).is_some());
    // Passed off as another's, or changed.
    let mut moved = kept[0].clone();
    moved.project = project("other");
    assert!(moved.open(&held).is_none());
    let mut renamed = kept[0].clone();
    renamed.name = name("OTHER");
    assert!(renamed.open(&held).is_none());
    let mut flipped = kept[0].clone();
    flipped.sealed[0] ^= 1;
    assert!(flipped.open(&held).is_none());
}

#[tokio::test]
async fn a_new_key_takes_over_and_the_old_one_can_go() {
    let store = Arc::<Memory>::default();
    let one = vault(&store, &["01"]).await.unwrap();
    set(&one, "shop", "KEY", "kept", 1).await.unwrap();
    // Without its key it does not open, and nothing is lost.
    let refused = vault(&store, &["02"]).await.unwrap_err();
    assert!(matches!(refused, Error::Undecryptable { .. }), "{refused}");

    let both = vault(&store, &["02", "01"]).await.unwrap();
    assert_eq!(text(&both, "shop", "KEY").as_deref(), Some("kept"));
    let new = vault(&store, &["02"]).await.unwrap();
    assert_eq!(text(&new, "shop", "KEY").as_deref(), Some("kept"));
    assert_eq!(new.list(&project("shop"))[0].updated_at, at(1));
}

#[tokio::test]
async fn what_the_store_did_not_keep_has_not_happened() {
    let store = Arc::<Memory>::default();
    let one = vault(&store, &["01"]).await.unwrap();
    set(&one, "shop", "KEY", "before", 1).await.unwrap();
    store.full.store(true, Relaxed);
    let refused = set(&one, "shop", "KEY", "after", 2).await;
    assert_eq!(refused, Err(Error::Store(StoreError::Full)));
    assert!(one.delete(project("shop"), name("KEY")).await.is_err());
    assert_eq!(text(&one, "shop", "KEY").as_deref(), Some("before"));
}

#[tokio::test]
async fn a_project_has_so_many_at_most() {
    let store = Arc::<Memory>::default();
    let one = vault(&store, &["01"]).await.unwrap();
    for n in 0..Vault::MAX_SECRETS {
        set(&one, "shop", &format!("K{n}"), "x", 1).await.unwrap();
    }
    let refused = set(&one, "shop", "MORE", "x", 1).await;
    assert_eq!(refused, Err(Error::TooMany(project("shop"))));
    assert_eq!(set(&one, "shop", "K0", "y", 2).await, Ok(false));
}

#[tokio::test]
async fn times_are_told_as_precisely_as_they_are_kept() {
    let store = Arc::<Memory>::default();
    let vault = vault(&store, &["01"]).await.unwrap();
    let precise = Timestamp::from_nanosecond(1_234_567_890_123_456_789).unwrap();
    let text = SecretText::new("text".to_owned()).unwrap();
    let (set, _) = vault
        .set(project("shop"), name("KEY"), text, precise)
        .await
        .unwrap();
    let kept = Timestamp::from_microsecond(1_234_567_890_123_456).unwrap();
    assert_eq!((set.created_at, set.updated_at), (kept, kept));
}
