//! Pools that are replaced while calls are in them, and what is seen of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use weft_function_engine::port::{Origin, ProfileStore, StorageError, Written};
use weft_function_engine::{Error, PoolFilter, PoolId, PoolView};

use crate::program::{Program, signature};
use crate::world::{World, until};

/// Profiles kept in memory.
struct Kept(Mutex<BTreeMap<String, String>>);

impl ProfileStore for Kept {
    fn read(&self) -> Result<BTreeMap<String, Written>, StorageError> {
        let kept = self.0.lock().unwrap();
        let written = |(name, text): (&String, &String)| {
            let written = Written {
                text: Ok(text.clone()),
                origin: Origin::File,
            };
            (name.clone(), written)
        };
        Ok(kept.iter().map(written).collect())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), StorageError> {
        self.0.lock().unwrap().insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        self.0.lock().unwrap().remove(name);
        Ok(())
    }
}

/// A world whose profiles are `sandbox` and, for one call at a time, `one`.
async fn world() -> (Arc<World>, Arc<Semaphore>) {
    let texts = [("sandbox", ""), ("one", "concurrency = 1")];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let world = World::with(|_, profiles| profiles.retain(|name, _| name == "sandbox")).await;
    let store = Arc::new(Kept(Mutex::new(BTreeMap::from(texts))));
    let changes = world.engine.attach_profiles(store).await.unwrap();
    assert_eq!(changes.changed, ["one"]);
    let end = Arc::new(Semaphore::new(0));
    let told = {
        let end = Arc::clone(&end);
        Program::new((None, "wait"), signature(&[], None), move |_, _| {
            let end = Arc::clone(&end);
            async move {
                end.acquire().await.unwrap().forget();
                Ok(None)
            }
        })
    };
    world.add("f", told, r#"{"profile": "one"}"#).await;
    (Arc::new(world), end)
}

fn call(world: &Arc<World>) -> tokio::task::JoinHandle<Result<(), Error>> {
    let world = Arc::clone(world);
    tokio::spawn(async move { world.call("f", "").await.map(drop) })
}

fn pools(world: &World) -> Vec<PoolView> {
    world.engine.pools(&PoolFilter::default(), None, 100).items
}

fn ids(world: &World) -> Vec<String> {
    pools(world).iter().map(|pool| pool.id.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_executes_or_waits_in_a_replaced_pool_is_served_there() {
    let (world, end) = world().await;
    let calls = [call(&world), call(&world)];
    until("one executes and one waits", || {
        pools(&world)
            .iter()
            .any(|pool| (pool.in_flight, pool.waiting) == (1, 1))
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(pools(&world)[0].oldest_wait.unwrap() >= Duration::from_secs(2));

    let changes = world
        .engine
        .put_profile("one", "concurrency = 5".to_owned())
        .await
        .unwrap();
    assert_eq!(
        (changes.changed.as_slice(), changes.replaced),
        (["one".to_owned()].as_slice(), 1)
    );
    let told: Vec<_> = pools(&world)
        .iter()
        .map(|pool| {
            (
                pool.draining,
                pool.in_flight,
                pool.waiting,
                pool.concurrency,
                pool.counts.draining,
            )
        })
        .collect();
    assert_eq!(told, [(true, 1, 1, 1, 1), (false, 0, 0, 5, 0)]);
    assert_eq!(ids(&world), ["default.f.1.one.1", "default.f.1.one.2"]);

    // Who comes from now on is served at once.
    let third = call(&world);
    until("it executes", || pools(&world)[1].in_flight == 1).await;
    end.add_permits(3);
    for call in calls.into_iter().chain([third]) {
        call.await.unwrap().unwrap();
    }
    assert_eq!(ids(&world), ["default.f.1.one.2"]);
}

#[tokio::test(start_paused = true)]
async fn a_drained_pool_is_followed_by_one_like_it() {
    let (world, end) = world().await;
    let under_way = call(&world);
    until("it executes", || {
        pools(&world).iter().any(|pool| pool.in_flight == 1)
    })
    .await;
    let id: PoolId = ids(&world)[0].parse().unwrap();
    let by = world.engine.drain_pool(&id).await.unwrap().by.unwrap();
    assert_eq!(by.to_string(), "default.f.1.one.2");
    assert_eq!(
        world.engine.drain_pool(&id).await.unwrap().by,
        None,
        "it drains already"
    );
    end.add_permits(1);
    under_way.await.unwrap().unwrap();
    assert!(matches!(
        world.engine.drain_pool(&id).await,
        Err(Error::NoPool(_))
    ));
    assert!(matches!(world.engine.pool(&id).await, Err(Error::NoPool(_))));
    assert!(!world.engine.pool(&by).await.unwrap().draining);
}

#[tokio::test(start_paused = true)]
async fn profiles_that_are_needed_stay() {
    let (world, _) = world().await;
    let in_use = world.engine.delete_profile("one").await.unwrap_err();
    assert!(matches!(in_use, Error::ProfileInUse { by } if by == ["default/f@1"]));
    let unknown = world.engine.delete_profile("two").await.unwrap_err();
    assert!(matches!(unknown, Error::NoProfile { .. }), "{unknown}");
    let level = world
        .engine
        .put_profile("one", "level = \"process\"".to_owned())
        .await
        .unwrap_err();
    assert!(matches!(level, Error::LevelUnavailable { .. }), "{level}");
    let wrong = world
        .engine
        .put_profile("one", "reuse = 0".to_owned())
        .await
        .unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "one.toml:1:9: `reuse` is 0: 1 to 4294967295 is allowed"
    );
    assert_eq!(world.engine.profile_view("one").unwrap().text, "concurrency = 1");
    world
        .engine
        .put_profile("two", "reuse = 3".to_owned())
        .await
        .unwrap();
    assert_eq!(world.engine.delete_profile("two").await.unwrap().removed, ["two"]);
}

/// A version that was granted nothing can be repeated, until its instances keep what calls leave behind.
#[tokio::test(start_paused = true)]
async fn the_class_of_a_version_follows_its_profile() {
    let (world, _) = world().await;
    let effect_free = || {
        let callee = world.engine.callee("default", "f", None).unwrap();
        (callee.effect_free(), callee.record().effect_free)
    };
    assert_eq!(effect_free(), (true, true));
    world
        .engine
        .put_profile("one", "reuse = 9".to_owned())
        .await
        .unwrap();
    assert_eq!(effect_free(), (false, false));
    world.engine.put_profile("one", String::new()).await.unwrap();
    assert_eq!(effect_free(), (true, true));
}
