//! Deliveries over a world in memory, in which time stands still where a test wants it to.
#![allow(clippy::unwrap_used)]

mod world;

use bytes::Bytes;
use weft_types::RunId;
use weft_webhooks::port::{SendError, Untold};
use weft_webhooks::{Config, Error, State};

use world::{World, run, settled};

#[tokio::test(start_paused = true)]
async fn the_run_is_posted_once_it_has_ended() {
    let world = World::new().await;
    world.deliver(run(1)).await;
    tokio::task::yield_now().await;
    assert!(world.sent().is_empty(), "it has not ended");
    world.end(run(1), "{\"status\":\"succeeded\"}");
    let delivery = settled(&world, run(1)).await;
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.status),
        (State::Delivered, 1, Some(200))
    );
    let sent = world.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].url, "https://hooks.example.com/weft");
    assert_eq!(sent[0].body, Bytes::from_static(b"{\"status\":\"succeeded\"}"));
    assert!(sent[0].key.contains(&run(1).to_string()), "{}", sent[0].key);
}

#[tokio::test(start_paused = true)]
async fn it_is_posted_again_under_the_same_key_until_it_is_taken() {
    let world = World::new().await;
    world.answer([
        Ok(500),
        Err(SendError::Failed("refused".into())),
        Ok(302),
        Ok(204),
    ]);
    world.end(run(1), "{}");
    world.deliver(run(1)).await;
    let delivery = settled(&world, run(1)).await;
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.error),
        (State::Delivered, 4, None)
    );
    let keys: Vec<_> = world.sent().into_iter().map(|sent| sent.key).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn attempts_come_to_an_end() {
    let world = World::with(Config {
        attempts: 3,
        ..world::config()
    })
    .await;
    world.answer([Ok(500), Ok(500), Ok(503), Ok(200)]);
    world.end(run(1), "{}");
    world.deliver(run(1)).await;
    let delivery = settled(&world, run(1)).await;
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.status),
        (State::Failed, 3, Some(503))
    );
    assert_eq!(world.sent().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_answers_counts_as_one_that_failed() {
    let world = World::with(Config {
        attempts: 1,
        ..world::config()
    })
    .await;
    world.answer([world::never()]);
    world.end(run(1), "{}");
    world.deliver(run(1)).await;
    let delivery = settled(&world, run(1)).await;
    assert_eq!(delivery.state, State::Failed);
    assert!(delivery.error.unwrap().contains("10s"));
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_delivered_is_after_a_restart() {
    let world = World::new().await;
    world.deliver(run(1)).await;
    world.deliver(run(2)).await;
    world.end(run(2), "{}");
    settled(&world, run(2)).await;
    let world = world.restart(world::config()).await;
    world.end(run(1), "{\"run\":1}");
    assert_eq!(settled(&world, run(1)).await.state, State::Delivered);
    let sent: Vec<_> = world.sent().into_iter().map(|sent| sent.body).collect();
    assert_eq!(
        sent,
        [Bytes::from_static(b"{\"run\":1}")],
        "the other was delivered before"
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_over_a_restart() {
    let config = || Config {
        attempts: 2,
        ..world::config()
    };
    let world = World::with(config()).await;
    world.answer([Ok(500)]);
    world.end(run(1), "{}");
    world.deliver(run(1)).await;
    world.until(|world| world.sent().len() == 1).await;
    world
        .until_written(run(1), |delivery| delivery.attempts == 1)
        .await;
    let world = world.restart(config()).await;
    world.answer([Ok(500)]);
    world.end(run(1), "{}");
    let delivery = settled(&world, run(1)).await;
    assert_eq!((delivery.state, delivery.attempts), (State::Failed, 2));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_where_it_is_no_longer_allowed() {
    let world = World::new().await;
    world.deliver(run(1)).await;
    let world = world.restart(Config::default()).await;
    world.end(run(1), "{}");
    let delivery = settled(&world, run(1)).await;
    assert_eq!(delivery.state, State::Failed);
    assert!(delivery.error.unwrap().contains("`webhook-hosts`"));
    assert!(world.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_record_is_gone_is_given_up() {
    let world = World::new().await;
    world.lose(run(1), Untold::Gone);
    world.deliver(run(1)).await;
    assert_eq!(settled(&world, run(1)).await.state, State::Failed);
    assert!(world.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_now_is_told_later() {
    let world = World::new().await;
    world.lose(run(1), Untold::Unknown("the records failed".into()));
    world.deliver(run(1)).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert!(world.sent().is_empty());
    world.end(run(1), "{}");
    assert_eq!(settled(&world, run(1)).await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn so_many_are_sent_at_once() {
    let world = World::with(Config {
        at_once: 3,
        ..world::config()
    })
    .await;
    world.answer((0..10).map(|_| world::slow()));
    for number in 0..10 {
        world.end(run(number), "{}");
        world.deliver(run(number)).await;
    }
    for number in 0..10 {
        settled(&world, run(number)).await;
    }
    assert_eq!(world.most_at_once(), 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_wait_than_may() {
    let world = World::with(Config {
        pending: 2,
        ..world::config()
    })
    .await;
    world.deliver(run(1)).await;
    world.deliver(run(2)).await;
    let refused = world.webhooks.reserve("https://hooks.example.com/").unwrap_err();
    assert!(matches!(refused, Error::TooMany(2)), "{refused}");
    world.end(run(1), "{}");
    settled(&world, run(1)).await;
    world
        .until(|world| world.webhooks.reserve("https://hooks.example.com/").is_ok())
        .await;
    // Those whose runs are just being started count, too.
    let starting = world.webhooks.reserve("https://hooks.example.com/").unwrap();
    let refused = world.webhooks.reserve("https://hooks.example.com/").unwrap_err();
    assert!(matches!(refused, Error::TooMany(2)), "{refused}");
    drop(starting);
    world.webhooks.reserve("https://hooks.example.com/").unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_has_one_delivery() {
    let world = World::new().await;
    world.end(run(1), "{}");
    world.deliver(run(1)).await;
    settled(&world, run(1)).await;
    world.deliver(run(1)).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(world.sent().len(), 1);
    assert_eq!(
        world
            .webhooks
            .of(&world::project(), RunId::at(jiff::Timestamp::UNIX_EPOCH, [0; 10]))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn what_became_of_deliveries_is_forgotten_some_time() {
    let world = World::new().await;
    // Accepted in 1970.
    world.end(run(1), "{}");
    world.deliver(run(1)).await;
    settled(&world, run(1)).await;
    let now = RunId::at(jiff::Timestamp::now(), [1; 10]);
    world.end(now, "{}");
    world.deliver(now).await;
    settled(&world, now).await;
    tokio::time::sleep(std::time::Duration::from_secs(2 * 3600)).await;
    assert_eq!(world.webhooks.of(&world::project(), run(1)).await.unwrap(), None);
    assert!(world.webhooks.of(&world::project(), now).await.unwrap().is_some());
}
